"""Memory and speed of `medspan convert` on large files: peak memory must not grow with the file.

    python benchmarks/convert_memory.py [--megabytes 200 2000] [--json FILE]

For each size a JSONL file (`medspan`) and a PubTator file are generated and converted into each other's
format, each in a process of its own whose peak memory is read from the system.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SENTENCE = "Aspirin caused fever in {n} of the patients, and lithium carbonate none that we know of. "


def generated(path: Path, megabytes: int) -> int:
    """Write documents of about 2 KB until the file is as large as asked; how many there are."""
    from medspan.core import Annotation, Concept, Document, Example, Mention, Relation
    from medspan.read.base import format_named
    from medspan.read.losses import Losses

    name = "medspan" if path.suffix == ".jsonl" else "pubtator"
    text = "On aspirin\n" + "".join(SENTENCE.format(n=n) for n in range(20))
    places = [at for at in range(len(text)) if text.startswith("Aspirin", at)]
    mentions = tuple(Mention.at(text, at, at + 7, "Chemical", concepts=("D001241",)) for at in places)
    annotation = Annotation(mentions, relations=(Relation(Concept("D001241"), Concept("D005334"), "CID"),))
    count = size = 0
    with path.open("w", encoding="utf-8") as file:
        while size < megabytes * 1_000_000:
            example = Example(Document(str(10_000_000 + count), text, str(10_000_000 + count)), annotation)
            for piece in format_named(name).render([example], Losses(), path.suffix):
                size += file.write(piece)
            count += 1
    return count


def converted(source: Path, target: Path, to: str) -> dict[str, Any]:
    """Seconds and peak memory of one conversion."""
    command = [sys.executable, "-m", "medspan", "convert", str(source), str(target), "--to", to, "--quiet"]
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    if status:
        sys.exit(f"convert failed on {source}")
    return {
        "seconds": round(seconds, 1),
        "megabytes_per_second": round(source.stat().st_size / 1e6 / seconds, 1),
        "peak_mib": usage.ru_maxrss >> 10,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megabytes", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory(prefix="medspan-convert-") as folder:
        for megabytes in options.megabytes:
            for suffix, to in ((".jsonl", "pubtator"), (".txt", "medspan")):
                source, target = Path(folder) / f"in{suffix}", Path(folder) / "out"
                documents = generated(source, megabytes)
                row = {"from": source.suffix, "to": to, "megabytes": megabytes, "documents": documents}
                rows.append({**row, **converted(source, target, to)})
                source.unlink()
                target.unlink()
    result = {"benchmark": "convert_memory", "conversions": rows}
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
