"""Which way round relations are annotated, and whether the order of their ends explains it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from medspan.audit.chance import beyond_slips
from medspan.audit.data import Row, string_of
from medspan.audit.ends import end_key, name_of
from medspan.core import Concept, Endpoint, Mention, Relation
from medspan.text import bare_id, fold


@dataclass(frozen=True, eq=False)
class Joined:
    """A relation between two different ends.

    `strings` are those of head and tail, folded, or concept ids; `types` are empty where they are not
    known. `head_first`: the head stands before the tail in the text, None where one of them has no place.
    `reversed_as` holds the relation types under which the row has the same ends the other way round.
    """

    row: Row
    relation: Relation
    strings: tuple[str, str]
    types: tuple[str, str]
    head_first: bool | None
    reversed_as: frozenset[str]

    @property
    def name(self) -> str:
        return self.relation.type

    @property
    def type_pair(self) -> tuple[str, str]:
        """The types of both ends in order of name, whichever is the head."""
        first, second = sorted(self.types)
        return first, second

    @property
    def orders(self) -> tuple[bool | None, bool | None, bool | None]:
        """Whether the head comes first in the text, by the alphabet, and by its type's name."""
        one, other = self.strings
        by_type = None if self.types[0] == self.types[1] else self.types[0] < self.types[1]
        return self.head_first, None if one == other else one < other, by_type

    def __str__(self) -> str:
        return f"{name_of(self.relation.head)} --[{self.name}]--> {name_of(self.relation.tail)}"


def joined(row: Row) -> list[Joined]:
    """The distinct relations of a row; those of a string to itself, or to a blank one, are left out."""
    types: dict[str, str] = {}
    starts: dict[str, int] = {}
    for mention in row.reference.mentions:
        for concept in map(bare_id, mention.concepts):
            types.setdefault(concept, mention.type)
            starts[concept] = min(mention.start, starts.get(concept, mention.start))

    def start(end: Endpoint) -> int | None:
        if isinstance(end, Mention):
            return end.start
        return starts.get(bare_id(end.id)) if isinstance(end, Concept) else None

    def type_(end: Endpoint) -> str:
        own = end.type or ""
        return own or types.get(bare_id(end.id), "") if isinstance(end, Concept) else own

    ends = {(_key(row, one.head), one.type, _key(row, one.tail)): one for one in row.reference.relations}
    names: defaultdict[tuple[Hashable, Hashable], set[str]] = defaultdict(set)
    for head, name, tail in ends:
        names[(head, tail)].add(name)
    return [
        Joined(
            row,
            one,
            (_string(one.head), _string(one.tail)),
            (type_(one.head), type_(one.tail)),
            _before(start(one.head), start(one.tail)),
            frozenset(names.get((tail, head), ())),
        )
        for (head, _, tail), one in ends.items()
        if head and tail and head != tail
    ]


def _key(row: Row, end: Endpoint) -> Hashable:
    # What has no place of its own is told by its string.
    return end_key(row, end) or _string(end)


def _string(end: Endpoint) -> str:
    return bare_id(end.id) if isinstance(end, Concept) else fold(string_of(end))


def _before(one: int | None, other: int | None) -> bool | None:
    return None if one is None or other is None or one == other else one < other


def follow_an_order(relations: Sequence[Joined]) -> bool:
    """Whether the head always comes first, or always last, in one of three orders, slips aside.

    The orders: in the text, by the alphabet, by the names of the ends' types; one that is not known of
    most of the relations explains nothing. True as well of so few relations that nothing can be told.
    """
    for order in range(3):
        known = [known for one in relations if (known := one.orders[order]) is not None]
        exceptions = min(known.count(True), known.count(False))
        if 2 * len(known) > len(relations) and not beyond_slips(exceptions, len(known)):
            return True
    return not relations


def by_type_pair(relations: Iterable[Joined]) -> dict[tuple[str, str], list[Joined]]:
    """Relations by the types of their ends, whichever is the head, in order of the types' names."""
    groups: defaultdict[tuple[str, str], list[Joined]] = defaultdict(list)
    for one in relations:
        groups[one.type_pair].append(one)
    return dict(sorted(groups.items()))


def share_head_first(relations: Iterable[Joined]) -> float | None:
    """How many of the relations have their head first in the text; None where no place is known."""
    known = [one.head_first for one in relations if one.head_first is not None]
    return known.count(True) / len(known) if known else None
