"""Leak and duplicate checks on up to a million abstract-sized texts, with what is planted in them.

    python benchmarks/audit_scale.py [--sizes 10000 100000 1000000] [--peer-sizes 10000 100000] [--json FILE]

For each size `planted_texts.py` writes train, validation and test files in the format `medspan`. A process
of its own reads them and runs the checks; its peak memory is the system's figure. Every near-duplicate that
is reported is compared again by the real sets of its five-word runs. The peer is a plain pipeline of
datasketch (MinHash, 128 permutations, LSH at the same threshold) on the same texts in the same run: train
is indexed, validation and test ask. Texts carry no annotations; generating them is not counted.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from planted_texts import planted_copies, write

from medspan.text.similarity import NEAR_DUPLICATE_THRESHOLD, jaccard, shingles

CHECKS = (
    "document-leak",
    "identical-row-leak",
    "near-duplicate-leak",
    "duplicate-example",
    "conflicting-labels",
)
BANDS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.5, 0.0)
PERMUTATIONS = 128
GROWING = ("seconds_checks", "seconds_from_file", "cpu_checks", "cpu_from_file")
Found = dict[str, float]
"""Rows that are reported, and the real similarity of the pair."""


class Clock:
    """Seconds by step, in the order of the steps, and of the processor, which other jobs do not change."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.cpu: dict[str, float] = {}

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        start, cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - cpu

    def figures(self) -> dict[str, Any]:
        """The checks alone are all steps but reading."""
        whole, cpu = sum(self.seconds.values()), sum(self.cpu.values())
        return {
            "seconds": {name: round(value, 2) for name, value in self.seconds.items()},
            "cpu": {name: round(value, 2) for name, value in self.cpu.items()},
            "seconds_checks": round(whole - self.seconds["read"], 2),
            "seconds_from_file": round(whole, 2),
            "cpu_checks": round(cpu - self.cpu["read"], 2),
            "cpu_from_file": round(cpu, 2),
        }


def peak_gib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def audited(folder: Path) -> dict[str, Any]:
    """From the files to the findings, and how good they are."""
    from medspan.audit import Data, all_checks
    from medspan.read import load_splits

    clock = Clock()
    with clock.step("read"):
        data = Data.of(load_splits(folder))
    with clock.step("text keys"):
        for row in data.rows:
            _ = row.text_key
    with clock.step("near-duplicates"):
        _ = data.near_rows
    findings = []
    for name in CHECKS:
        with clock.step(name):
            findings += all_checks()[name].run(data)
    peak = peak_gib()
    ids = {row.place: row.example.id for row in data.rows}
    found: Found = {}
    for finding in findings:
        if finding.check in ("document-leak", "near-duplicate-leak"):
            for case in finding.cases:
                similarity = jaccard(shingles(case.text), shingles(case.other_text))
                # A row that leaks into two splits counts with the less similar pair.
                name = ids[case.place]
                found[name] = min(found.get(name, 1.0), similarity)
    counts = {f"{one.check} {one.split} {one.against or ''}".strip(): one.count for one in findings}
    return {
        **clock.figures(),
        "peak_gib": round(peak, 2),
        "findings": counts,
        **quality(folder, found),
    }


def peer(folder: Path) -> dict[str, Any]:
    """The same question answered by datasketch: candidates of its index, and those verified."""
    from datasketch import MinHash, MinHashLSH

    clock = Clock()
    texts: dict[str, dict[str, str]] = {}
    with clock.step("read"):
        for split in ("train", "validation", "test"):
            with (folder / f"{split}.jsonl").open(encoding="utf-8") as file:
                texts[split] = {row["id"]: row["text"] for row in map(json.loads, file)}

    def sketch(text: str) -> Any:
        made = MinHash(num_perm=PERMUTATIONS)
        made.update_batch([" ".join(shingle).encode() for shingle in shingles(text)])
        return made

    index = MinHashLSH(threshold=NEAR_DUPLICATE_THRESHOLD, num_perm=PERMUTATIONS)
    for name, text in texts["train"].items():
        with clock.step("sketch"):
            made = sketch(text)
        with clock.step("index"):
            index.insert(name, made)
    candidates: dict[str, list[str]] = {}
    for split in ("validation", "test"):
        for name, text in texts[split].items():
            with clock.step("sketch"):
                made = sketch(text)
            with clock.step("ask"):
                candidates[name] = index.query(made)
    peak = peak_gib()
    everything = {name: text for split in texts.values() for name, text in split.items()}
    found: Found = {}
    with clock.step("verify"):
        for name, others in candidates.items():
            own = shingles(everything[name]) if others else frozenset()
            best = max((jaccard(own, shingles(everything[other])) for other in others), default=0.0)
            if others:
                found[name] = best
    verified = {name: hit for name, hit in found.items() if hit >= NEAR_DUPLICATE_THRESHOLD}
    return {
        **clock.figures(),
        "peak_gib": round(peak, 2),
        "candidates": quality(folder, found),
        **quality(folder, verified),
    }


def quality(folder: Path, found: Found) -> dict[str, Any]:
    """Recall by similarity of what was planted, and how many reports are too dissimilar."""
    planted = planted_copies(folder)
    recall = {}
    for low, high in zip(BANDS, (2.0, *BANDS[:-1]), strict=True):
        here = [copy for copy in planted if low <= copy.similarity < high]
        if here:
            hits = sum(copy.id in found for copy in here)
            recall["equal" if low == 1 else f"{low:g} to {high:g}"] = {"planted": len(here), "found": hits}
    missed = [copy for copy in planted if copy.similarity >= 0.85 and copy.id not in found]
    return {
        "recall": recall,
        "missed_from_0.85": len(missed),
        "reported": len(found),
        "reported_not_planted": len(found.keys() - {copy.id for copy in planted}),
        "reported_below_0.8": sum(similarity < 0.8 for similarity in found.values()),
        "reported_below_0.75": sum(similarity < 0.75 for similarity in found.values()),
    }


def exponent(rows: list[dict[str, Any]], figure: str) -> float | None:
    """How the seconds grow with the number of texts, from the smallest size to the largest."""
    if len(rows) < 2:
        return None
    first, last = rows[0], rows[-1]
    return round(math.log(last[figure] / first[figure]) / math.log(last["texts"] / first["texts"]), 3)


def in_own_process(step: str, folder: Path, size: int) -> dict[str, Any]:
    """What a step says; it runs alone, so that its peak memory is its own."""
    command = [sys.executable, __file__, "--step", step, "--folder", str(folder), "--sizes", str(size)]
    before = os.getloadavg()[0]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    answer: dict[str, Any] = json.loads(done.stdout)
    return {"texts": size, "load_before": round(before, 2), **answer}


def has_peer() -> bool:
    from importlib.util import find_spec

    return find_spec("datasketch") is not None


def tell(name: str, row: dict[str, Any]) -> None:
    steps = ", ".join(f"{step} {seconds:.1f}" for step, seconds in row["seconds"].items())
    recall = ", ".join(f"{band}: {one['found']}/{one['planted']}" for band, one in row["recall"].items())
    print(f"{name}, {row['texts']:,} texts: {row['seconds_checks']:.1f} s the checks alone", end="")
    print(f" (processor {row['cpu_checks']:.1f}), {row['seconds_from_file']:.1f} s from the files", end="")
    print(f" ({row['cpu_from_file']:.1f}); peak {row['peak_gib']:.2f} GiB; load before {row['load_before']}")
    print(f"  {steps}")
    print(f"  found by similarity {recall}; reported below 0.75: {row['reported_below_0.75']}", flush=True)


def run_step(step: str, folder: Path, size: int) -> dict[str, Any]:
    if step == "write":
        write(folder, size)
        return {}
    return audited(folder) if step == "audit" else peer(folder)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--peer-sizes", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument(
        "--folder", type=Path, help="where the texts are written; default: a temporary folder"
    )
    parser.add_argument("--json", type=Path)
    parser.add_argument("--step", choices=["write", "audit", "peer"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        print(json.dumps(run_step(options.step, options.folder, options.sizes[0])))
        return
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    if options.peer_sizes and not has_peer():
        print("datasketch is not installed (pip install -c constraints.txt -e .[bench]): no peer")
    for size in sorted(options.sizes):
        with tempfile.TemporaryDirectory(prefix="medspan-audit-", dir=options.folder) as name:
            folder = Path(name)
            in_own_process("write", folder, size)
            ours.append(in_own_process("audit", folder, size))
            tell("medspan", ours[-1])
            if size in options.peer_sizes and has_peer():
                theirs.append(in_own_process("peer", folder, size))
                tell("datasketch", theirs[-1])
    grown = {figure: exponent(ours, figure) for figure in GROWING}
    print(f"exponent from {ours[0]['texts']:,} to {ours[-1]['texts']:,} texts: {grown}")
    result = {
        "benchmark": "audit_scale",
        "cores": os.cpu_count(),
        "exponent": grown,
        "medspan": ours,
        "peer": theirs,
    }
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
