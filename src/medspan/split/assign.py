"""Cut examples into parts so that nothing leaks and everything is shared out evenly."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from medspan.core import Example, InputError
from medspan.split.groups import Group, Links, text_key
from medspan.split.held import LeftOut, join_held
from medspan.split.hold_out import hold_out
from medspan.split.leaks import leaks_between
from medspan.split.pins import Pin, pinned_part
from medspan.split.report import SplitReport, shares_of
from medspan.split.shares import DEFAULT_SHARES, check_shares
from medspan.split.spread import spread
from medspan.split.strata import load_of
from medspan.split.unseen import TEST, TRAIN, strings_of, unseen_in

Held = Mapping[str, Sequence[Example]]


@dataclass(frozen=True, slots=True)
class SplitResult:
    """The parts, each in the order of a reproducible shuffle, and the report on them.

    Examples that had their part come first, as they were given. `left_out` are in no part.
    """

    parts: dict[str, tuple[Example, ...]]
    report: SplitReport
    left_out: tuple[LeftOut, ...] = ()


def assign(
    examples: Iterable[Example],
    *,
    shares: Mapping[str, float] = DEFAULT_SHARES,
    seed: int = 0,
    pinned: Pin | None = None,
    held: Held = MappingProxyType({}),
    unseen: float | None = None,
) -> SplitResult:
    """Send every example to one part; returned examples carry it as `split`.

    Examples of one `document.group`, of one id in one file, of one text (letter case and white space
    aside) or of nearly one text always share a part. `shares` sum to 1 and name the parts. `pinned` may
    name the part of an example, and its whole group goes there; a part with pinned examples may get
    others too. The outcome depends on what the examples hold and on `seed`, not on their order.

    `held` are further examples that have their part and never leave it: others that belong with them
    join them, or are left out where they belong with several parts. A part of `held` that has no share
    gets nothing else, and what belongs with it is left out. With `unseen`, at least this share (0 to 1)
    of the distinct strings of test is not in train.

    ConfigError where shares are unusable or `pinned` names no part; InputError where there are fewer
    groups than parts, where examples that must stay together are pinned to different parts, or where
    `unseen` cannot be reached.
    """
    check_shares(shares)
    pool = _pooled(examples, held, shares, seed)
    units, fixed = _units(pool, shares)
    _check_enough(pool, units, fixed, shares)
    pins = Counter[str]()
    for at, members in enumerate(units):
        part = pinned_part(members, pool.rows, shares, pinned, pins) if pinned else None
        if part is not None:
            fixed[at] = part
    loads = [load_of([pool.rows[row] for row in members]) for members in units]
    balance = spread(loads, shares, fixed)
    if unseen is not None:
        hold_out(balance, [strings_of(pool.rows[row] for row in members) for members in units], unseen)
    part_of = list(pool.part_of)
    for at, members in enumerate(units):
        for row in members:
            part_of[row] = balance.part_of[at]
    parts = _parts(pool, part_of, (*shares, *pool.closed))
    report = SplitReport(
        len(pool.rows) - len(pool.out),
        len(pool.groups),
        dict(pool.joins),
        pins.total(),
        seed,
        shares_of({part: load_of(parts[part]) for part in shares}, shares),
        {part: len(parts[part]) for part in pool.closed},
        len(pool.out),
        leaks_between(
            pool.links, [part or row.split for part, row in zip(pool.stands, pool.rows, strict=True)]
        ),
        leaks_between(pool.links, part_of),
        unseen_in(parts[TEST], parts[TRAIN], unseen) if parts.keys() >= {TEST, TRAIN} else None,
    )
    return SplitResult(parts, report, tuple(pool.out.values()))


def in_order(examples: Iterable[Example], seed: int) -> list[Example]:
    """The examples in the order of the shuffle, which is decided by what they hold."""
    return sorted(examples, key=lambda example: _order(example, seed))


def _order(example: Example, seed: int) -> tuple[str, ...]:
    # Ids and places come last: those of rows without an id of their own say where they stand in which file.
    return (
        text_key(example.document.text, seed),
        example.task or "",
        example.document.text,
        example.document.group or "",
        repr(sorted(example.document.metadata.items())),
        repr((example.reference, example.predicted, example.raw, example.source)),
        example.id,
        repr(example.place),
    )


@dataclass(frozen=True, slots=True)
class _Pool:
    """All rows: first those that came with their part (`stands`, else None), then the others in order.

    `part_of` has the parts of those that belong with them too. `out` are left out, `groups` are those
    of the rest, and `closed` parts get nothing else.
    """

    rows: list[Example]
    stands: list[str | None]
    part_of: list[str | None]
    closed: tuple[str, ...]
    links: Links
    out: dict[int, LeftOut]
    groups: list[Group]
    joins: Counter[str]


def _pooled(examples: Iterable[Example], held: Held, shares: Mapping[str, float], seed: int) -> _Pool:
    rows = [row for its in held.values() for row in its]
    stands: list[str | None] = [part for part, its in held.items() for _ in its]
    rows += in_order(examples, seed)
    stands += [None] * (len(rows) - len(stands))
    closed = tuple(part for part in held if part not in shares)
    links = Links(rows)
    part_of, out = join_held(links, rows, stands, closed)
    groups, joins = links.groups((at for at in range(len(rows)) if at not in out), seed)
    return _Pool(rows, stands, part_of, closed, links, out, groups, joins)


def _units(pool: _Pool, shares: Mapping[str, float]) -> tuple[list[tuple[int, ...]], dict[int, str]]:
    """The rows that stay together, and the part of those that have one (by index); none of closed parts.

    They are the groups, but one that several parts held already is a unit in each of them.
    """
    units: list[tuple[int, ...]] = []
    fixed: dict[int, str] = {}
    for group in pool.groups:
        by_part: defaultdict[str | None, list[int]] = defaultdict(list)
        for row in group.members:
            by_part[pool.part_of[row]].append(row)
        for part, members in by_part.items():
            if part is None:
                units.append(tuple(members))
            elif part in shares:
                fixed[len(units)] = part
                units.append(tuple(members))
    return units, fixed


def _check_enough(
    pool: _Pool, units: Sequence[tuple[int, ...]], fixed: Mapping[int, str], shares: Mapping[str, float]
) -> None:
    """InputError where a part would stay empty."""
    free = len(units) - len(fixed)
    empty = [part for part in shares if part not in fixed.values()]
    if free >= len(empty):
        return
    of = len(pool.rows) - sum(part is not None for part in pool.stands)
    said = f"{of} examples form {free} inseparable groups, for {len(empty)} parts"
    if pool.out:
        said += f", once {len(pool.out)} that leak are left out"
    raise InputError(
        said,
        cause="the examples are too few, or share one document group, one id or nearly one text",
        remedy="give more documents, or ask for fewer parts (--shares 0.8,0,0.2 leaves the second out)",
    )


def _parts(
    pool: _Pool, part_of: Sequence[str | None], names: Iterable[str]
) -> dict[str, tuple[Example, ...]]:
    parts: dict[str, list[Example]] = {part: [] for part in names}
    for at, (row, part) in enumerate(zip(pool.rows, part_of, strict=True)):
        if part is not None and at not in pool.out:
            parts[part].append(replace(row, split=part))
    return {part: tuple(its) for part, its in parts.items()}
