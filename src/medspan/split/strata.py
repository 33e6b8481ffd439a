"""What should be spread evenly: tasks, entity types and relation types; and how to spread it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from medspan.core import Example

ALL = "examples"
"""The stratum that every example belongs to."""

MOST_SWAP_KINDS = 80
"""Swaps are tried between this many kinds of groups at most; above it, moves alone are tried."""

Load = Counter[str]
"""How many examples of each stratum a group, or a part, holds."""


def strata_of(example: Example) -> frozenset[str]:
    """The strata of an example: `task:T`, `entity:T` and `relation:T` of what its reference holds."""
    found = {ALL}
    if example.task is not None:
        found.add(f"task:{example.task}")
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
            stratum: Fraction(1) if stratum == ALL or stratum.startswith("task:") else Fraction(1, n)
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


def spread(loads: Sequence[Load], shares: Mapping[str, float], fixed: Mapping[int, str]) -> dict[int, str]:
    """The part of each group (by index), so that every stratum is shared out as `shares` say.

    Iterative stratification over groups (Sechidis, Tsoumakas and Vlahavas 2011): the rarest stratum
    first, each of its groups to the part that misses it most. Then single groups are moved, and
    kinds of groups swapped, as long as that brings the shares nearer. Groups in `fixed` stay; no
    part is left empty where there are groups enough.
    """
    balance = Balance(loads, shares, fixed)
    _place(balance)
    _fill_empty(balance)
    while _move(balance) or _swap(balance):
        pass
    return dict(balance.part_of)


def _place(balance: Balance) -> None:
    left = [at for at in range(len(balance.loads)) if at not in balance.part_of]
    remaining: Load = Counter()
    for at in left:
        remaining.update(balance.loads[at])
    while left:
        rarest = min((n, stratum) for stratum, n in remaining.items() if n > 0)[1]
        having = [at for at in left if balance.loads[at][rarest]]
        # Large groups first: small ones can still even out what they leave.
        for at in sorted(having, key=lambda at: (-balance.loads[at][ALL], at)):
            best = max(
                balance.parts,
                key=lambda part: (balance.missing(part, rarest), balance.missing(part, ALL)),
            )
            balance.put(at, best)
            remaining.subtract(balance.loads[at])
        left = [at for at in left if at not in balance.part_of]


def _fill_empty(balance: Balance) -> None:
    for part in balance.parts:
        if balance.groups[part]:
            continue
        donors = [
            at
            for at, its in balance.part_of.items()
            if at not in balance.fixed and len(balance.groups[its]) > 1
        ]
        if donors:
            balance.put(min(donors, key=lambda at: (balance.loads[at][ALL], at)), part)


def _kinds(balance: Balance) -> dict[tuple[str, tuple[tuple[str, int], ...]], list[int]]:
    """The groups that may move, by part and by what they hold: those of one kind are interchangeable."""
    kinds: defaultdict[tuple[str, tuple[tuple[str, int], ...]], list[int]] = defaultdict(list)
    for at in sorted(balance.part_of):
        if at not in balance.fixed:
            kinds[balance.part_of[at], tuple(sorted(balance.loads[at].items()))].append(at)
    return kinds


def _move(balance: Balance) -> bool:
    """Make every move of one group that lowers the cost; whether there was one."""
    moved = False
    for members in _kinds(balance).values():
        for at in members:
            source, load = balance.part_of[at], balance.loads[at]
            if len(balance.groups[source]) == 1:
                break
            gain = balance.change(source, _minus(load))
            cost, best = min(
                (gain + balance.change(part, load), part) for part in balance.parts if part != source
            )
            if cost >= 0:
                break
            balance.put(at, best)
            moved = True
    return moved


def _swap(balance: Balance) -> bool:
    """Make the swap of two groups that lowers the cost most; whether there was one."""
    kinds = [(part, members[0]) for (part, _), members in _kinds(balance).items()]
    if len(kinds) > MOST_SWAP_KINDS:
        return False
    best: tuple[Fraction, int, int] | None = None
    for place, (source, one) in enumerate(kinds):
        for target, other in kinds[place + 1 :]:
            if source == target:
                continue
            gained = _difference(balance.loads[other], balance.loads[one])
            cost = balance.change(source, gained) + balance.change(target, _minus(gained))
            if cost < 0 and (best is None or (cost, one, other) < best):
                best = (cost, one, other)
    if best is None:
        return False
    _, one, other = best
    source, target = balance.part_of[one], balance.part_of[other]
    balance.put(one, target)
    balance.put(other, source)
    return True


def _minus(load: Load) -> Load:
    return Counter({stratum: -n for stratum, n in load.items()})


def _difference(one: Load, other: Load) -> Load:
    return Counter({stratum: one[stratum] - other[stratum] for stratum in one.keys() | other.keys()})
