"""The ends of the relations of one side, and which of them another end meets, overlaps with or lacks."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property

from medspan.core import UNKNOWN_TYPE, Concept, Endpoint, Mention
from medspan.evaluate.errors.standing import Standing
from medspan.evaluate.overlaps import Place
from medspan.evaluate.sides import Side, concept_ids
from medspan.text import fold

_Key = tuple[Hashable, ...]

_ANY = object()
"""In place of a type: an end of unknown type fits any."""


@dataclass(slots=True, eq=False)
class End:
    """What all ends of a side that the match takes for one have in common, types aside: there is one for all.

    Two ends meet where they share one of `keys`. `places` are those where the end stands.
    """

    keys: tuple[_Key, ...]
    places: tuple[Place, ...]


class Ends:
    """The ends of one side of a document under a match, each string or place looked at once."""

    def __init__(self, standing: Standing, side: Side, linked: bool) -> None:
        self.side = side
        self._standing = standing
        self._strict = standing.how == "strict"
        self._links = linked and side.name == "predicted"
        self._linked = linked
        self._known: dict[int, End] = {}
        self._alike: dict[Hashable, End] = {}
        self._had: dict[tuple[End, str | None], bool] = {}

    def end(self, end: Endpoint) -> End:
        """The one `End` for everything that stands at the same places under the same keys."""
        found = self._known.get(id(end))
        if found is None:
            found = self._known[id(end)] = self._of(end)
        return found

    def _of(self, end: Endpoint) -> End:
        alike: Hashable
        places = self._standing.of_end(end, self.side)
        if isinstance(end, Concept):
            alike = Concept, end.id
        else:
            # Where there are several places they are those of the string.
            alike = isinstance(end, Mention), end.text, places if len(places) == 1 else ()
        found = self._alike.get(alike)
        if found is None:
            found = self._alike[alike] = End(tuple(self._keys(end)), places)
        return found

    def _keys(self, end: Endpoint) -> Iterator[_Key]:
        if isinstance(end, Concept):
            for concept in concept_ids(end):
                yield "concept", concept
            return
        if self._strict and isinstance(end, Mention):
            for place in self.side.places(end):
                yield "place", place
        else:
            yield "text", fold(end.text)
        if self._links:
            for concept in self._standing.pair.concepts.get(fold(end.text), ()):
                yield "concept", concept

    def has(self, end: Endpoint, own: Ends) -> bool:
        """Whether this side has an end of the other side, `own`, among its mentions or relations' ends."""
        its, type = own.end(end), own._type(end)
        found = self._had.get((its, type))
        if found is None:
            found = self._had[its, type] = any(
                self._is_there(key, its_type) for key, its_type in _typed(its, type)
            )
        return found

    def _type(self, end: Endpoint) -> str | None:
        """The type that an end counts under; None where the match asks for none."""
        return end.type if self._strict and not isinstance(end, Concept) else None

    def _is_there(self, key: _Key, type: str | None) -> bool:
        if self._strict and key[0] == "text":
            return False  # an unaligned end is on no other side
        there = self._all_there
        return (key, _ANY if type == UNKNOWN_TYPE else type) in there or (key, UNKNOWN_TYPE) in there

    @cached_property
    def _all_there(self) -> set[Hashable]:
        """The keys of all mentions and ends of the side, each with its type and with any."""
        ends: list[Endpoint] = [item for item, _ in self.side.items]
        ends += [end for one in self.side.annotation.relations for end in (one.head, one.tail)]
        if self._strict and self.side.annotation.scope == "string":
            # Each stands at many places: those of a string are looked at once.
            ends = list({(self.end(end), self._type(end)): end for end in ends}.values())
        keys = [(key, self._type(end)) for end in ends for key in self._keys(end)]
        found: set[Hashable] = {(key, None if key[0] == "concept" else type) for key, type in keys}
        found |= {(key, _ANY) for key, _ in keys}
        if self._linked and self.side.name == "reference":
            for item, _ in self.side.items:
                for concept in concept_ids(item) if item.concepts else ():
                    found |= {(("concept", concept), None), (("concept", concept), _ANY)}
        return found


def _typed(end: End, type: str | None) -> Iterator[tuple[_Key, str | None]]:
    """The keys of an end, each with the type that it counts under: concepts under none."""
    for key in end.keys:
        yield key, None if key[0] == "concept" else type
