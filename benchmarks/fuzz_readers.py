"""Damaged inputs through every reader: each ends in examples, rejected rows or a clear error.

    python benchmarks/fuzz_readers.py [--inputs 100000] [--seed 0] [--json FILE]

Each input is a small corpus of one format, damaged in one to three ways (cut off, spliced, encoded
anew, nested deeply, with huge numbers, NUL, byte order marks, CRLF, XML entities, ...), and goes through
every reader and through detection. A traceback, an input that takes more than a few seconds, or memory
beyond the limit is a failure; the input is kept and its number printed, so that it can be made again.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

SECONDS = 5
MEMORY = 3 << 30
"""Bytes of address space."""

Mutation = Callable[[bytes, random.Random, list[bytes]], bytes]


def cut(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def cut_front(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    return data[rng.randrange(len(data) + 1) :]


def splice(data: bytes, rng: random.Random, others: list[bytes]) -> bytes:
    other = rng.choice(others)
    start = rng.randrange(len(other) + 1)
    piece = other[start : start + rng.randrange(1, 400)]
    place = rng.randrange(len(data) + 1)
    return data[:place] + piece + data[place + rng.choice((0, len(piece))) :]


def encode_anew(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252", "utf-7")), "replace")


def nest(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    opening = rng.choice((b"[", b'{"a":', b"<a>", b"<passage>", b'{"reference":', b"("))
    place = rng.choice((0, rng.randrange(len(data) + 1)))
    return data[:place] + opening * rng.choice((10, 500, 100_000)) + data[place:]


def huge_number(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    digits = [n for n, byte in enumerate(data) if 48 <= byte <= 57]
    if not digits:
        return data
    place = rng.choice(digits)
    number = rng.choice(
        (b"9" * 30, b"9" * 5000, b"-1", b"1e999", b"NaN", b"Infinity", b"0x1F", b"1.5", b"\xd9\xa3")
    )
    return data[:place] + number + data[place + 1 :]


def insert(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    odd = (
        b"\0",
        b"\xef\xbb\xbf",
        b"\r",
        b"\n",
        b"\t",
        b"|",
        b'"',
        b"\\",
        b"\xff",
        b"\xed\xa0\x80",
        b"\\ud800",
        b"<",
        b"&",
    )
    odd += ("\u2028".encode(), "\x85".encode(), b"\x1a", b"\x0c", b"]", b"}", b"T1\t", b"* ", b"#")
    for _ in range(rng.choice((1, 1, 5))):
        place = rng.randrange(len(data) + 1)
        data = data[:place] + rng.choice(odd) + data[place:]
    return data


def other_line_ends(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    return data.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b" \n", b"\t\n")))


def swap_lines(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    lines = data.split(b"\n")
    first, second = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\n".join(lines)


def repeat_line(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    lines = data.split(b"\n")
    place = rng.randrange(len(lines))
    return b"\n".join(lines[:place] + [lines[place]] * rng.choice((2, 50)) + lines[place:])


def drop_line(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    lines = data.split(b"\n")
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def flip(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 3, 20))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def entities(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    bomb = b'<!ENTITY a "ha"><!ENTITY b "' + b"&a;" * 100 + b'"><!ENTITY c "' + b"&b;" * 100 + b'">'
    outside = b'<!ENTITY c SYSTEM "file:///etc/passwd">'
    inside = b"<!DOCTYPE collection [" + rng.choice((bomb, outside)) + b"]>"
    head = b"<?xml version='1.0'?>" + inside
    body = data[data.find(b"?>") + 2 :] if data.startswith(b"<?xml") else data
    body = body.partition(b"BioC.dtd'>")[2] or body
    return head + body.replace(b"</text>", b"&c;</text>", 3)


def pack(data: bytes, rng: random.Random, _: list[bytes]) -> bytes:
    packed = gzip.compress(data, mtime=0)
    return packed[: rng.randrange(len(packed) + 1)] if rng.random() < 0.7 else packed


MUTATIONS: tuple[Mutation, ...] = (
    cut,
    cut_front,
    splice,
    encode_anew,
    nest,
    huge_number,
    insert,
    other_line_ends,
    swap_lines,
    repeat_line,
    drop_line,
    flip,
    entities,
    pack,
)


def seeds(folder: Path) -> dict[str, list[Path]]:
    """Of each format small corpora of every kind of annotation that it can hold, as files or folders."""
    from medspan.core import Annotation, Concept, Document, Example, Mention, Relation, UnalignedMention
    from medspan.read import formats, write
    from medspan.synth import generate

    text = "Aspirin (ASA) and β-blockers caused renal and hepatic failure.\nNo fever."
    drug, failure = Mention.at(text, 0, 7, "Drug", concepts=("D1",)), Mention.at(text, 36, 61, "Disease")
    parted = Mention(((36, 41), (54, 61)), "Disease", "renal failure", ("D2", "D3"))
    annotation = Annotation(
        (drug, failure, parted, Mention.at(text, 9, 12, "Drug")),
        (UnalignedMention("Disease", "rash", "not-in-text"),),
        (Relation(drug, failure, "causes"), Relation(Concept("D1"), Concept("D2"), "CID")),
    )
    examples = [Example(Document("7", text, "7"), annotation), *generate(3, seed=3, variety=0.5)]
    found: dict[str, list[Path]] = {}
    for name, format_ in formats().items():
        path = folder / f"seed-{name}{format_.suffix}"
        write(path, examples, name)
        found[name] = sorted(path.iterdir()) if path.is_dir() else [path]
    return found


def damaged(number: int, seed: int, contents: list[bytes]) -> tuple[int, bytes]:
    """Input `number`: the place of its seed in `contents`, and its bytes."""
    rng = random.Random(seed * 1_000_003 + number)
    place = rng.randrange(len(contents))
    data = contents[place]
    for _ in range(rng.choice((1, 1, 2, 3))):
        data = rng.choice(MUTATIONS)(data, rng, contents)[: 2 << 20]
    return place, data


def outcome(path: Path, format_: str) -> str:
    """How reading ends: examples, rejected or error. Anything else is raised."""
    from medspan.core import InputError
    from medspan.read import Stream

    rejected: list[Any] = []
    try:
        examples = sum(1 for _ in Stream(path, format=format_, on_error="skip", heard=rejected.append))
    except InputError:
        return "error"
    return "examples" if examples and not rejected else "some rejected"


def readers() -> Iterator[tuple[str, bool]]:
    """Every reader, detection too, and whether it reads folders."""
    from medspan.read import formats

    yield "auto", False
    for name, format_ in formats().items():
        yield name, format_.in_folder


def run(inputs: int, seed: int, folder: Path, first: int = 0) -> tuple[Counter[str], list[str]]:
    """Counts of outcomes by reader, and the failures."""
    counts: Counter[str] = Counter()
    failures: list[str] = []
    files = [(name, path) for name, paths in seeds(folder / "seeds").items() for path in paths]
    contents = [path.read_bytes() for _, path in files]

    def too_long(*_: Any) -> None:
        raise TimeoutError(f"more than {SECONDS} s")

    signal.signal(signal.SIGALRM, too_long)
    known = list(readers())
    for number in range(first, first + inputs):
        place, data = damaged(number, seed, contents)
        source = files[place][1]
        target = folder / "input"
        target.write_bytes(data)
        within = folder / "folder"
        shutil.rmtree(within, ignore_errors=True)
        within.mkdir()
        for sibling in source.parent.iterdir() if source.parent.name.startswith("seed-") else ():
            shutil.copy(sibling, within)
        (within / (source.name if source.parent.name.startswith("seed-") else "1.ann")).write_bytes(data)
        for name, in_folder in known:
            signal.alarm(SECONDS)
            try:
                counts[f"{name}: {outcome(within if in_folder else target, name)}"] += 1
            except BaseException as error:
                if isinstance(error, KeyboardInterrupt):
                    raise
                where = traceback.extract_tb(error.__traceback__)[-1]
                failures.append(
                    f"input {number} (seed {seed}, {source.name}) through {name}: "
                    f"{type(error).__name__}: {str(error)[:200]} at {where.filename}:{where.lineno}"
                )
            finally:
                signal.alarm(0)
    return counts, failures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--inputs", type=int, default=100_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first input")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="medspan-fuzz-") as folder:
        counts, failures = run(options.inputs, options.seed, Path(folder), options.first)
    result = {
        "benchmark": "fuzz_readers",
        "inputs": options.inputs,
        "readings": sum(counts.values()) + len(failures),
        "failures": len(failures),
        "seconds": round(time.perf_counter() - start, 1),
        "most_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
        "outcomes": dict(sorted(counts.items())),
    }
    for failure in failures[:50]:
        print(failure, file=sys.stderr)
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
