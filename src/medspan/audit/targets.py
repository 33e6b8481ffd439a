"""What rows say, in a form that can be compared: whatever order and letter case they say it in."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator

from medspan.audit.data import Row, string_of
from medspan.core import Annotation, Concept, Endpoint, Mention
from medspan.text import bare_id, fold

Said = tuple[frozenset[Hashable], frozenset[Hashable]]
Strings = set[tuple[str, str]]


def said(annotation: Annotation) -> Said:
    """The mentions and relations as sets: by place where each mention stands for one, else by string."""
    by_place = annotation.scope == "mention"

    def key(end: Endpoint) -> Hashable:
        if isinstance(end, Concept):
            return bare_id(end.id)
        if by_place and isinstance(end, Mention):
            return (end.type, end.segments)
        return (end.type, fold(string_of(end)))

    items: tuple[Endpoint, ...] = (*annotation.mentions, *annotation.unaligned)
    mentions = frozenset(map(key, items))
    relations = frozenset((key(one.head), one.type, key(one.tail)) for one in annotation.relations)
    return mentions, relations


def row_key(row: Row) -> Hashable:
    """Equal for rows with the same task, text and target, letter case and white space aside."""
    target: Hashable = fold(row.written.target) if row.written else said(row.reference)
    return (row.task, row.text_key, target)


def same_question(rows: Iterable[Row]) -> dict[tuple[str | None, bytes], list[Row]]:
    """The rows by what they ask: the same task about the same text."""
    found: defaultdict[tuple[str | None, bytes], list[Row]] = defaultdict(list)
    for row in rows:
        found[(row.task, row.text_key)].append(row)
    return dict(found)


def strings(rows: Iterable[Row]) -> Strings:
    """The distinct (type, folded string) of all listed mentions that are not blank."""
    return {pair for row in rows for pair in _strings_of(row)}


def triples(rows: Iterable[Row]) -> set[tuple[str, str, str]]:
    """The distinct (head, type, tail) of all relations, by folded strings or concept ids."""
    return {
        (_end(relation.head), relation.type, _end(relation.tail))
        for row in rows
        for relation in row.reference.relations
    }


def _end(end: Endpoint) -> str:
    return bare_id(end.id) if isinstance(end, Concept) else fold(string_of(end))


def _strings_of(row: Row) -> Iterator[tuple[str, str]]:
    for item in row.listed:
        string = fold(string_of(item))
        if string:
            yield item.type, string
