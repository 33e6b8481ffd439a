"""What a comparison of two sides is called and what comes out of it."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar, get_args

from medspan.core import Concept, Mention, Relation, UnalignedMention
from medspan.text import fold

How = Literal["text", "strict", "span", "type", "overlap", "relaxed", "concept"]
Kind = Literal["entities", "relations"]
Counts = tuple[float, float, float]
Item = TypeVar("Item", Mention | UnalignedMention, Relation)

HOWS: tuple[How, ...] = get_args(How)
KINDS: tuple[Kind, ...] = get_args(Kind)
MATCHES: Mapping[Kind, tuple[How, ...]] = {
    "entities": ("text", "strict", "span", "type", "overlap", "concept"),
    "relations": ("text", "strict", "span", "relaxed", "concept"),
}
"""The matches that there are for each kind."""

MEANINGS: Mapping[tuple[Kind, How], str] = {
    ("entities", "text"): "same type and same string in the document, letter case and white space ignored",
    ("entities", "strict"): "same type and same place",
    ("entities", "span"): "same place, whatever the type",
    ("entities", "type"): "same type, at least a character shared",
    ("entities", "overlap"): "at least a character shared, whatever the type; other boundaries count half",
    ("entities", "concept"): "same type and same concept id in the document",
    ("relations", "text"): "same type, same direction, same strings at both ends",
    ("relations", "strict"): "same type, same direction, both ends at the same place with the same type",
    ("relations", "span"): "as strict, whatever the types of the ends",
    ("relations", "relaxed"): "same type, same direction, at least a character shared at both ends",
    ("relations", "concept"): "same type, same direction, same concept ids at both ends",
}


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Item]):
    """Reference items found, reference items missed, and predicted items that are spurious.

    Repeats are merged before they are counted; each item is the first that stood for its key.
    `partly`: (reference item, predicted item) that count one half on either side, under `overlap`.
    """

    found: tuple[Item, ...] = ()
    missed: tuple[Item, ...] = ()
    spurious: tuple[Item, ...] = ()
    partly: tuple[tuple[Item, Item], ...] = ()

    def counts(self) -> dict[str, Counts]:
        """(true positives, false positives, false negatives) by type, types in order of name.

        An item found under another type counts for the type of the reference.
        """
        totals: dict[str, list[float]] = {}
        for column, items in enumerate((self.found, self.spurious, self.missed)):
            for item in items:
                totals.setdefault(item.type, [0, 0, 0])[column] += 1
        for wanted, given in self.partly:
            row = totals.setdefault(wanted.type, [0, 0, 0])
            row[0] += 0.5
            row[2] += 0.5
            totals.setdefault(given.type, [0, 0, 0])[1] += 0.5
        return {type: (row[0], row[1], row[2]) for type, row in sorted(totals.items())}


@dataclass(frozen=True, slots=True)
class Judged(Generic[Item]):
    """A predicted item with the keys of the reference items that it finds; with none it is spurious.

    Spurious items of one `key` are one false positive.
    """

    item: Item
    finds: frozenset[Hashable]
    key: Hashable


def outcome_of(wanted: Mapping[Any, Item], judged: Iterable[Judged[Item]]) -> Outcome[Item]:
    """The outcome of a document from its reference items by key and its judged predicted ones."""
    reached: set[Hashable] = set()
    spurious: dict[Hashable, Item] = {}
    for one in judged:
        reached |= one.finds
        if not one.finds:
            before = spurious.get(one.key)
            if before is None or rank(one.item) < rank(before):
                spurious[one.key] = one.item
    return Outcome(
        tuple(item for key, item in wanted.items() if key in reached),
        tuple(item for key, item in wanted.items() if key not in reached),
        tuple(spurious.values()),
    )


def rank(item: Mention | UnalignedMention | Relation) -> tuple[str, ...]:
    """What decides which of several items that count as one stands for them, whatever their order."""
    ends = (item.head, item.tail) if isinstance(item, Relation) else (item,)
    return item.type, *(end.id if isinstance(end, Concept) else fold(end.text) for end in ends)
