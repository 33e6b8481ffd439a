"""The kind of each missed and each spurious relation of a document."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from medspan.core import UNKNOWN_TYPE, Concept, Endpoint, Mention, Relation, Schema
from medspan.evaluate.errors.kinds import ErrorSide
from medspan.evaluate.errors.standing import Standing, largest_overlap
from medspan.evaluate.match import Outcome
from medspan.evaluate.sides import Side, concept_ids
from medspan.text import fold

Judgement = tuple[str, Relation | None]

_Keys = frozenset[Hashable]
_ANY = object()
"""In place of a type: an end of unknown type fits any."""


@dataclass(frozen=True, slots=True)
class Backwards:
    """What a schema says of relations written the other way round; without one, nothing."""

    symmetric: frozenset[str] = frozenset()
    inverses: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(cls, schema: Schema | None) -> Backwards:
        """It is enough that one of two inverse types names the other. A symmetric type is its own inverse."""
        types = schema.relation_types if schema is not None else ()
        stated = {(one.name, one.inverse) for one in types if one.inverse is not None}
        symmetric = {one.name for one in types if one.symmetric or one.inverse == one.name}
        stated |= {(inverse, name) for name, inverse in stated} | {(name, name) for name in symmetric}
        return cls(frozenset(symmetric), frozenset(stated))


@dataclass(slots=True)
class RelationJudge:
    """Tells the kinds of the relation errors of one document.

    Two ends **meet** where the match would take them for the same, types of mentions aside. An end is
    **there** on the other side if that has it, as the match compares ends, among its mentions or as an
    end of a relation. Counterparts are errors before others, then the first.
    """

    standing: Standing
    outcome: Outcome[Relation]
    backwards: Backwards
    linked: bool
    _keys: dict[tuple[str, int], _Keys] = field(default_factory=dict)
    _there: dict[str, frozenset[Hashable]] = field(default_factory=dict)

    def judge(self, item: Relation, side: ErrorSide) -> Judgement:
        """The kind of one error: the first in order of precedence that holds."""
        pair = self.standing.pair
        own, whole = (
            (pair.predicted, pair.reference) if side == "spurious" else (pair.reference, pair.predicted)
        )
        errors = self.outcome.missed if side == "spurious" else self.outcome.spurious
        joined = self._joining(item, own, [*errors, *whole.annotation.relations], whole)
        if joined is not None:
            return joined
        other = self._near(item, own, errors, whole)
        if other is not None:
            return "endpoint-boundary", other
        if not (self._is_there(item.head, own, whole) and self._is_there(item.tail, own, whole)):
            return "endpoint-missing", None
        return ("co-occurrence-only" if side == "spurious" else "missed"), None

    def _joining(
        self, item: Relation, own: Side, others: Iterable[Relation], theirs: Side
    ) -> Judgement | None:
        """The kinds that relations between the same two ends have, by precedence."""
        head, tail = self._of(item.head, own), self._of(item.tail, own)
        found: dict[str, Relation] = {}
        for other in others:
            its_head, its_tail = self._of(other.head, theirs), self._of(other.tail, theirs)
            straight = not (head.isdisjoint(its_head) or tail.isdisjoint(its_tail))
            turned = not (head.isdisjoint(its_tail) or tail.isdisjoint(its_head))
            if turned and (item.type, other.type) in self.backwards.inverses:
                found.setdefault("inverse-type", other)
            elif turned and item.type == other.type and not straight:
                found.setdefault("direction-reversed", other)
            elif straight and item.type != other.type:
                found.setdefault("wrong-type", other)
            elif turned and item.type != other.type:
                found.setdefault("wrong-type, turned", other)
        for kind in ("direction-reversed", "inverse-type", "wrong-type", "wrong-type, turned"):
            if kind in found:
                return kind.split(",")[0], found[kind]
        return None

    def _near(self, item: Relation, own: Side, errors: Sequence[Relation], theirs: Side) -> Relation | None:
        """The error of the same type whose ends overlap most with those of `item`, not all being the same."""
        best: tuple[int, Relation] | None = None
        for other in errors:
            if other.type != item.type:
                continue
            heads = self._common(item.head, own, other.head, theirs)
            tails = self._common(item.tail, own, other.tail, theirs)
            if heads is None or tails is None or (heads < 0 and tails < 0):
                continue
            if best is None or abs(heads) + abs(tails) > best[0]:
                best = abs(heads) + abs(tails), other
        return best[1] if best else None

    def _common(self, mine: Endpoint, own: Side, its: Endpoint, theirs: Side) -> int | None:
        """How many characters two ends share: negative where they meet, None where they share none."""
        overlap = largest_overlap(self.standing.of_end(mine, own), self.standing.of_end(its, theirs))
        if not self._of(mine, own).isdisjoint(self._of(its, theirs)):
            return -max(1, overlap[0] if overlap else 0)
        return overlap[0] if overlap else None

    def _of(self, end: Endpoint, side: Side) -> _Keys:
        """Keys of which two ends share one where they meet."""
        known = side.name, id(end)
        keys = self._keys.get(known)
        if keys is None:
            keys = self._keys[known] = frozenset(key for key, _ in self._typed(end, side))
        return keys

    def _typed(self, end: Endpoint, side: Side) -> Iterator[tuple[Hashable, str | None]]:
        """The keys of an end, each with the type that it counts under; None where the match asks for none."""
        if isinstance(end, Concept):
            for concept in concept_ids(end):
                yield ("concept", concept), None
            return
        strict = self.standing.how == "strict"
        type = end.type if strict else None
        if strict and isinstance(end, Mention):
            for place in side.places(end):
                yield ("place", place), type
        else:
            yield ("text", fold(end.text)), type
        if self.linked and side.name == "predicted":
            for concept in self.standing.pair.concepts.get(fold(end.text), ()):
                yield ("concept", concept), None

    def _is_there(self, end: Endpoint, own: Side, other: Side) -> bool:
        there = self._all_there(other)
        for key, type in self._typed(end, own):
            if self.standing.how == "strict" and isinstance(key, tuple) and key[0] == "text":
                continue  # an unaligned end is on no other side
            if (key, _ANY if type == UNKNOWN_TYPE else type) in there or (key, UNKNOWN_TYPE) in there:
                return True
        return False

    def _all_there(self, side: Side) -> frozenset[Hashable]:
        """The keys of all mentions and ends of a side, each with its type and with any."""
        found = self._there.get(side.name)
        if found is None:
            ends: list[Endpoint] = [item for item, _ in side.items]
            ends += [end for one in side.annotation.relations for end in (one.head, one.tail)]
            keys = {typed for end in ends for typed in self._typed(end, side)}
            if self.linked and side.name == "reference":
                for item, _ in side.items:
                    keys |= {(("concept", concept), None) for concept in concept_ids(item)}
            found = self._there[side.name] = frozenset(keys | {(key, _ANY) for key, _ in keys})
        return found
