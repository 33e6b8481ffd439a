"""The kind of each missed and each spurious relation of a document."""

from __future__ import annotations

from dataclasses import dataclass, field

from medspan.core import Relation, Schema
from medspan.evaluate.errors.ends import End, Ends
from medspan.evaluate.errors.joined import Joined
from medspan.evaluate.errors.kinds import ErrorSide
from medspan.evaluate.errors.standing import Standing
from medspan.evaluate.match import Outcome

Judgement = tuple[str, Relation | None]


@dataclass(frozen=True, slots=True)
class Backwards:
    """What a schema says of relations written the other way round; without one, nothing."""

    symmetric: frozenset[str] = frozenset()
    inverses: frozenset[tuple[str, str]] = frozenset()
    _of_types: dict[str, frozenset[str]] = field(default_factory=dict, init=False, compare=False, repr=False)

    @classmethod
    def of(cls, schema: Schema | None) -> Backwards:
        """It is enough that one of two inverse types names the other. A symmetric type is its own inverse."""
        types = schema.relation_types if schema is not None else ()
        stated = {(one.name, one.inverse) for one in types if one.inverse is not None}
        symmetric = {one.name for one in types if one.symmetric or one.inverse == one.name}
        stated |= {(inverse, name) for name, inverse in stated} | {(name, name) for name in symmetric}
        return cls(frozenset(symmetric), frozenset(stated))

    def inverses_of(self, type: str) -> frozenset[str]:
        """The types that say the same of the ends the other way round."""
        found = self._of_types.get(type)
        if found is None:
            found = frozenset(other for one, other in self.inverses if one == type)
            self._of_types[type] = found
        return found


class RelationJudge:
    """Tells the kinds of the relation errors of one document.

    Two ends **meet** where the match would take them for the same, types of mentions aside. An end is
    **there** on the other side if that has it, as the match compares ends, among its mentions or as an
    end of a relation. Counterparts are errors before others, then the first.
    """

    def __init__(
        self, standing: Standing, outcome: Outcome[Relation], backwards: Backwards, linked: bool
    ) -> None:
        self._backwards = backwards
        self._ends: dict[str, Ends] = {
            side.name: Ends(standing, side, linked)
            for side in (standing.pair.reference, standing.pair.predicted)
        }
        self._outcome = outcome
        self._others: dict[ErrorSide, Joined] = {}

    def judge(self, item: Relation, side: ErrorSide) -> Judgement:
        """The kind of one error: the first in order of precedence that holds."""
        reference, predicted = self._ends["reference"], self._ends["predicted"]
        own, theirs = (predicted, reference) if side == "spurious" else (reference, predicted)
        others = self._others.get(side)
        if others is None:
            errors = self._outcome.missed if side == "spurious" else self._outcome.spurious
            others = self._others[side] = Joined(theirs, errors)
        head, tail = own.end(item.head), own.end(item.tail)
        joined = self._joining(item.type, head, tail, others)
        if joined is not None:
            return joined
        other = others.nearest(item.type, head, tail)
        if other is not None:
            return "endpoint-boundary", other
        if not (theirs.has(item.head, own) and theirs.has(item.tail, own)):
            return "endpoint-missing", None
        return ("co-occurrence-only" if side == "spurious" else "missed"), None

    def _joining(self, type: str, head: End, tail: End, others: Joined) -> Judgement | None:
        """The kinds that relations between the same two ends have, by precedence."""
        inverses = self._backwards.inverses_of(type)
        heads, tails = others.meeting(head), others.meeting(tail)
        straight, turned = others.between(heads, tails), others.between(tails, heads)
        found: dict[str, list[int]] = {}
        for ends in straight | turned:
            types = others.types(ends)
            is_turned, is_straight = ends in turned, ends in straight
            if is_turned:
                found.setdefault("inverse-type", []).extend(types[one] for one in inverses if one in types)
                if not is_straight and type in types and type not in inverses:
                    found.setdefault("direction-reversed", []).append(types[type])
            said = {type, *inverses} if is_turned else {type}
            wrong = next((number for one, number in types.items() if one not in said), None)
            if wrong is not None:
                found.setdefault("wrong-type" if is_straight else "wrong-type, turned", []).append(wrong)
        for kind in ("direction-reversed", "inverse-type", "wrong-type", "wrong-type, turned"):
            if found.get(kind):
                return kind.split(",")[0], others.relations[min(found[kind])]
        return None
