"""What a split did: the shares of every stratum in every part, where they are off, and what leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from medspan.split.leaks import Leak
from medspan.split.strata import ALL, TOLERANCE, Load
from medspan.split.unseen import Unseen


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

    @property
    def is_off(self) -> bool:
        """Whether it is more than one percentage point from what was wanted."""
        return abs(self.deviation) > TOLERANCE + 1e-12

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

    `joins` counts by reason (`group`, `id`, `text`, `near-duplicate`) how often two sets of examples
    were joined; `pinned` counts the examples that were sent to their part. `kept` has the sizes of parts
    that stayed as they were and have no share, `left_out` the number of examples that are in no part.
    `leaks_before` are those between the splits that the examples came from, `leaks` what is left of
    them, which can be only between examples that had their part. `unseen`: the strings of test that
    train does not have; None without both parts.
    """

    examples: int
    groups: int
    joins: Mapping[str, int]
    pinned: int
    seed: int
    shares: tuple[Share, ...]
    kept: Mapping[str, int] = field(default_factory=dict)
    left_out: int = 0
    leaks_before: tuple[Leak, ...] = ()
    leaks: tuple[Leak, ...] = ()
    unseen: Unseen | None = None

    @property
    def deviating(self) -> tuple[Share, ...]:
        """Shares more than one percentage point from what was asked for, the largest deviation first."""
        off = [share for share in self.shares if share.is_off]
        return tuple(sorted(off, key=lambda share: (-abs(share.deviation), share.stratum, share.part)))

    def lines(self) -> list[str]:
        """The report in sentences: sizes, joins, leaks, unseen strings, and how many shares are off."""
        parts = [f"{s.part} {s.count} ({s.share:.1%})" for s in self.shares if s.stratum == ALL]
        parts += [f"{part} {count} (kept as it is)" for part, count in self.kept.items()]
        told = [
            f"{self.examples} examples in {self.groups} groups that must stay together: {', '.join(parts)}."
        ]
        joined = ", ".join(f"{reason} {n}" for reason, n in self.joins.items() if n)
        if joined:
            told.append(f"Joined because of: {joined}.")
        if self.pinned:
            told.append(f"{self.pinned} examples were pinned to their part.")
        told += self._leak_lines()
        if self.unseen is not None and self.unseen.share is not None:
            told.append(
                f"{self.unseen.unseen} of {self.unseen.strings} distinct strings of test "
                f"({self.unseen.share:.1%}) do not occur in train."
            )
        within = len(self.shares) - len(self.deviating)
        told.append(
            f"{within} of {len(self.shares)} shares (of parts, tasks, types) are within one percentage point "
            "of what was wanted."
        )
        return told

    def _leak_lines(self) -> list[str]:
        still = {(leak.part, leak.against) for leak in self.leaks}
        told = [
            f"As they came, {leak.count} of {leak.total} examples of {leak.part} "
            f"({leak.count / leak.total:.1%}) had their document or nearly their text in {leak.against}."
            for leak in self.leaks_before
            if (leak.part, leak.against) not in still
        ]
        told += [
            f"STILL LEAKING: {leak.count} of {leak.total} examples of {leak.part} "
            f"({leak.count / leak.total:.1%}) have their document or nearly their text in {leak.against}, "
            "since neither was to be moved: cut the corpus anew, without --extend or --keep, to mend it."
            for leak in self.leaks
        ]
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
            "kept": dict(self.kept),
            "left_out": self.left_out,
            "leaks_before": [leak.to_json() for leak in self.leaks_before],
            "leaks": [leak.to_json() for leak in self.leaks],
            "unseen": self.unseen.to_json() if self.unseen else None,
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
