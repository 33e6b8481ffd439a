"""Rows that list strings, corpora read once, and what must not change a figure."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from medspan.audit import Data
from medspan.core import Document, Example, Place
from medspan.format.sections import SectionsCodec
from medspan.format.tasks import TasksCodec
from medspan.read import load_splits

from .conftest import found

Figures = dict[str | None, tuple[int, int]]
PLACE = Place("rows.jsonl", 1)


def sections(
    identity: str,
    text: str,
    *entities: tuple[str, str],
    relations: Sequence[tuple[str, str, str]] = (),
    **metadata: str,
) -> Example:
    """A row of the format `sections` that lists (type, string) and (head, type, tail)."""
    lines = ["### Entities:", *(f"1. [{type_}] {string}" for type_, string in entities)]
    lines += ["### Relations:", *(f"1. {head} --[{type_}]--> {tail}" for head, type_, tail in relations)]
    output = "\n".join(lines)
    document = Document(identity, text, metadata={"instruction": "Extract.", "output": output, **metadata})
    return Example(document, SectionsCodec().parse(document, output), source="sections")


def asked(identity: str, task: str, text: str, *lines: str) -> Example:
    """A row of the format `tasks` with these lines of its list."""
    completion = "\n".join(f"- {line}" for line in lines)
    document = Document(identity, text, task=task, metadata={"completion": completion})
    return Example(document, TasksCodec().parse(document, completion), source="tasks")


def figures(check: str, data: Data) -> Figures:
    """Count and `of` by split; each finding has its cases, and no split has two."""
    findings = found(check, data)
    for finding in findings:
        assert 0 < finding.count <= finding.of
        assert finding.remedy
        assert finding.cases
    by_split = {finding.split: (finding.count, finding.of) for finding in findings}
    assert len(by_split) == len(findings)
    return by_split


@lru_cache(maxsize=20)
def corpus(path: Path, format: str = "auto") -> Data:
    """The data in a folder or file, read once for all tests."""
    return Data.of(load_splits(path, format=format))


def rebuilt(data: Data, change: Callable[[Example], Example], seed: int | None = None) -> Data:
    """The same data with every row changed, and the rows of each split in another order."""
    parts = {}
    for part in data.parts:
        rows = [change(row.example) for row in part.rows]
        if seed is not None:
            random.Random(seed).shuffle(rows)
        parts[part.name] = rows
    return Data.of(parts)


def renamed(example: Example) -> Example:
    """The same row from a file of another name."""
    row = example.place.row if example.place else 1
    return replace(example, place=Place("another/name.json", row))


def recased(example: Example) -> Example:
    """The row's strings over a text of capitals."""
    document = replace(example.document, text=example.document.text.upper())
    written = document.metadata
    if "output" in written:
        reference = SectionsCodec().parse(document, written["output"])
    else:
        reference = TasksCodec().parse(document, written["completion"])
    return replace(example, document=document, reference=reference)
