"""What should be spread evenly: tasks, entity types and relation types; and how far a split is from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from fractions import Fraction

from medspan.core import Example

ALL = "examples"
"""The stratum that every example belongs to."""

TASK = "task:"
"""How the strata of tasks begin."""

TOLERANCE = 0.01
"""Largest deviation of a share (0 to 1) from what was wanted that is not reported."""

Load = Counter[str]
"""How many examples of each stratum a group, or a part, holds."""


def strata_of(example: Example) -> frozenset[str]:
    """The strata of an example: `task:T`, `entity:T` and `relation:T` of what its reference holds."""
    found = {ALL}
    if example.task is not None:
        found.add(f"{TASK}{example.task}")
    if example.reference is not None:
        found |= {f"entity:{mention.type}" for mention in example.reference.mentions}
        found |= {f"entity:{mention.type}" for mention in example.reference.unaligned}
        found |= {f"relation:{relation.type}" for relation in example.reference.relations}
    return frozenset(found)


def load_of(examples: Sequence[Example]) -> Load:
    """How many of the examples belong to each stratum."""
    return Counter(stratum for example in examples for stratum in strata_of(example))


class Balance:
    """Groups in parts, and how far each stratum is from the shares wanted.

    The cost is the sum over parts and strata of (examples held - examples wanted)^2, divided by the
    stratum's size except for tasks and the size of the parts: rare types, which no split can share
    out exactly, must not buy their balance with that of the whole. Fractions, so that the outcome
    hangs on no rounding.
    """

    def __init__(self, loads: Sequence[Load], shares: Mapping[str, float], fixed: Mapping[int, str]) -> None:
        self.loads = loads
        self.parts = tuple(shares)
        self.fixed = fixed
        self.total: Load = sum(loads, Counter())
        self.wanted = {
            part: {stratum: Fraction(str(share)) * n for stratum, n in self.total.items()}
            for part, share in shares.items()
        }
        self.weight = {
            stratum: Fraction(1) if stratum == ALL or stratum.startswith(TASK) else Fraction(1, n)
            for stratum, n in self.total.items()
        }
        self.held: dict[str, Load] = {part: Counter() for part in self.parts}
        self.groups: dict[str, set[int]] = {part: set() for part in self.parts}
        self.part_of: dict[int, str] = {}
        for at, part in fixed.items():
            self.put(at, part)

    def put(self, at: int, part: str) -> None:
        """Place a group, or move it."""
        before = self.part_of.get(at)
        if before is not None:
            self.held[before].subtract(self.loads[at])
            self.groups[before].remove(at)
        self.part_of[at] = part
        self.groups[part].add(at)
        self.held[part].update(self.loads[at])

    def missing(self, part: str, stratum: str) -> Fraction:
        return self.wanted[part][stratum] - self.held[part][stratum]

    def change(self, part: str, added: Load) -> Fraction:
        """What adding `added` (counts may be negative) to a part adds to the cost."""
        return sum(
            (
                n * (n - 2 * self.missing(part, stratum)) * self.weight[stratum]
                for stratum, n in added.items()
            ),
            Fraction(0),
        )
