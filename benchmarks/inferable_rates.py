"""How often `labels-not-inferable` is right, by simulation: a table by number of labels.

    python benchmarks/inferable_rates.py [--corpora DIR] [--labels 100 300 1000 3000] [--runs 30 20 10 4]
                                         [--data "demo notes" "clinic notes" BC5CDR BioRED]

Documents are drawn at random until they hold so many labels, from the demo's notes and clinic notes
(generated anew for each run) and, with --corpora (or MEDSPAN_CORPORA), from the official parts of BC5CDR
and BioRED taken together. Their labels are left as they are, or half or all of them are replaced by random
pairs of legal types, or (notes) all those of one relation type. `--runs` of each, the same at every call.

Rates are of runs: error / warning / cannot tell (info) / quiet. "Holds .5": of the runs that told a share
of random labels at half noise, those whose interval holds it, and those whose upper limit is not below it;
then both for all runs, told or not. "Only it": of the runs in which one relation type alone is random,
those that name this type and no other.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path

from medspan.audit import Data
from medspan.audit.checks.labels_not_inferable import LabelsNotInferable
from medspan.audit.inferable import inferability
from medspan.audit.legal_pairs import paired_documents
from medspan.core import Example, Severity
from medspan.read import load_splits
from medspan.read.endpoints import AtLevel
from medspan.synth import compose, generate

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.audit.random_pairs import with_random_labels

NOTES = {"demo notes": "treats", "clinic notes": "treats"}
"""Generated data, and the relation type that is made random alone."""
CORPORA = {"BC5CDR": "bc5cdr", "BioRED": "biored"}
VERDICTS = ("error", "warning", "info", None)
NOISE = 0.5


@dataclass(frozen=True)
class Run:
    """What was found once; `named` are the relation types that an error names."""

    verdict: Severity | None
    named: frozenset[str]
    labels: int
    told: bool
    low: float
    high: float

    def holds(self) -> bool:
        return self.low <= NOISE <= self.high


@cache
def parts_of(folder: Path) -> list[Example]:
    return [example for corpus in load_splits(folder, format="pubtator").values() for example in corpus]


def drawn(name: str, labels: int, seed: int, corpora: Path | None) -> list[Example] | None:
    """Documents that hold `labels` relation labels; None where there are fewer in all."""
    if name == "demo notes":
        pool = generate(labels, seed=seed)
    elif name == "clinic notes":
        pool = list(AtLevel(compose(labels, seed=seed), "concept"))
    else:
        assert corpora is not None
        parts = parts_of(corpora / CORPORA[name])
        pool = random.Random(seed).sample(parts, len(parts))
    taken: list[Example] = []
    size = 0
    for example in pool:
        taken.append(example)
        size += len(set(example.reference.relations)) if example.reference else 0
        if size >= labels:
            return taken
    return None


def judged(examples: Iterable[Example]) -> Run:
    documents = paired_documents(Data.of({"train": examples}))
    found = inferability(documents)
    findings = list(LabelsNotInferable().judged(documents, found))
    assert found is not None
    named = {name for name in found.by_relation for one in findings if name in _named(one.message)}
    share = found.together.random_share
    labels = found.together.labels
    verdict = findings[0].severity if findings else None
    told = any("of them are random" in one.message or "labels are random" in one.message for one in findings)
    return Run(verdict, frozenset(named), labels, told, share.low, share.high)


def _named(message: str) -> list[str]:
    head, cannot, _ = message.partition(") cannot be inferred")
    return head.partition("(")[2].split(", ") if cannot else []


def verdicts(runs: Sequence[Run]) -> str:
    counts = Counter(run.verdict for run in runs)
    return " / ".join(str(counts[one]) for one in VERDICTS)


def coverage(runs: Sequence[Run]) -> str:
    told = [run for run in runs if run.told]
    return "; ".join(
        f"{sum(run.holds() for run in some)}, {sum(run.high >= NOISE for run in some)} of {len(some)}"
        for some in (told, runs)
    )


def rows(
    names: Iterable[str], sizes: Sequence[int], times: Sequence[int], corpora: Path | None
) -> Iterator[list[str]]:
    for name in names:
        for size, runs in zip(sizes, times, strict=True):
            healthy, half, all_, one = [], [], [], []
            for seed in range(runs):
                examples = drawn(name, size, seed, corpora)
                if examples is None:
                    break
                healthy.append(judged(examples))
                half.append(judged(with_random_labels(examples, NOISE, seed=seed)))
                all_.append(judged(with_random_labels(examples, seed=seed)))
                if name in NOTES:
                    one.append(judged(with_random_labels(examples, seed=seed, relations={NOTES[name]})))
            if healthy:
                labels = statistics.median(run.labels for run in healthy)
                only = f"{sum(run.named == {NOTES[name]} for run in one)} of {len(one)}" if one else ""
                cells = [name, f"{labels:.0f}", str(len(healthy)), verdicts(healthy), verdicts(all_)]
                yield [*cells, verdicts(half), coverage(half), only]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    stated = os.environ.get("MEDSPAN_CORPORA")
    parser.add_argument("--corpora", type=Path, default=Path(stated) if stated else None)
    parser.add_argument("--data", nargs="+", choices=[*NOTES, *CORPORA])
    parser.add_argument("--labels", type=int, nargs="+", default=[100, 300, 1000, 3000])
    parser.add_argument("--runs", type=int, nargs="+", default=[30, 20, 10, 4])
    asked = parser.parse_args()
    start, clock = time.perf_counter(), time.process_time()
    title = ["data", "labels", "runs", "untouched", "all random", "half random", "holds .5", "only it"]
    names = asked.data or [*NOTES, *(CORPORA if asked.corpora else ())]
    table = rows(names, asked.labels, asked.runs, asked.corpora)
    for cells in chain((title, ["---"] * len(title)), table):
        print(f"| {' | '.join(cells)} |", flush=True)
    print(f"\n{time.perf_counter() - start:.0f} s, {time.process_time() - clock:.0f} s of the processor")


if __name__ == "__main__":
    main()
