"""95% intervals of F1 by bootstrap over documents."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medspan.evaluate.outcome import Counts

    Floats = NDArray[np.float64]

LEVEL = 0.95
_DRAWS_AT_ONCE = 4_000_000
_NORMAL = NormalDist()

Interval = tuple[float, float]


def f1_intervals(
    rows: Sequence[Sequence[Counts]] | Floats, *, samples: int, seed: int, ordered: bool = False
) -> list[Interval | None]:
    """The bias-corrected and accelerated (BCa) interval of F1 for each column of counts.

    `rows` holds one row per document and in it one (true positives, false positives, false negatives)
    per column. Whole documents are drawn with replacement, `samples` times, the same draws for all
    columns; draws in which F1 is undefined are left out. An interval is None where F1 is undefined,
    where fewer than two documents contribute (their spread is unknown), and where `samples` is 0.
    Where all n contributing documents are perfect (or all wholly wrong) no resample differs: the other
    end is then that of the share of such documents, 0.025^(1/n) from the edge (Clopper and Pearson 1934).
    The order of the documents does not matter, unless they are `ordered`: then the same documents with
    other counts are drawn alike. Source: Efron and Tibshirani, An Introduction to the
    Bootstrap, 1993, chapter 14; the acceleration by the jackknife. Resamples of n documents vary too
    little by (n - 1) / n, and n documents do not tell their own spread, so that Student's quantile takes
    the place of the normal one (Hesterberg, What teachers should know about the bootstrap, 2015).
    """
    import numpy as np

    counts = np.asarray(rows, dtype=np.float64)
    if counts.ndim != 3 or 0 in counts.shape or samples < 1:
        return [None] * (counts.shape[1] if counts.ndim == 3 else len(rows[0]) if len(rows) else 0)
    columns = counts.shape[1]
    correct = 2 * counts[:, :, 0]
    total = correct + counts[:, :, 1] + counts[:, :, 2]
    table = np.concatenate([correct, total], axis=1)
    if not ordered:
        # Sorted rows make the draws independent of the order in which the documents came.
        table = table[np.lexsort(table.T[::-1])]
    scores = _resampled(table, samples, seed)
    contributing = (total > 0).sum(axis=0)
    intervals: list[Interval | None] = []
    for column in range(columns):
        drawn = scores[:, column]
        drawn = np.sort(drawn[~np.isnan(drawn)])
        if contributing[column] < 2 or not len(drawn):
            intervals.append(None)
            continue
        intervals.append(
            _limits(drawn, table[:, column], table[:, columns + column], int(contributing[column]))
        )
    return intervals


def _resampled(table: Floats, samples: int, seed: int) -> Floats:
    """F1 of each resample and column; `table` holds 2 TP of the columns, then 2 TP + FP + FN."""
    import numpy as np

    documents, columns = len(table), table.shape[1] // 2
    generator = np.random.default_rng(seed)
    scores = np.empty((samples, columns))
    step = max(1, _DRAWS_AT_ONCE // documents)
    for first in range(0, samples, step):
        size = min(step, samples - first)
        drawn = generator.integers(0, documents, (size, documents)) + documents * np.arange(size)[:, None]
        weights = np.bincount(drawn.ravel(), minlength=size * documents).reshape(size, documents)
        sums = weights.astype(np.float64) @ table
        with np.errstate(invalid="ignore"):
            scores[first : first + size] = sums[:, :columns] / sums[:, columns:]
    return scores


def _limits(drawn: Floats, correct: Floats, total: Floats, documents: int) -> Interval:
    """The BCa limits from the sorted scores of the resamples and the counts of the documents."""
    import numpy as np

    # Documents without an item tell nothing of the spread, and are not counted as such.
    correct, total = correct[total > 0], total[total > 0]
    whole, of = float(correct.sum()), float(total.sum())
    score = whole / of
    tail = (1 - LEVEL) / 2
    if score in (0.0, 1.0):
        far = tail ** (1 / documents)
        return (far, 1.0) if score == 1.0 else (0.0, 1 - far)
    with np.errstate(invalid="ignore"):
        without = (whole - correct) / (of - total)
    away = np.nanmean(without) - without
    away = away[~np.isnan(away)]
    spread = float((away**2).sum()) ** 1.5
    acceleration = float((away**3).sum()) / (6 * spread) if spread > 0 else 0.0
    size = len(drawn)
    below = (float((drawn < score).sum()) + 0.5 * float((drawn == score).sum())) / size
    bias = _NORMAL.inv_cdf(min(max(below, 0.5 / size), 1 - 0.5 / size))
    shares = []
    for reach in (-_reach(documents), _reach(documents)):
        shifted = bias + reach
        stretch = 1 - acceleration * shifted
        # Of very few documents the correction may leave its range: the limit is then the outermost resample.
        shares.append(_NORMAL.cdf(bias + shifted / stretch) if stretch > 0 else float(shifted > 0))
    low, high = np.quantile(drawn, shares)
    return float(low), float(high)


def _reach(documents: int) -> float:
    """How many standard errors an interval reaches: Student's quantile (Cornish-Fisher), corrected for n."""
    free = documents - 1
    z = _NORMAL.inv_cdf((1 + LEVEL) / 2)
    student = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return student * math.sqrt(documents / free)
