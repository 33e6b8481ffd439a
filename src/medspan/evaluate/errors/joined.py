"""The relations that an error may have been taken for, looked up by their ends."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Sequence
from functools import cached_property

from medspan.core import Relation
from medspan.evaluate.errors.ends import End, Ends
from medspan.evaluate.errors.overlapping import Overlaps

Pair = tuple[End, End]
"""Head and tail."""


class Joined:
    """The errors of a side and then all of its relations, each known by its number in `relations`."""

    def __init__(self, ends: Ends, errors: Sequence[Relation]) -> None:
        self.relations = [*errors, *ends.side.annotation.relations]
        self._errors = errors
        self._ends = ends
        self._met: dict[End, dict[End, None]] = {}
        self._common: dict[End, dict[End, int]] = {}
        self._types: dict[Pair, dict[str, int]] = {}
        self._tails: dict[End, dict[End, None]] = {}
        self._by_key: dict[Hashable, list[End]] = {}
        for number, one in enumerate(self.relations):
            head, tail = ends.end(one.head), ends.end(one.tail)
            self._types.setdefault((head, tail), {}).setdefault(one.type, number)
            self._tails.setdefault(head, {})[tail] = None
        for end in dict.fromkeys(end for pair in self._types for end in pair):
            for key in end.keys:
                self._by_key.setdefault(key, []).append(end)

    def types(self, ends: Pair) -> dict[str, int]:
        """The types that join a head and a tail, each with its first relation, in that order."""
        return self._types[ends]

    def meeting(self, end: End) -> dict[End, None]:
        """The ends of these relations that an end of the other side meets."""
        found = self._met.get(end)
        if found is None:
            found = dict.fromkeys(one for key in end.keys for one in self._by_key.get(key, ()))
            self._met[end] = found
        return found

    def between(self, heads: Collection[End], tails: Collection[End]) -> set[Pair]:
        """The pairs of one of `heads` and one of `tails` that relations join."""
        return {
            (head, tail)
            for head in heads
            if (its := self._tails.get(head))
            for tail in (its if len(its) < len(tails) else tails)
            if tail in its and tail in tails
        }

    @cached_property
    def _near(self) -> dict[str, dict[End, dict[End, int]]]:
        """The errors by type, head and tail: the first of each."""
        found: dict[str, dict[End, dict[End, int]]] = {}
        for number, one in enumerate(self._errors):
            tails = found.setdefault(one.type, {}).setdefault(self._ends.end(one.head), {})
            tails.setdefault(self._ends.end(one.tail), number)
        return found

    @cached_property
    def _overlaps(self) -> tuple[list[End], Overlaps]:
        ends = list(
            dict.fromkeys(self._ends.end(end) for one in self._errors for end in (one.head, one.tail))
        )
        return ends, Overlaps(end.places for end in ends)

    def _in_common(self, end: End) -> dict[End, int]:
        """How many characters an end has in common with those of the errors: negative where they meet."""
        found = self._common.get(end)
        if found is None:
            ends, overlaps = self._overlaps
            found = {ends[number]: count for number, count in overlaps.most(end.places).items()}
            found |= {one: -max(1, found.get(one, 0)) for one in self.meeting(end)}
            self._common[end] = found
        return found

    def nearest(self, type: str, head: End, tail: End) -> Relation | None:
        """The error of a type whose ends overlap most with two of the other side, not all being the same."""
        errors = self._near.get(type)
        if errors is None:
            return None
        heads, tails = self._in_common(head), self._in_common(tail)
        best: tuple[int, int] | None = None
        for its_head in heads if len(heads) < len(errors) else errors:
            its_tails = errors.get(its_head)
            if its_tails is None or its_head not in heads:
                continue
            for its_tail in its_tails if len(its_tails) < len(tails) else tails:
                if its_tail not in its_tails or its_tail not in tails:
                    continue
                at_head, at_tail = heads[its_head], tails[its_tail]
                rank = -abs(at_head) - abs(at_tail), its_tails[its_tail]
                if (at_head > 0 or at_tail > 0) and (best is None or rank < best):
                    best = rank
        return None if best is None else self._errors[best[1]]
