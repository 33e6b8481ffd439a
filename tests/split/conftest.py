"""Rows with planted texts, groups and strings."""

from __future__ import annotations

from medspan.core import Annotation, Document, Example, Mention, Place


def row(
    id: str,
    text: str,
    *strings: str,
    group: str | None = None,
    task: str | None = None,
    file: str | None = None,
    split: str | None = None,
) -> Example:
    """A row whose reference lists these strings as drugs, each at its first place."""
    mentions = tuple(
        Mention.at(text, text.index(string), text.index(string) + len(string), "Drug") for string in strings
    )
    place = Place(file, 1) if file else None
    return Example(Document(id, text, group, task), Annotation(mentions), split=split, place=place)


def words(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last))


def distinct(count: int, first: int = 0) -> list[Example]:
    """Rows that have nothing to do with each other."""
    return [row(f"r{n}", words(100 * n, 100 * n + 20)) for n in range(first, first + count)]
