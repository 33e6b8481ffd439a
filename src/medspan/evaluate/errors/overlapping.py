"""Look up which of many places share characters with one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence

from medspan.evaluate.overlaps import Place


class Overlaps:
    """The places of several owners, to be asked what shares characters with a place.

    Segments are kept by length, in steps of a factor of two, so that what starts too early to reach a
    place need not be looked at, however long some of the others are.
    """

    def __init__(self, owners: Iterable[Sequence[Place]]) -> None:
        self._entries = [(owner, place) for owner, places in enumerate(owners) for place in places]
        lengths: dict[int, list[tuple[int, int, int]]] = {}
        for entry, (_, place) in enumerate(self._entries):
            for start, end in place:
                lengths.setdefault(1 << (end - start).bit_length(), []).append((start, end, entry))
        self._lengths = [
            (longest, [segment[0] for segment in ordered], ordered)
            for longest, segments in lengths.items()
            for ordered in (sorted(segments),)
        ]

    def _shared(self, place: Place) -> dict[int, int]:
        """How many characters each entry has in common with a place; entries without any are left out."""
        counts: dict[int, int] = {}
        for start, end in place:
            for longest, starts, segments in self._lengths:
                reach = bisect_right(starts, start - longest)
                for first, last, entry in segments[reach : bisect_left(starts, end, reach)]:
                    if last > start:
                        common = (end if end < last else last) - (start if start > first else first)
                        counts[entry] = counts.get(entry, 0) + common
        return counts

    def most(self, places: Sequence[Place]) -> dict[int, int]:
        """For each owner that shares characters with `places`, the most that two places have in common."""
        found: dict[int, int] = {}
        for place in places:
            for entry, count in self._shared(place).items():
                owner = self._entries[entry][0]
                if count > found.get(owner, 0):
                    found[owner] = count
        return found

    def largest(
        self, places: Sequence[Place], types: Sequence[str], type: str
    ) -> tuple[tuple[int, Place, Place] | None, tuple[int, Place, Place] | None]:
        """The owner with the largest overlap among those of `type`, and among those of other types.

        `types` holds the type of each owner. Beside the owner stand the two places that overlap. Of equal
        ones the first is taken: by owner, then by `places`, then by the owner's places.
        """
        best: list[tuple[int, int, int, int] | None] = [None, None]
        for number, place in enumerate(places):
            for entry, count in self._shared(place).items():
                owner = self._entries[entry][0]
                column = int(types[owner] != type)
                before = best[column]
                rank = (-count, owner, number, entry)
                if before is None or rank < before:
                    best[column] = rank
        same, other = (
            None if one is None else (one[1], places[one[2]], self._entries[one[3]][1]) for one in best
        )
        return same, other
