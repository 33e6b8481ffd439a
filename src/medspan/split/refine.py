"""Swap groups until every share is within a point of what is wanted, as far as groups allow it."""

from __future__ import annotations

import math
from bisect import insort
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from typing import Protocol

from medspan.split.strata import TOLERANCE, Balance

MOST_ROUNDS = 8
PATIENCE = 3
"""Rounds without an improvement after which it is given up."""
MOST_PAIRS = 50_000
"""Pairs of kinds of groups that are tried for one swap at most."""
MOST_REFUSED = 20
"""Pairs of kinds that a guard may refuse before a search for one swap is given up."""
FACTOR = 4
"""How much heavier a stratum weighs in the next round where its share is off."""
_ONE = 1 << 40
"""Weights are whole multiples of 1 / _ONE, so that the outcome hangs on no rounding."""

Kind = tuple[tuple[str, int], ...]


class Guard(Protocol):
    """A further condition on swaps, which hears every move that is made."""

    candidates: int
    """How many groups of a kind are tried: those of one kind are alike to the balance, but not to it."""

    def allows(self, one: int, other: int) -> bool: ...

    def moved(self, at: int, source: str, target: str) -> None: ...


def refine(balance: Balance, guard: Guard | None = None) -> None:
    """Swap groups of any two kinds as long as that lowers the cost, then weigh heavier what is still off.

    The state with the fewest shares that are off without need is kept. Groups in `balance.fixed` stay,
    and no swap is made that `guard` does not allow.
    """
    swaps = _Swaps(balance, guard)
    best, state, since = _off(balance), dict(balance.part_of), 0
    for _ in range(MOST_ROUNDS):
        if not best or since == PATIENCE:
            break
        swaps.exhaust()
        now = _off(balance)
        since += 1
        if _badness(now) < _badness(best):
            best, state, since = now, dict(balance.part_of), 0
        for stratum in {stratum for stratum, _ in now}:
            swaps.weight[stratum] *= FACTOR
    for at, part in sorted(state.items()):
        if balance.part_of[at] != part:
            _move(balance, guard, at, part)


def _move(balance: Balance, guard: Guard | None, at: int, part: str) -> None:
    if guard is not None:
        guard.moved(at, balance.part_of[at], part)
    balance.put(at, part)


def _off(balance: Balance) -> dict[tuple[str, str], Fraction]:
    """The deviations (by stratum and part) above the tolerance where some count would be within it."""
    tolerance = Fraction(str(TOLERANCE))
    found = {}
    for stratum, n in balance.total.items():
        for part in balance.parts:
            wanted = balance.wanted[part][stratum]
            deviation = abs(balance.missing(part, stratum)) / n
            nearest = abs(round(wanted) - wanted) / n
            if deviation > tolerance >= nearest:
                found[stratum, part] = deviation
    return found


def _badness(off: dict[tuple[str, str], Fraction]) -> tuple[int, Fraction]:
    return len(off), sum(off.values(), Fraction(0))


class _Swaps:
    """Finds the swap of two groups that lowers the cost most, among all kinds of groups."""

    def __init__(self, balance: Balance, guard: Guard | None) -> None:
        self._balance = balance
        self._guard = guard
        wanted = [count for counts in balance.wanted.values() for count in counts.values()]
        self._unit = math.lcm(*(count.denominator for count in wanted)) if wanted else 1
        self.weight = {stratum: int(weight * _ONE) for stratum, weight in balance.weight.items()}
        self._kind: list[Kind] = [tuple(sorted(load.items())) for load in balance.loads]
        self._members: dict[str, defaultdict[Kind, list[int]]] = {
            part: defaultdict(list) for part in balance.parts
        }
        for at in sorted(balance.part_of):
            if at not in balance.fixed:
                self._members[balance.part_of[at]][self._kind[at]].append(at)

    def exhaust(self) -> None:
        """Make swaps as long as one lowers the cost."""
        changed = True
        while changed:
            changed = False
            for source, target in combinations(self._balance.parts, 2):
                while (found := self._best(source, target)) is not None:
                    self._make(*found, source, target)
                    changed = True

    def _best(self, source: str, target: str) -> tuple[int, int] | None:
        # Written out, the cost of swapping `one` (in source) for `other` changes by
        # 2 unit (value(other) - value(one)) + 2 unit^2 (sum of weight * difference^2):
        # sorted by value, most pairs cannot be better than the best one so far.
        givers, takers = self._valued(source, target)
        best, chosen, tried, refused = 0, None, 0, 0
        for value, kind in reversed(givers):
            for other_value, other_kind in takers:
                if value - other_value <= best or tried == MOST_PAIRS or refused == MOST_REFUSED:
                    break
                tried += 1
                gain = value - other_value - self._unit * self._distance(kind, other_kind)
                if gain > best:
                    pair = self._allowed(self._members[source][kind], self._members[target][other_kind])
                    refused += pair is None
                    best, chosen = (gain, pair) if pair else (best, chosen)
        return chosen

    def _valued(self, source: str, target: str) -> Iterator[list[tuple[int, Kind]]]:
        difference = {
            stratum: self.weight[stratum]
            * int(
                self._unit * (self._balance.missing(target, stratum) - self._balance.missing(source, stratum))
            )
            for stratum in self._balance.total
        }
        for part in (source, target):
            kinds = [kind for kind, members in self._members[part].items() if members]
            yield sorted((sum(n * difference[stratum] for stratum, n in kind), kind) for kind in kinds)

    def _distance(self, one: Kind, other: Kind) -> int:
        counts = dict(one)
        for stratum, n in other:
            counts[stratum] = counts.get(stratum, 0) - n
        return sum(self.weight[stratum] * n * n for stratum, n in counts.items())

    def _allowed(self, ones: list[int], others: list[int]) -> tuple[int, int] | None:
        if self._guard is None:
            return ones[0], others[0]
        tried = self._guard.candidates
        pairs = ((one, other) for one in ones[:tried] for other in others[:tried])
        return next((pair for pair in pairs if self._guard.allows(*pair)), None)

    def _make(self, one: int, other: int, source: str, target: str) -> None:
        for at, here, there in ((one, source, target), (other, target, source)):
            _move(self._balance, self._guard, at, there)
            self._members[here][self._kind[at]].remove(at)
            insort(self._members[there][self._kind[at]], at)
