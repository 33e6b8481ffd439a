"""K folds: every example is tested on once, by a model that has not seen its document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from medspan.core import ConfigError, Example, InputError
from medspan.split.assign import in_order
from medspan.split.groups import Group, Links
from medspan.split.leaks import Leak, leaks_between
from medspan.split.report import Share, SplitReport, shares_of
from medspan.split.shares import check_shares
from medspan.split.spread import spread
from medspan.split.strata import Load, load_of
from medspan.split.unseen import TEST

REST: Mapping[str, float] = {"train": 1.0}


@dataclass(frozen=True, slots=True)
class Folds:
    """The parts of each fold, by its name, and the report on the test parts.

    Shares of the report are those of the folds' test parts in all examples; `within` has those of the
    other parts in the rest of each fold, where there are several.
    """

    parts: dict[str, dict[str, tuple[Example, ...]]]
    report: SplitReport
    within: dict[str, tuple[Share, ...]]

    @property
    def deviating(self) -> dict[str, tuple[Share, ...]]:
        """By fold the shares within its rest that are more than one percentage point off."""
        off = {fold: tuple(share for share in shares if share.is_off) for fold, shares in self.within.items()}
        return {fold: shares for fold, shares in off.items() if shares}


def folds(
    examples: Iterable[Example], count: int, *, rest: Mapping[str, float] = REST, seed: int = 0
) -> Folds:
    """Cut examples into `count` folds (`fold-1` ...): one is `test` in turn, the others its rest.

    Groups and strata are those of `assign`; each group is in exactly one test part. `rest` shares out
    the rest of each fold: train alone, or with validation. The outcome depends on what the examples
    hold and on `seed`. ConfigError for fewer than two folds; InputError for more folds than groups.
    """
    check_shares(rest)
    if count < 2:
        raise ConfigError(
            f"--folds is {count}", cause="one part alone leaves nothing to train on", remedy="for instance 5"
        )
    rows = in_order(examples, seed)
    links = Links(rows)
    groups, joins = links.groups(range(len(rows)), seed)
    if len(groups) < count:
        raise _too_few(rows, groups, f"{count} folds")
    loads = [load_of([rows[row] for row in group.members]) for group in groups]
    shares = {f"fold-{number}": 1 / count for number in range(1, count + 1)}
    fold_of = spread(loads, shares, {}).part_of
    parts: dict[str, dict[str, tuple[Example, ...]]] = {}
    within: dict[str, tuple[Share, ...]] = {}
    leaks: list[Leak] = []
    for fold in shares:
        others = [at for at in range(len(groups)) if fold_of[at] != fold]
        if len(others) < len(rest):
            raise _too_few(rows, groups, f"{count} folds of {len(rest) + 1} parts")
        part_of = dict.fromkeys(range(len(groups)), TEST) | _spread_rest(others, loads, rest)
        by_row = {row: part_of[at] for at, group in enumerate(groups) for row in group.members}
        parts[fold] = {part: _chosen(rows, by_row, part) for part in (*rest, TEST)}
        if len(rest) > 1:
            within[fold] = shares_of({part: load_of(parts[fold][part]) for part in rest}, rest)
        leaks += leaks_between(links, [by_row[row] for row in range(len(rows))])
    report = SplitReport(
        len(rows),
        len(groups),
        dict(joins),
        0,
        seed,
        shares_of({fold: load_of(parts[fold][TEST]) for fold in shares}, shares),
        leaks_before=leaks_between(links, [row.split for row in rows]),
        leaks=tuple(leaks),
    )
    return Folds(parts, report, within)


def _too_few(rows: Sequence[Example], groups: Sequence[Group], wanted: str) -> InputError:
    return InputError(
        f"{len(rows)} examples form {len(groups)} inseparable groups, for {wanted}",
        cause="the examples are too few, or share one document group, one id or nearly one text",
        remedy="ask for fewer folds, or give more documents",
    )


def _spread_rest(others: Sequence[int], loads: Sequence[Load], rest: Mapping[str, float]) -> dict[int, str]:
    if len(rest) == 1:
        return dict.fromkeys(others, next(iter(rest)))
    placed = spread([loads[at] for at in others], rest, {}).part_of
    return {at: placed[number] for number, at in enumerate(others)}


def _chosen(rows: Sequence[Example], by_row: Mapping[int, str], part: str) -> tuple[Example, ...]:
    return tuple(replace(row, split=part) for at, row in enumerate(rows) if by_row[at] == part)
