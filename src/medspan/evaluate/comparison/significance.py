"""Whether two systems' F1 differ by more than chance: a paired permutation test, and an interval.

Sources. The test: Yeh, More accurate tests for the statistical significance of result differences
(COLING 2000), after Noreen, Computer-Intensive Methods for Testing Hypotheses (1989). Its p-value counts
the observed outcome among the shuffled ones: Phipson and Smyth, Permutation p-values should never be zero
(2010). The interval: Efron and Tibshirani, An Introduction to the Bootstrap (1993), chapter 13. Several
tests: Holm, A simple sequentially rejective multiple test procedure (1979).
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medspan.evaluate.interval import Interval
from medspan.evaluate.match import Counts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PERMUTATIONS = 10_000
RESAMPLES = 1_000
LEVEL = 0.95
_AT_ONCE = 4_000_000
# Sums of a few thousand quotients agree to about this; a tie must count as a tie.
_TIE = 1e-12


@dataclass(frozen=True, slots=True)
class Sampling:
    """How many permutations and bootstrap samples are drawn, and from which seed."""

    permutations: int = PERMUTATIONS
    resamples: int = RESAMPLES
    seed: int = 0

    def to_json(self) -> dict[str, Any]:
        return {
            "test": "paired permutation over documents, those of one group together, two-sided",
            "permutations": self.permutations,
            "interval": f"{LEVEL:.0%} percentile of the paired bootstrap over documents, those of one "
            "group together",
            "resamples": self.resamples,
            "seed": self.seed,
        }


@dataclass(frozen=True, slots=True)
class PairedTest:
    """F1 of two systems on the same documents; all None where F1 is undefined for either.

    `difference` is the second's F1 less the first's, `interval` its 95% interval, `p_value` two-sided.
    `documents` in all, `differing` those in which the counts differ; `units` are what is exchanged and drawn:
    groups of documents, or single ones.
    """

    f1: tuple[float | None, float | None]
    difference: float | None
    interval: Interval | None
    p_value: float | None
    documents: int
    differing: int
    units: int

    def to_json(self) -> dict[str, Any]:
        return {
            "f1": list(self.f1),
            "difference": self.difference,
            "interval": None if self.interval is None else list(self.interval),
            "p_value": self.p_value,
            "documents": self.documents,
            "documents_differing": self.differing,
            "units": self.units,
        }


def paired_test(
    first: Sequence[Counts],
    second: Sequence[Counts],
    sampling: Sampling | None = None,
    groups: Sequence[Hashable] | None = None,
) -> PairedTest:
    """Compare the micro F1 of two systems from their counts, one row per document and in the same order.

    Under the hypothesis of no difference the two systems' predictions for a document may be exchanged,
    each document for itself. p = (h + 1) / (permutations + 1), where h permutations have a difference at
    least as large, either way. The interval comes from documents drawn with replacement, both systems'
    counts together; None where fewer than two documents contribute. The result does not depend on the
    order of the documents, and exchanging the systems changes signs only.

    `groups` names for each document the group (an article) that it is of, None for a document by itself:
    documents of one group are no independent evidence, so they are exchanged and drawn together.
    """
    import numpy as np

    drawn = sampling or Sampling()
    if len(first) != len(second):
        raise ValueError(f"{len(first)} documents of one system and {len(second)} of the other")
    one, other = (_parts(np.asarray(rows, dtype=np.float64).reshape(-1, 3)) for rows in (first, second))
    differing = int((one != other).any(axis=1).sum())
    if groups is not None:
        one, other = _by_group(one, other, groups)
    scores = tuple(float(_f1(part.sum(axis=0))) if part[:, 1].any() else None for part in (one, other))
    if scores[0] is None or scores[1] is None:
        return PairedTest((scores[0], scores[1]), None, None, None, len(first), differing, len(one))
    return PairedTest(
        (scores[0], scores[1]),
        scores[1] - scores[0],
        _interval(one, other, drawn),
        _p_value(one, other, drawn),
        len(first),
        differing,
        len(one),
    )


def _by_group(
    one: NDArray[np.int64], other: NDArray[np.int64], groups: Sequence[Hashable]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The sums of each group, in the order of their first documents; a document of none by itself."""
    import numpy as np

    numbers: dict[Hashable, int] = {}
    keys = [(True, place) if group is None else (False, group) for place, group in enumerate(groups)]
    of = np.array([numbers.setdefault(key, len(numbers)) for key in keys], dtype=np.int64)
    summed = np.zeros((2, len(numbers), 2), dtype=np.int64)
    for place, part in enumerate((one, other)):
        np.add.at(summed[place], of, part)
    return summed[0], summed[1]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """The p-values adjusted for their number by Holm's method; undefined ones are not counted."""
    order = sorted((value, place) for place, value in enumerate(p_values) if value is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    least = 0.0
    for rank, (value, place) in enumerate(order):
        least = max(least, min(1.0, value * (len(order) - rank)))
        adjusted[place] = least
    return adjusted


def _parts(counts: NDArray[np.float64]) -> NDArray[np.int64]:
    """Numerator and denominator of F1 = 2 TP / (2 TP + FP + FN) for each document, both doubled.

    Doubled, the halves that some matches count are whole numbers, which are summed without error.
    """
    import numpy as np

    correct = 2 * counts[:, 0]
    parts = np.stack([correct, correct + counts[:, 1] + counts[:, 2]], axis=1)
    return np.rint(2 * parts).astype(np.int64)


def _f1(sums: NDArray[Any]) -> NDArray[np.float64]:
    import numpy as np

    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1], dtype=np.float64)


def _p_value(one: NDArray[np.int64], other: NDArray[np.int64], drawn: Sampling) -> float:
    """Documents whose counts differ in the same way are exchanged together: how many is binomial.

    A document's difference and its negative say the same of a random exchange, so they are one group;
    that makes the draws the same whichever system comes first.
    """
    import numpy as np

    half = other - one
    flip = (half[:, 0] < 0) | ((half[:, 0] == 0) & (half[:, 1] < 0))
    half = np.where(flip[:, None], -half, half)
    groups, sizes = np.unique(half[half.any(axis=1)], axis=0, return_counts=True)
    total = one.sum(axis=0) + other.sum(axis=0)
    observed = abs(float(_f1(other.sum(axis=0)) - _f1(one.sum(axis=0))))
    generator = np.random.default_rng(drawn.seed)
    hits = 0
    step = max(1, _AT_ONCE // max(1, len(groups)))
    for start in range(0, drawn.permutations, step):
        size = min(step, drawn.permutations - start)
        signs = 2 * generator.binomial(sizes, 0.5, (size, len(groups))) - sizes
        shift = signs @ groups
        # Twice the sums of either system; the factor cancels in F1.
        difference = np.abs(_f1(total + shift) - _f1(total - shift))
        # An exchange that leaves a system without anything to score is no evidence of a difference.
        hits += int((~(difference < observed - _TIE)).sum())
    return (hits + 1) / (drawn.permutations + 1)


def _interval(one: NDArray[np.int64], other: NDArray[np.int64], drawn: Sampling) -> Interval | None:
    import numpy as np

    if drawn.resamples < 1 or ((one + other)[:, 1] > 0).sum() < 2:
        return None
    table, mirrored = _sorted_table(one, other), _sorted_table(other, one)
    # One of the two orders is drawn from, whichever system comes first.
    turned = table.tobytes() > mirrored.tobytes()
    if turned:
        table = mirrored
    documents = len(table)
    generator = np.random.default_rng(drawn.seed)
    differences = np.empty(drawn.resamples)
    step = max(1, _AT_ONCE // documents)
    for start in range(0, drawn.resamples, step):
        size = min(step, drawn.resamples - start)
        chosen = generator.integers(0, documents, (size, documents)) + documents * np.arange(size)[:, None]
        weights = np.bincount(chosen.ravel(), minlength=size * documents).reshape(size, documents)
        sums = weights.astype(np.float64) @ table
        differences[start : start + size] = _f1(sums[:, 2:]) - _f1(sums[:, :2])
    defined = differences[~np.isnan(differences)]
    if not len(defined):
        return None
    margin = 50 * (1 - LEVEL)
    low, high = (float(value) for value in np.percentile(defined, [margin, 100.0 - margin]))
    return (-high, -low) if turned else (low, high)


def _sorted_table(one: NDArray[np.int64], other: NDArray[np.int64]) -> NDArray[np.float64]:
    import numpy as np

    table = np.concatenate([one, other], axis=1)
    return table[np.lexsort(table.T[::-1])].astype(np.float64)
