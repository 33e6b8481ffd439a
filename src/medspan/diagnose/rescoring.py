"""Stored predictions scored on some of their documents, or for some types; where the run's data stands."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Hashable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from medspan.core import Example
from medspan.diagnose.base import Effect, Interval
from medspan.diagnose.case import Case

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medspan.diagnose.lab import Kind

    Floats = NDArray[np.float64]

Counts = tuple[float, float, float]
"""True positives, false positives, false negatives."""
NOTHING: Counts = (0.0, 0.0, 0.0)
KIND_NAMES: dict[Kind, str] = {"entities": "entity", "relations": "relation"}
DRAWS = 1000
AT_ONCE = 1_000_000
"""Rows that are drawn in one step, for memory's sake."""


def counts_of(
    examples: Sequence[Example], kind: Kind, types: Collection[str] | None = None, *, others: bool = False
) -> list[Counts]:
    """What each document adds to the text match; of these types only, or with `others` of all but these."""
    from medspan.evaluate.counts import count_documents

    found = []
    for row in count_documents(examples, hows=("text",)):
        cells = [
            cell
            for key, cell in row.counts.items()
            if key[1] == kind and (types is None or (key[2] in types) is not others)
        ]
        found.append(summed(cells))
    return found


def summed(rows: Sequence[Counts]) -> Counts:
    """The sum of counts."""
    return (sum(one[0] for one in rows), sum(one[1] for one in rows), sum(one[2] for one in rows))


def f1(rows: Sequence[Counts]) -> float | None:
    """Micro F1; None where there is neither a reference nor a prediction."""
    correct, spurious, missed = summed(rows)
    whole = 2 * correct + spurious + missed
    return 2 * correct / whole if whole else None


def unit_of(example: Example) -> Hashable:
    """What must not be drawn apart: the article of a document, else its text."""
    return example.document.group or example.document.text


def without(kept: Sequence[Example], left_out: Sequence[Example], kind: Kind) -> Effect:
    """F1 on all documents, and on the kept ones alone; the interval of the latter less the former.

    The two sides do not hold the same documents, so nothing can be paired: kept and left-out documents
    (all of one article together) are drawn with replacement by themselves, 1,000 times, and the limits are
    the 2.5 and 97.5 percentiles. None where either side has fewer than two articles with anything to score.
    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 (several samples) and 13.
    """
    sides = [(examples, counts_of(examples, kind)) for examples in (kept, left_out)]
    before, after = f1([*sides[0][1], *sides[1][1]]), f1(sides[0][1])
    tables = [_by_unit(examples, rows) for examples, rows in sides]
    interval = None if before is None or after is None else _difference(tables[0], tables[1])
    return Effect(f"{KIND_NAMES[kind]} F1 (text match)", before, after, interval)


def difference_of(first: Sequence[Example], second: Sequence[Example], kind: Kind) -> Interval | None:
    """The 95% interval of the second's F1 less the first's, where the two hold other documents.

    Nothing is paired: each side's articles are drawn with replacement by themselves, 1,000 times. None
    where either side has fewer than two articles with anything to score. Source: as for `without`.
    """
    import numpy as np

    tables = [_by_unit(examples, counts_of(examples, kind)) for examples in (first, second)]
    if min(map(len, tables)) < 2:
        return None
    generator = np.random.default_rng(0)
    one, other = (_drawn(table, generator) for table in tables)
    low, high = np.percentile(other[:, 0] / other[:, 1] - one[:, 0] / one[:, 1], [2.5, 97.5])
    return float(low), float(high)


def _by_unit(examples: Sequence[Example], rows: Sequence[Counts]) -> Floats:
    """Numerator and denominator of F1 by article, in an order that does not hang on that of the documents."""
    import numpy as np

    sums: dict[Hashable, list[float]] = {}
    for example, (correct, spurious, missed) in zip(examples, rows, strict=True):
        cell = sums.setdefault(unit_of(example), [0.0, 0.0])
        cell[0] += 2 * correct
        cell[1] += 2 * correct + spurious + missed
    table = np.array([cell for cell in sums.values() if cell[1]], dtype=np.float64).reshape(-1, 2)
    return table[np.lexsort(table.T[::-1])]


def _difference(kept: Floats, left_out: Floats) -> Interval | None:
    import numpy as np

    if len(kept) < 2 or len(left_out) < 2:
        return None
    generator = np.random.default_rng(0)
    clean = _drawn(kept, generator)
    both = clean + _drawn(left_out, generator)
    low, high = np.percentile(clean[:, 0] / clean[:, 1] - both[:, 0] / both[:, 1], [2.5, 97.5])
    return float(low), float(high)


def _drawn(table: Floats, generator: np.random.Generator) -> Floats:
    """The sums of `DRAWS` draws of as many rows as there are, with replacement."""
    import numpy as np

    sums = np.empty((DRAWS, 2))
    step = max(1, AT_ONCE // len(table))
    for first in range(0, DRAWS, step):
        chosen = generator.integers(0, len(table), (min(step, DRAWS - first), len(table)))
        sums[first : first + step] = table[chosen].sum(axis=1)
    return sums


def interval_in_words(effect: Effect) -> str:
    """The difference with its interval, or that there is none."""
    if effect.difference is None:
        return "difference undefined"
    if effect.interval is None:
        return f"difference {effect.difference:+.3f}, too few documents for an interval"
    low, high = effect.interval
    return f"difference {effect.difference:+.3f}, 95% interval {low:+.3f} to {high:+.3f}"


def shown(value: float | None) -> str:
    """A score with three digits."""
    return "undefined" if value is None else f"{value:.3f}"


def data_path(case: Case) -> str:
    """Where the run's data stands, quoted for a command; `DATA` where no file says."""
    named = [
        str(path) for part in ("train", case.scored) if (path := case.config.get(f"data.{part}")) is not None
    ]
    if not named:
        return "DATA"
    if len(named) == 1 and not Path(named[0]).suffix:
        return shlex.quote(named[0])
    folders = {str(Path(path).parent) for path in named}
    return shlex.join(folders if len(folders) == 1 else named)
