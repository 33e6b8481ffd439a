"""Spread groups over the parts so that every stratum is shared out as wanted."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction

from medspan.split.refine import refine
from medspan.split.strata import ALL, Balance, Load

MOST_SWAP_KINDS = 80
"""The best swap of all is looked for among this many kinds of groups at most."""


def spread(loads: Sequence[Load], shares: Mapping[str, float], fixed: Mapping[int, str]) -> Balance:
    """Put each group (by index) into a part, so that every stratum is shared out as `shares` say.

    Iterative stratification over groups (Sechidis, Tsoumakas and Vlahavas 2011): the rarest stratum
    first, each of its groups to the part that misses it most. Then single groups are moved, and
    kinds of groups swapped, as long as that brings the shares nearer; where some are still off, more
    swaps are tried. Groups in `fixed` stay; no part is left empty where there are groups enough.
    """
    balance = Balance(loads, shares, fixed)
    _place(balance)
    _fill_empty(balance)
    if len(balance.parts) > 1:
        while _move(balance) or _swap(balance):
            pass
        refine(balance)
    return balance


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
