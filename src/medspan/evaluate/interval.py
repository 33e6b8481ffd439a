"""95% intervals of F1 by bootstrap over documents."""

from __future__ import annotations

from collections.abc import Sequence

from medspan.evaluate.match import Counts

LEVEL = 95.0
_DRAWS_AT_ONCE = 4_000_000

Interval = tuple[float, float]


def f1_intervals(rows: Sequence[Sequence[Counts]], *, samples: int, seed: int) -> list[Interval | None]:
    """The percentile interval of F1 for each column of counts.

    `rows` holds one row per document and in it one (true positives, false positives, false negatives)
    per column. Whole documents are drawn with replacement, `samples` times, the same draws for all
    columns; draws in which F1 is undefined are left out. An interval is None where F1 is undefined,
    where fewer than two documents contribute (their spread is unknown), and where `samples` is 0.
    The order of the documents does not matter. Source: Efron and Tibshirani, An Introduction to the
    Bootstrap, 1993, chapter 13.
    """
    import numpy as np

    columns = len(rows[0]) if rows else 0
    if not columns or samples < 1:
        return [None] * columns
    counts = np.asarray(rows, dtype=np.float64)
    correct = 2 * counts[:, :, 0]
    total = correct + counts[:, :, 1] + counts[:, :, 2]
    table = np.concatenate([correct, total], axis=1)
    # Sorted rows make the draws independent of the order in which the documents came.
    table = table[np.lexsort(table.T[::-1])]
    documents = len(table)
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
    contributing = (total > 0).sum(axis=0)
    margin = (100.0 - LEVEL) / 2
    intervals: list[Interval | None] = []
    for column in range(columns):
        defined = scores[~np.isnan(scores[:, column]), column]
        if contributing[column] < 2 or not len(defined):
            intervals.append(None)
            continue
        low, high = np.percentile(defined, [margin, 100.0 - margin])
        intervals.append((float(low), float(high)))
    return intervals
