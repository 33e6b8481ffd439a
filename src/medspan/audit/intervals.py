"""Numbers with intervals, by bootstrap over what must not be separated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 1000
LEVEL = 95.0
_NONE = 1e-12

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval."""

    value: float
    low: float
    high: float


def cluster_draws(clusters: int, seed: int = 0) -> Iterator[Floats]:
    """`DRAWS` times how often each of `clusters` is drawn, as many drawn with replacement as there are.

    Source: Efron and Tibshirani, An Introduction to the Bootstrap, 1993, chapters 8 and 13.
    """
    generator = np.random.default_rng(seed)
    for _ in range(DRAWS):
        drawn = generator.integers(0, clusters, clusters)
        yield np.bincount(drawn, minlength=clusters).astype(np.float64)


def percentiles(values: Floats, level: float = LEVEL) -> tuple[float, float]:
    """The limits between which `level` percent of the values lie."""
    margin = (100 - level) / 2
    low, high = np.percentile(values, [margin, 100 - margin])
    return float(low), float(high)


def ratio_estimate(
    above: Floats, below: Floats, cluster: Integers, level: float = LEVEL, seed: int = 0
) -> Estimate:
    """The sum of `above` over the sum of `below`, which must not be 0, with its interval over clusters."""
    number = np.unique(cluster, return_inverse=True)[1]
    sums = np.stack([np.bincount(number, weights=above), np.bincount(number, weights=below)])
    drawn = np.array([sums @ times for times in cluster_draws(sums.shape[1], seed)])
    total = sums.sum(axis=1)
    return Estimate(
        float(total[0] / total[1]), *percentiles(drawn[:, 0] / np.maximum(drawn[:, 1], _NONE), level)
    )
