"""What a split did: the shares of every stratum in every part, and where they are off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medspan.split.strata import ALL, Load

TOLERANCE = 0.01
"""Largest deviation of a share (0 to 1) that is not reported."""


@dataclass(frozen=True, slots=True)
class Share:
    """How a stratum fell: `count` of its `total` examples are in `part`, and `wanted` is the share asked for.

    Strata: `examples` (all), `task:T`, `entity:T`, `relation:T` (examples with at least one).
    """

    stratum: str
    part: str
    count: int
    total: int
    wanted: float

    @property
    def share(self) -> float:
        return self.count / self.total

    @property
    def deviation(self) -> float:
        """Share minus wanted share; positive where the part has too many."""
        return self.share - self.wanted

    def to_json(self) -> dict[str, Any]:
        return {
            "stratum": self.stratum,
            "part": self.part,
            "count": self.count,
            "total": self.total,
            "share": self.share,
            "wanted": self.wanted,
            "deviation": self.deviation,
        }


@dataclass(frozen=True, slots=True)
class SplitReport:
    """The shares of every stratum in every part, and why examples had to stay together.

    `joins` counts by reason (`group`, `text`, `near-duplicate`) how often two sets of examples were
    joined; `pinned` counts the examples that were sent to their part.
    """

    examples: int
    groups: int
    joins: Mapping[str, int]
    pinned: int
    seed: int
    shares: tuple[Share, ...]

    @property
    def deviating(self) -> tuple[Share, ...]:
        """Shares more than one percentage point from what was asked for, the largest deviation first."""
        off = [share for share in self.shares if abs(share.deviation) > TOLERANCE + 1e-12]
        return tuple(sorted(off, key=lambda share: (-abs(share.deviation), share.stratum, share.part)))

    def lines(self) -> list[str]:
        """The report in sentences: sizes, joins, and how many shares are off."""
        parts = ", ".join(f"{s.part} {s.count} ({s.share:.1%})" for s in self.shares if s.stratum == ALL)
        told = [f"{self.examples} examples in {self.groups} groups that must stay together: {parts}."]
        joined = ", ".join(f"{reason} {n}" for reason, n in self.joins.items() if n)
        if joined:
            told.append(f"Joined because of: {joined}.")
        if self.pinned:
            told.append(f"{self.pinned} examples were pinned to their part.")
        within = len(self.shares) - len(self.deviating)
        told.append(
            f"{within} of {len(self.shares)} shares (of parts, tasks, types) are within one percentage point "
            "of what was wanted."
        )
        return told

    def deviations(self, shown: int) -> list[str]:
        """The shares that are off in sentences, the largest `shown` of them, and how many more there are."""
        told = [
            f"{s.part} has {s.count} of {s.total} {_named(s.stratum)} "
            f"({s.share:.1%}, wanted {s.wanted:.1%}): as near as moving whole groups brought it."
            for s in self.deviating[:shown]
        ]
        more = len(self.deviating) - shown
        if more > 0:
            told.append(f"{more} further shares are off by less (--json FILE lists them all).")
        return told

    def to_json(self) -> dict[str, Any]:
        return {
            "schema_version": 1,
            "examples": self.examples,
            "groups": self.groups,
            "joins": dict(self.joins),
            "pinned": self.pinned,
            "seed": self.seed,
            "shares": [share.to_json() for share in self.shares],
            "deviating": [share.to_json() for share in self.deviating],
        }


def _named(stratum: str) -> str:
    # A stratum counts examples, not relations: an example with three `causes` counts once.
    return stratum if stratum == ALL else f"examples with {stratum}"


def shares_of(held: Mapping[str, Load], wanted: Mapping[str, float]) -> tuple[Share, ...]:
    """The share of every stratum in every part, strata in order of name with `examples` first."""
    total: Counter[str] = sum(held.values(), Counter())
    strata = sorted(total, key=lambda stratum: (stratum != ALL, stratum))
    return tuple(
        Share(stratum, part, held[part][stratum], total[stratum], wanted[part])
        for stratum in strata
        for part in wanted
    )
