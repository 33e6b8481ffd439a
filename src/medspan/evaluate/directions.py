"""Which ways of writing a relation say the same: symmetric types and inverse types of a schema."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from medspan.core import Example, Schema

End = TypeVar("End")
SHOWN = 6
"""Types that a note names."""


@dataclass(frozen=True, slots=True)
class Directions:
    """What a schema says of directions; without one, every relation counts as it is written.

    `symmetric`: types whose ends may change places. `inverses`: of two types that say the same
    backwards, the second in order of name, brought to the first.
    """

    symmetric: frozenset[str] = frozenset()
    inverses: Mapping[str, str] = field(default_factory=dict, hash=False)

    @classmethod
    def of(cls, schema: Schema | None) -> Directions:
        if schema is None:
            return NO_DIRECTIONS
        pairs = {
            frozenset((one.name, one.inverse))
            for one in schema.relation_types
            if one.inverse is not None and one.inverse != one.name
        }
        return cls(
            frozenset(one.name for one in schema.relation_types if one.symmetric or one.inverse == one.name),
            {max(pair): min(pair) for pair in pairs},
        )

    def written(self, head: End, type: str, tail: End) -> tuple[End, str, End]:
        """A relation under the one of its two inverse types that stands for both."""
        first = self.inverses.get(type)
        return (head, type, tail) if first is None else (tail, first, head)


NO_DIRECTIONS = Directions()


def schema_notes(schema: Schema | None, examples: Iterable[Example]) -> list[str]:
    """What a schema states that fits no data: symmetric and inverse types that no relation has.

    Of two inverse types one is enough, unless the other looks like a type that relations have and is
    written otherwise. References and predictions both count as data. Empty where all fits, or without a
    schema.
    """
    if schema is None:
        return []
    entities, relations = _types_of(examples)
    directions = Directions.of(schema)
    spelt = {_folded(name): name for name in sorted(relations, reverse=True)}
    stated = [("symmetric", {name}) for name in directions.symmetric]
    stated += [("inverse", {one, other}) for one, other in directions.inverses.items()]
    notes = []
    for what, names in stated:
        for name in names - relations:
            like = spelt.get(_folded(name))
            if like:
                notes.append(f"schema: no relation has the {what} type {name!r}, but some have {like!r}")
            elif names.isdisjoint(relations):
                notes.append(f"schema: no relation has the {what} type {name!r}: it changes no score")
    named = {*schema.entity_types, *(one.name for one in schema.relation_types)}
    if not notes and named and named.isdisjoint(entities | relations):
        some = ", ".join(sorted(entities | relations)[:SHOWN]) or "none"
        notes.append(f"schema: none of its types is in the data, which has: {some}")
    return sorted(notes)


def _types_of(examples: Iterable[Example]) -> tuple[set[str], set[str]]:
    """Types of the entities and of the relations, in references and predictions."""
    entities: set[str] = set()
    relations: set[str] = set()
    for example in examples:
        for side in (example.reference, example.predicted):
            if side is not None:
                entities |= {one.type for one in side.mentions} | {one.type for one in side.unaligned}
                relations |= {one.type for one in side.relations}
    return entities, relations


def _folded(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())
