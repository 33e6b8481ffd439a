"""Noise of a curve from its differences, and trends with intervals that allow for it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import NormalDist, fmean, median
from typing import Literal

from medspan.evaluate.curves.carrier import Point, Series, finite

MOST_POINTS = 150
"""Longer curves are read as medians of so many equal pieces: slopes of all pairs take quadratic time."""
MANY = 10
"""Second differences from which the largest tenth is left out, so that a jump or a spike does not count."""
FLAT = 0.10
"""A change of the loss by less than a tenth over the last third of a training is taken for none: had the
run a third more steps, it would gain less than that. Two trainings that differ in their seed alone often
end as far apart."""
STEEP = 0.25
"""A fall by a quarter over the last third must be ruled out before a loss is called flat. With the noise of
most logs a stricter limit would call nothing flat; the interval is told beside the word."""
CONFIDENCE = 0.95
PRIOR = 4.0
"""Degrees of freedom that the training loss lends to the noise of the validation loss."""

State = Literal["falls", "flat", "rises", "unclear"]


@dataclass(frozen=True, slots=True)
class Noise:
    """Standard deviation of one point, and the degrees of freedom of its estimate."""

    sigma: float
    freedom: float


@dataclass(frozen=True, slots=True)
class Trend:
    """The change of a loss from `first_step` to `last_step`, as a share of it, with an interval.

    -0.2 is a fall by a fifth. `noise` is the standard deviation of one point, as a share as well.
    """

    state: State
    change: float
    low: float
    high: float
    first_step: int
    last_step: int
    points: int
    noise: float


def noise_of(values: Sequence[float]) -> Noise | None:
    """Noise around a smooth curve, from second differences; None with fewer than 3 values.

    y[i-1] - 2 y[i] + y[i+1] takes a straight trend away and has six times the variance of a point; its root
    mean square has about 0.51 degrees of freedom a difference (Gasser, Sroka and Jennen-Steinmetz 1986).
    From `MANY` on, the largest tenth is left out, which takes normal noise to 0.623 of its variance and
    costs a third of the degrees of freedom; with ten to forty differences the result is up to a tenth too
    high. Bends of the curve itself add to it as well: it errs towards more noise, never towards a verdict.
    """
    seconds = sorted(abs(a - 2 * b + c) for a, b, c in zip(values, values[1:], values[2:], strict=False))
    if not seconds:
        return None
    if len(seconds) < MANY:
        return Noise(math.sqrt(fmean(one * one for one in seconds) / 6), 0.51 * len(seconds))
    kept = seconds[: math.ceil(0.9 * len(seconds))]
    return Noise(math.sqrt(fmean(one * one for one in kept) / 6 / 0.623), 0.34 * len(seconds))


def moderated(own: Noise | None, training: Noise | None) -> Noise | None:
    """The noise of a validation loss with few evaluations: its own, drawn to half of the training loss's.

    Evaluations repeat the same examples, so only the model moves them, while a logged training loss is moved
    by the model and by which examples it saw. The two variances are averaged as in moderated t tests (Smyth
    2004), with `PRIOR` degrees of freedom for the training loss's. Half is the median of
    nine runs (docs/curves.md).
    """
    if training is None or training.freedom < PRIOR:
        return own
    if own is None:
        return Noise(training.sigma / 2, PRIOR)
    freedom = own.freedom + PRIOR
    variance = own.freedom * own.sigma**2 + PRIOR * (training.sigma / 2) ** 2
    return Noise(math.sqrt(variance / freedom), freedom)


def scaled(points: Series) -> Series:
    """Finite losses on a scale on which equal distances are equal ratios: their logarithm.

    Noise grows with the loss, and a fall from 0.02 to 0.01 is as much as one from 2 to 1. Zeros (trainers
    round) count as half of the smallest positive value. Where a loss is negative there are no ratios: then
    it is divided by the range between its 5th and 95th percentile.
    """
    known = finite(points)
    values = sorted(point.value for point in known)
    if not values or values[0] < 0:
        span = values[int(0.95 * (len(values) - 1))] - values[int(0.05 * (len(values) - 1))] if values else 0
        return tuple(Point(point.step, point.value / (span or 1.0)) for point in known)
    positive = [value for value in values if value > 0]
    if not positive:
        return known
    return tuple(Point(point.step, math.log(point.value or positive[0] / 2)) for point in known)


def thinned(points: Series, most: int = MOST_POINTS) -> Series:
    """At most `most` points, each the median of as many consecutive ones, at their median step."""
    if len(points) <= most:
        return points
    size = math.ceil(len(points) / most)
    pieces = [points[first : first + size] for first in range(0, len(points), size)]
    return tuple(
        Point(int(median(one.step for one in piece)), median(one.value for one in piece)) for piece in pieces
    )


def last_third(points: Series, fewest: int = 4) -> Series:
    """The points of the last third of the steps, and at least `fewest` of them where there are so many."""
    if not points:
        return ()
    start = points[-1].step - (points[-1].step - points[0].step) / 3
    late = tuple(point for point in points if point.step >= start)
    return late if len(late) >= fewest else points[-fewest:]


def trend(window: Series, noise: Noise, *, confidence: float = CONFIDENCE) -> Trend | None:
    """The change over a window of `scaled` points; None with fewer than 4, or all at one step.

    The slope is the median of the slopes of all pairs (Theil 1950, Sen 1968), which one spike in four
    cannot move. Its standard error is that of least squares over the square root of 0.955, its efficiency
    under normal noise, times what correlation of neighbouring residuals takes from them,
    sqrt((1 + r) / (1 - r)); the noise is `noise`, or the spread of the residuals if that is larger.
    `falls` and `rises`: the interval leaves out zero, and the change is no smaller than `FLAT`. `flat`: the
    change is smaller than `FLAT`, and the interval leaves out a fall or a rise by `STEEP`. `unclear`: the
    noise allows for both.
    """
    steps = [float(point.step) for point in window]
    if len(window) < 4 or steps[0] == steps[-1]:
        return None
    values = [point.value for point in window]
    slope = median(
        (values[b] - values[a]) / (steps[b] - steps[a])
        for a in range(len(steps))
        for b in range(a + 1, len(steps))
    )
    centre = fmean(steps)
    level = median(value - slope * step for value, step in zip(values, steps, strict=True))
    residuals = [value - slope * step - level for value, step in zip(values, steps, strict=True)]
    sigma, freedom = noise.sigma, noise.freedom
    if len(window) >= MANY:
        sigma = max(sigma, median(map(abs, residuals)) / NormalDist().inv_cdf(0.75))
        together = _correlation(residuals)
        sigma *= math.sqrt((1 + together) / (1 - together))
    span = steps[-1] - steps[0]
    spread = math.sqrt(sum((step - centre) ** 2 for step in steps))
    error = sigma * span / spread / math.sqrt(0.955)
    change = slope * span
    reach = t_quantile((1 + confidence) / 2, freedom) * error
    low, high = share(change - reach), share(change + reach)
    found = share(change)
    state: State = "unclear"
    if high < 0 and found <= -FLAT:
        state = "falls"
    elif low > 0 and found >= FLAT:
        state = "rises"
    elif abs(found) < FLAT and low > -STEEP and high < STEEP / (1 - STEEP):
        state = "flat"
    return Trend(state, found, low, high, window[0].step, window[-1].step, len(window), share(noise.sigma))


def share(difference: float) -> float:
    """A difference of logarithms as a share: log(0.8) is -0.2. What is too large for a number is capped."""
    return math.expm1(min(difference, 50.0))


def t_quantile(probability: float, freedom: float) -> float:
    """The quantile of Student's t for a probability of at least a half (Hill 1970, algorithm 396).

    `freedom` need not be whole; below 1 it is taken for 1. Correct to three digits and more.
    """
    freedom = max(1.0, freedom)
    tails = 2 * (1 - probability)
    if tails >= 1:
        return 0.0
    if freedom < 2:
        # The series starts at 2; 1 and 2 have closed forms, and between them logarithms are nearly straight.
        one, two = 1 / math.tan(tails * math.pi / 2), math.sqrt(2 / (tails * (2 - tails)) - 2)
        return float(one ** (2 - freedom) * two ** (freedom - 1))
    a = 1 / (freedom - 0.5)
    b = (48 / a) / a
    c = ((20700 * a / b - 98) * a - 16) * a + 96.36
    d = ((94.5 / (b + c) - 3) / b + 1) * math.sqrt(a * math.pi / 2) * freedom
    y = (d * tails) ** (2 / freedom)
    if y > 0.05 + a:
        x = NormalDist().inv_cdf(tails / 2)
        y = x * x
        if freedom < 5:
            c += 0.3 * (freedom - 4.5) * (x + 0.6)
        c += (((0.05 * d * x - 5) * x - 7) * x - 2) * x + b
        y = (((((0.4 * y + 6.3) * y + 36) * y + 94.5) / c - y - 3) / b + 1) * x
        y = math.expm1(a * y * y)
    else:
        y = (
            (
                1 / (((freedom + 6) / (freedom * y) - 0.089 * d - 0.822) * (freedom + 2) * 3)
                + 0.5 / (freedom + 4)
            )
            * y
            - 1
        ) * (freedom + 1) / (freedom + 2) + 1 / y
    return math.sqrt(freedom * y)


def _correlation(residuals: Sequence[float]) -> float:
    """Of neighbouring residuals, between 0 and 0.9."""
    total = sum(one * one for one in residuals)
    if total == 0:
        return 0.0
    shared = sum(one * other for one, other in pairwise(residuals))
    # Of residuals from a line the correlation comes out about 1 / n too low.
    return min(0.9, max(0.0, shared / total + 1 / len(residuals)))
