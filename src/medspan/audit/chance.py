"""Exact binomial tails: whether a count is more, or less, than a rate explains."""

from __future__ import annotations

import math

CERTAIN = 0.01
"""The probability at which a count is taken for more, or less, than chance."""

SLIPS = 0.05
"""The share of exceptions that a rule bears: annotators who follow one err in a few of a hundred cases."""


def at_least(count: int, of: int, rate: float) -> float:
    """The probability of `count` or more out of `of` where each happens with probability `rate`."""
    return _sum(count, of, rate, upwards=True)


def at_most(count: int, of: int, rate: float) -> float:
    """The probability of `count` or fewer out of `of` where each happens with probability `rate`."""
    return _sum(count, of, rate, upwards=False)


def beyond_slips(count: int, of: int) -> bool:
    """Whether `count` exceptions out of `of` are more than slips by one who follows the rule."""
    return at_least(count, of, SLIPS) < CERTAIN


def _sum(count: int, of: int, rate: float, *, upwards: bool) -> float:
    if not 0 < rate < 1:
        raise ValueError(f"rate is {rate}, not between 0 and 1")
    if (count <= 0) if upwards else (count >= of):
        return 1.0
    if (count > of) if upwards else (count < 0):
        return 0.0
    mean = of * rate
    # Away from the mean terms shrink, so that the sum ends early; towards it the other tail is summed.
    if upwards and count < mean:
        return 1 - _sum(count - 1, of, rate, upwards=False)
    if not upwards and count > mean:
        return 1 - _sum(count + 1, of, rate, upwards=True)
    term = math.exp(
        math.lgamma(of + 1)
        - math.lgamma(count + 1)
        - math.lgamma(of - count + 1)
        + count * math.log(rate)
        + (of - count) * math.log1p(-rate)
    )
    total, odds = 0.0, rate / (1 - rate)
    while term > total * 1e-15 and 0 <= count <= of:
        total += term
        if upwards:
            term *= (of - count) / (count + 1) * odds
            count += 1
        else:
            term *= count / (of - count + 1) / odds
            count -= 1
    return min(1.0, total)
