"""Figures that a page on data draws: shares of tasks and types, lengths, strings that come up again."""

from __future__ import annotations

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from medspan.audit.data import Data, Part, Row
from medspan.audit.lengths import asked
from medspan.audit.targets import strings, triples
from medspan.text import bare_id, fold

MOST_NAMES = 20
"""Types in a table; rarer ones are put together."""
MOST_FREQUENT = 10
"""Strings of a type that are named."""
KINDS = ("entities", "relations")
WRITTEN = "prompt and target"
BARS_A_STEP = 5
"""Bars of a distribution between two numbers on its axis."""


@dataclass(frozen=True, slots=True)
class Shares:
    """How often each name occurs in each split: `counts` has one number a split, in the splits' order.

    `names` are the most frequent first; `others` says how many rare ones the last row stands for.
    """

    unit: str
    splits: tuple[str, ...]
    totals: tuple[int, ...]
    names: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    others: int = 0

    def share(self, row: int, split: int) -> float | None:
        """The share of a split's total; None where the split has none at all."""
        return self.counts[row][split] / self.totals[split] if self.totals[split] else None

    @property
    def full_bar(self) -> float:
        """The share that a bar of full width stands for: 1 unless all of them are small."""
        places = [(row, split) for row in range(len(self.counts)) for split in range(len(self.splits))]
        largest = max((self.share(*place) or 0.0 for place in places), default=0.0)
        return next(full for full in (0.05, 0.1, 0.2, 0.5, 1.0) if largest <= full)


def task_shares(data: Data) -> Shares | None:
    """Rows by task; None where no row names one."""
    if all(row.task is None for row in data.rows):
        return None
    return _shares("rows", data, lambda row: [row.task or "(no task)"])


def entity_shares(data: Data) -> Shares | None:
    """Listed mentions by type; None where there are none."""
    return _shares("mentions", data, lambda row: [item.type for item in row.listed])


def relation_shares(data: Data) -> Shares | None:
    """Relations by type; None where there are none."""
    return _shares("relations", data, lambda row: [one.type for one in row.reference.relations])


def _shares(unit: str, data: Data, names: Callable[[Row], Iterable[str]]) -> Shares | None:
    counted = [Counter(name for row in part.rows for name in names(row)) for part in data.parts]
    whole = sum(counted, Counter[str]())
    if not whole:
        return None
    ordered = sorted(whole, key=lambda name: (-whole[name], name))
    shown, rest = ordered[:MOST_NAMES], ordered[MOST_NAMES:]
    counts = [tuple(count[name] for count in counted) for name in shown]
    if rest:
        counts.append(tuple(sum(count[name] for name in rest) for count in counted))
    return Shares(
        unit,
        tuple(part.name for part in data.parts),
        tuple(count.total() for count in counted),
        tuple(shown),
        tuple(counts),
        len(rest),
    )


@dataclass(frozen=True, slots=True)
class SplitLengths:
    """Lengths of one split's rows: some quantiles, rows by bar, rows beyond the axis and over the limit.

    Each bar holds its right end and not its left one, the first both: a bar that begins at the limit
    holds longer rows only.
    """

    split: str
    rows: int
    least: int
    median: int
    nearly_all: int
    greatest: int
    bars: tuple[int, ...]
    beyond: int
    over: int | None


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths in `unit` of what `measured` names, on an axis from 0 to `top` in steps of `step`.

    `limit`: most tokens that the user's training keeps; `over` of the splits counts longer rows.
    """

    unit: str
    measured: str
    limit: int | None
    step: int
    top: int
    splits: tuple[SplitLengths, ...]


def lengths(data: Data) -> list[Lengths]:
    """The distribution of characters, and of tokens where it is known how to count them.

    Measured is what a model is trained on, prompt and target. Rows of formats without a prompt have the
    characters of their text, and the tokens of what `medspan train` would write (`audit.lengths`). The
    axis ends beyond 99% of every split and, where it is near, beyond the limit.
    """
    parts = [part for part in data.parts if part.rows]
    if not parts:
        return []
    with_prompt = sum(row.written is not None for part in parts for row in part.rows)
    of_all = with_prompt == sum(map(len, parts))
    measured = WRITTEN if of_all else "the text"
    if with_prompt and not of_all:
        measured = f"{WRITTEN}, or of the text of rows that have no prompt"
    characters = {part.name: [_characters(row) for row in part.rows] for part in parts}
    found = [_distribution("characters", measured, None, characters)]
    counted = asked(data)
    if counted is not None:
        measured = WRITTEN if of_all else f"{WRITTEN}, as medspan train would write them"
        tokens = {part.name: [one.tokens for one in counted[part.name]] for part in parts}
        found.append(_distribution("tokens", measured, data.max_length, tokens))
    return found


def _characters(row: Row) -> int:
    return len(row.written.prompt) + len(row.written.target) if row.written else len(row.text)


def _distribution(
    unit: str, measured: str, limit: int | None, counted: Mapping[str, Sequence[int]]
) -> Lengths:
    ordered = {name: sorted(lengths) for name, lengths in counted.items()}
    wanted = max(_quantile(lengths, 0.99) for lengths in ordered.values())
    if limit is not None and limit < 3 * wanted:
        wanted = max(wanted, limit + 1)
    step = _round_step(wanted)
    top = step * math.ceil(max(wanted, 1) / step)
    splits = []
    for name, lengths in ordered.items():
        within = Counter(max(0, -(-length * BARS_A_STEP // step) - 1) for length in lengths)
        splits.append(
            SplitLengths(
                name,
                len(lengths),
                lengths[0],
                _quantile(lengths, 0.5),
                _quantile(lengths, 0.95),
                lengths[-1],
                tuple(within[bar] for bar in range(BARS_A_STEP * top // step)),
                sum(length > top for length in lengths),
                None if limit is None else sum(length > limit for length in lengths),
            )
        )
    return Lengths(unit, measured, limit, step, top, tuple(splits))


def _quantile(ordered: Sequence[int], share: float) -> int:
    """The smallest value that at least this share of all does not exceed (nearest rank)."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def _round_step(wanted: int) -> int:
    """1, 2.5 or 5 times a power of ten, 5 at the least: at most eight of it reach `wanted`."""
    step = 5
    for factor in itertools.cycle((2, 2.5, 2)):
        if wanted <= 8 * step:
            break
        step = int(step * factor)
    return step


@dataclass(frozen=True, slots=True)
class Seen:
    """Of a split's strings (distinct) and their occurrences, those that training shows."""

    split: str
    strings: int
    seen_strings: int
    occurrences: int
    seen_occurrences: int


@dataclass(frozen=True, slots=True)
class Repeated:
    """The strings of a type in the training part, or in all data where there is one part only.

    `frequent`: those of the ten most frequent that stand in several rows, with the number of rows.
    `share`: what the ten make up of all occurrences, None where there are none. `seen` has one entry
    for each other split.
    """

    kind: str
    type: str
    strings: int
    occurrences: int
    frequent: tuple[tuple[str, int], ...]
    share: float | None
    seen: tuple[Seen, ...]


def repeated_strings(data: Data) -> list[Repeated]:
    """What can be known by heart: strings by entity type, then (head, tail) by relation type.

    Letter case and white space aside; a string that a row lists several times counts once a row.
    """
    names = _concept_names(data.rows)

    def mentions(row: Row) -> Iterator[tuple[str, str]]:
        yield from strings([row])

    def relations(row: Row) -> Iterator[tuple[str, str]]:
        for head, type_, tail in triples([row]):
            yield type_, f"{names.get(head, head)} → {names.get(tail, tail)}"

    return [*_repeated("entities", data, mentions), *_repeated("relations", data, relations)]


def _repeated(kind: str, data: Data, of: Callable[[Row], Iterable[tuple[str, str]]]) -> Iterator[Repeated]:
    def counted(parts: Iterable[Part]) -> defaultdict[str, Counter[str]]:
        found: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for part in parts:
            for row in part.rows:
                for type_, string in of(row):
                    found[type_][string] += 1
        return found

    known = counted([data.train] if data.train else data.parts)
    others = {part.name: counted([part]) for part in data.parts if data.train and part is not data.train}
    whole = Counter({type_: counts.total() for type_, counts in known.items()})
    for held in others.values():
        whole.update({type_: counts.total() for type_, counts in held.items()})
    for type_ in sorted(whole, key=lambda name: (-whole[name], name)):
        counts = known[type_]
        first = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_FREQUENT]
        yield Repeated(
            kind,
            type_,
            len(counts),
            counts.total(),
            tuple((string, count) for string, count in first if count > 1),
            sum(count for _, count in first) / counts.total() if counts else None,
            tuple(_seen(name, held[type_], counts) for name, held in others.items()),
        )


def _seen(split: str, here: Mapping[str, int], known: Mapping[str, int]) -> Seen:
    seen = {string: count for string, count in here.items() if string in known}
    return Seen(split, len(here), len(seen), sum(here.values()), sum(seen.values()))


def _concept_names(rows: Iterable[Row]) -> dict[str, str]:
    """By concept id the string that most rows call it, with the id."""
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        called = {
            (bare_id(concept), fold(mention.text))
            for mention in row.reference.mentions
            for concept in mention.concepts
        }
        for concept, string in called:
            found[concept][string] += 1
    return {
        concept: f"{min(counts, key=lambda string: (-counts[string], string))} ({concept})"
        for concept, counts in found.items()
    }
