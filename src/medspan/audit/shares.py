"""Whether two splits hold something in different shares, beyond what chance does."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

LARGE = 0.05
"""Differences of shares up to this are not reported however certain they are."""
CERTAIN = 0.001
"""The probability of one false alarm in a comparison of two parts, over all that is compared."""
GRAVE = 0.25
"""From this difference on two parts ask for different things."""


@dataclass(frozen=True, slots=True)
class Drift:
    """`name` makes up `share` of the rows of one part and `other` of the other's."""

    name: str
    share: float
    other: float

    @property
    def difference(self) -> float:
        return abs(self.share - self.other)

    def __str__(self) -> str:
        return f"{self.name} {self.share:.1%} against {self.other:.1%}"


def drifts(here: Mapping[str, int], size: int, there: Mapping[str, int], other: int) -> list[Drift]:
    """The names whose shares of the rows differ by more than 5 points and not by chance, largest first.

    `here` and `there` count rows by name, out of `size` and `other`. A two-sided z-test of two
    proportions at 0.001, divided by the number of names (Bonferroni); rows that come in groups differ
    by more than the test knows, which the 5 points allow for.
    """
    if not size or not other:
        return []
    names = sorted(set(here) | set(there))
    found = []
    for name in names:
        one, two = here.get(name, 0), there.get(name, 0)
        drift = Drift(name, one / size, two / other)
        pooled = (one + two) / (size + other)
        error = math.sqrt(pooled * (1 - pooled) * (1 / size + 1 / other))
        if drift.difference > LARGE and error:
            chance = math.erfc(drift.difference / error / math.sqrt(2))
            if chance < CERTAIN / len(names):
                found.append(drift)
    return sorted(found, key=lambda drift: (-drift.difference, drift.name))
