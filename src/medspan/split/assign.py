"""Cut examples into parts so that nothing leaks and everything is shared out evenly."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from medspan.core import ConfigError, Example, InputError
from medspan.split.groups import Group, leak_groups, text_key
from medspan.split.report import SplitReport, shares_of
from medspan.split.strata import load_of, spread

DEFAULT_SHARES: Mapping[str, float] = MappingProxyType({"train": 0.8, "validation": 0.1, "test": 0.1})

Pin = Callable[[Example], str | None]


@dataclass(frozen=True, slots=True)
class SplitResult:
    """The parts, each in the order of a reproducible shuffle, and the report on them."""

    parts: dict[str, tuple[Example, ...]]
    report: SplitReport


def assign(
    examples: Iterable[Example],
    *,
    shares: Mapping[str, float] = DEFAULT_SHARES,
    seed: int = 0,
    pinned: Pin | None = None,
) -> SplitResult:
    """Send every example to one part; returned examples carry it as `split`.

    Examples of one `document.group`, of one text (letter case and white space aside) or of nearly
    one text always share a part. `shares` sum to 1 and name the parts. `pinned` may name the part
    of an example, and its whole group goes there; a part with pinned examples may get others too.
    The outcome depends on what the examples hold and on `seed`, not on their order.

    ConfigError where shares are unusable or `pinned` names no part; InputError where there are
    fewer groups than parts, or examples that must stay together are pinned to different parts.
    """
    _check_shares(shares)
    rows = sorted(examples, key=lambda example: _order(example, seed))
    groups, joins = leak_groups(rows, seed=seed)
    if len(groups) < len(shares):
        raise InputError(
            f"{len(rows)} examples form {len(groups)} inseparable groups, for {len(shares)} parts",
            cause="the examples are too few, or share one document group or nearly one text",
            remedy="give more documents, or ask for fewer parts (--shares 0.8,0,0.2 leaves the second out)",
        )
    fixed: dict[int, str] = {}
    pins = Counter[str]()
    for at, group in enumerate(groups):
        part = _pinned_part(group, rows, shares, pinned, pins)
        if part is not None:
            fixed[at] = part
    loads = [load_of([rows[row] for row in group.members]) for group in groups]
    part_of = spread(loads, shares, fixed)
    parts: dict[str, list[Example]] = {part: [] for part in shares}
    place = {row: part_of[at] for at, group in enumerate(groups) for row in group.members}
    for row, example in enumerate(rows):
        parts[place[row]].append(replace(example, split=place[row]))
    held = {part: load_of(its) for part, its in parts.items()}
    report = SplitReport(len(rows), len(groups), dict(joins), pins.total(), seed, shares_of(held, shares))
    return SplitResult({part: tuple(its) for part, its in parts.items()}, report)


def _order(example: Example, seed: int) -> tuple[str, ...]:
    """The place of an example in the shuffle, decided by what it holds."""
    return (
        text_key(example.document.text, seed),
        example.task or "",
        example.id,
        example.document.text,
        example.document.group or "",
        repr(sorted(example.document.metadata.items())),
        repr((example.reference, example.predicted, example.raw, example.source, example.place)),
    )


def _check_shares(shares: Mapping[str, float]) -> None:
    if not shares:
        raise ConfigError(
            "shares names no part", remedy="give for example train=0.8, validation=0.1, test=0.1"
        )
    for part, share in shares.items():
        if not (math.isfinite(share) and share > 0):
            raise ConfigError(
                f"shares.{part} is {share}",
                cause="every part needs a share above 0",
                remedy="leave the part out, or give it a share",
            )
    total = math.fsum(shares.values())
    if abs(total - 1) > 1e-6:
        stated = ", ".join(f"{part}={share}" for part, share in shares.items())
        raise ConfigError(
            f"shares sum to {total:g} ({stated})",
            cause="percentages where shares are asked for, or a part left out",
            remedy="give shares from 0 to 1 that sum to 1",
        )


def _pinned_part(
    group: Group, rows: list[Example], shares: Mapping[str, float], pinned: Pin | None, pins: Counter[str]
) -> str | None:
    """The part that a group is pinned to, if any; `pins` counts its examples that were."""
    if pinned is None:
        return None
    found: tuple[str, Example] | None = None
    for row in group.members:
        part = pinned(rows[row])
        if part is None:
            continue
        if part not in shares:
            raise ConfigError(
                f"{rows[row].id} is pinned to {part!r}, which is no part",
                cause=f"the parts are {', '.join(shares)}",
                remedy="pin to one of the parts, or give the part a share",
            )
        if found is not None and found[0] != part:
            raise InputError(
                f"{found[1].id} is pinned to {found[0]} and {rows[row].id} to {part}",
                cause="the two belong to one document group, or their texts are equal or nearly so",
                remedy="pin both to one part, or drop one of them",
                place=rows[row].place,
            )
        found = found or (part, rows[row])
        pins[part] += 1
    return found[0] if found else None
