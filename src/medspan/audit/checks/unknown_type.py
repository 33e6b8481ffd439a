"""Items of types that a model cannot know."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row, string_of
from medspan.audit.ends import name_of
from medspan.audit.spelling import respellings
from medspan.core import Case, Finding, Relation, Severity

_Types = tuple[Collection[str], Collection[str]]
"""Entity types and relation types."""


@register
class UnknownType(Check):
    """Entity and relation types that the stated schema lacks; without one, that training never shows."""

    id: ClassVar[str] = "unknown-type"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "The data has types that a model trained on it cannot give: the schema does not know them, so that "
        "training leaves them out and the grammar forbids them, or the training data never shows them. Every "
        "such item is missed and counts against the recall."
    )
    counted: ClassVar[str] = (
        "Listed mentions and relations whose type the stated schema does not have, of all of them. Without a "
        "schema: whose type no row of the training split has. Endpoints that are no listed mention have no "
        "type of their own and are not counted."
    )
    remedy: ClassVar[str] = (
        "add the types to the schema file, which has to list all of them (medspan audit PATH --write-schema "
        "FILE writes those of the data to start from), or medspan convert IN OUT --to FORMAT --rename "
        "OLD=NEW where they go by another name there"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        schema = data.stated_schema
        if schema is not None:
            known = (schema.entity_types, [one.name for one in schema.relation_types])
            for part in data.parts:
                yield from self._unknown(part, known, "the schema does not have")
        elif data.train is not None:
            shown_types = _types(data.train)
            for part in data.parts:
                yield from self._unknown(part, shown_types, f"{data.train.name} never shows", data.train)

    def _unknown(self, part: Part, known: _Types, why: str, against: Part | None = None) -> Iterator[Finding]:
        items = [item for row in part.rows for item in _items(row)]
        unknown = [(row, name, what, kind) for row, name, what, kind in items if name not in known[kind]]
        if not unknown:
            return
        told = ", ".join(
            f"{name} ({count}{f'; perhaps {meant} is meant' if meant else ''})"
            for name, count, meant in _counted(((kind, name) for _, name, _, kind in unknown), known)
        )
        yield self.finding(
            f"{len(unknown)} of {len(items)} items of {part.name} ({len(unknown) / len(items):.1%}) have a "
            f"type that {why}: {told}",
            len(unknown),
            len(items),
            split=part.name,
            against=against.name if against else None,
            cases=(Case(f"{what} has the type {name}", row.place) for row, name, what, _ in unknown),
            severity=None if against is None else "warning",
            remedy=None
            if against is None
            else "medspan split DIR --out NEW deals every type out to all parts; or leave these types out of "
            "the score",
        )


def _counted(unknown: Iterable[tuple[int, str]], known: _Types) -> list[tuple[str, int, str | None]]:
    """Each unknown type, how often it occurs, and the known type that is spelt nearly so."""
    counts = Counter(unknown)
    found = []
    for (kind, name), count in counts.items():
        found.append((name, count, respellings({name: count}, known[kind]).get(name)))
    return sorted(found, key=lambda entry: (-entry[1], entry[0]))


def _items(row: Row) -> Iterator[tuple[Row, str, str, int]]:
    """Row, type, description and place in `_Types` of every listed mention and relation."""
    for item in row.listed:
        yield row, item.type, repr(string_of(item)), 0
    for one in row.reference.relations:
        yield row, one.type, _described(one), 1


def _described(relation: Relation) -> str:
    return f"the relation of {name_of(relation.head)!r} and {name_of(relation.tail)!r}"


def _types(part: Part) -> _Types:
    found: tuple[set[str], set[str]] = (set(), set())
    for row in part.rows:
        for _, name, _, kind in _items(row):
            found[kind].add(name)
    return found
