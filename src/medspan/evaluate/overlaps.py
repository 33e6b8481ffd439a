"""One-to-one matching of items that share characters."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from medspan.core import Segment

Place = tuple[Segment, ...]


def shares_characters(one: Place, other: Place) -> bool:
    """Whether two places, each of one or more half-open segments, have a character in common."""
    if len(one) == 1 and len(other) == 1:
        return one[0][0] < other[0][1] and other[0][0] < one[0][1]
    return any(start < its_end and its_start < end for start, end in one for its_start, its_end in other)


def touching(left: Sequence[Place], right: Sequence[Place]) -> list[list[int]]:
    """For each place of `left` the places of `right` (by number, in order) that share characters with it."""
    order = sorted(range(len(right)), key=lambda number: right[number][0][0])
    found: list[list[int]] = []
    for place in left:
        end = place[-1][1]
        mine = []
        for number in order:
            if right[number][0][0] >= end:
                break
            if shares_characters(place, right[number]):
                mine.append(number)
        found.append(sorted(mine))
    return found


def one_to_one(edges: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """A largest set of pairs (left, right) in which nobody stands twice, in order of the left side.

    `edges`: for each on the left those on the right that it may have. By augmenting paths (Berge 1957),
    so that its size depends on neither side's order; which pairs are chosen does.
    """
    partner: dict[int, int] = {}
    holds: dict[int, int] = {}
    for start, mine in enumerate(edges):
        free = next((right for right in mine if right not in partner), None)
        if free is not None:
            partner[free], holds[start] = start, free
            continue
        _augment(start, edges, partner, holds)
    return sorted(holds.items())


def _augment(
    start: int, edges: Sequence[Sequence[int]], partner: dict[int, int], holds: dict[int, int]
) -> None:
    came_from: dict[int, int] = {}
    waiting = deque([start])
    while waiting:
        left = waiting.popleft()
        for right in edges[left]:
            if right in came_from:
                continue
            came_from[right] = left
            if right in partner:
                waiting.append(partner[right])
                continue
            end: int | None = right
            while end is not None:
                left = came_from[end]
                before = holds.get(left)
                partner[end], holds[left] = left, end
                end = before
            return
