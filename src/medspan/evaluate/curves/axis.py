"""Axes of a drawn curve: round ticks, linear or logarithmic, and the places of values."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

WIDE = 8.0
"""From this ratio of the largest to the smallest value on, an axis is logarithmic."""


@dataclass(frozen=True, slots=True)
class Axis:
    """Maps values from `low` to `high` to 0 to 1; those outside are put on the edge."""

    low: float
    high: float
    logarithmic: bool
    ticks: tuple[float, ...]

    def place(self, value: float) -> float:
        if self.logarithmic:
            value = max(value, self.low)
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share))


def axis_of(values: Sequence[float], *, ticks: int = 5, from_zero: bool = False) -> Axis:
    """An axis for these finite values, logarithmic where they are positive and far apart."""
    low, high = min(values), max(values)
    if low > 0 and high / low >= WIDE and not from_zero:
        return _logarithmic(low, high, ticks)
    low = 0.0 if from_zero and low >= 0 else low
    if low == high:
        low, high = (low - abs(low) / 2, high + abs(high) / 2) if low else (0.0, 1.0)
    step = _round_step((high - low) / max(1, ticks - 1))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if last - first < 1:
        last = first + 1
    # The product of a whole number and a round step can end in 0.30000000000000004.
    return Axis(
        first * step, last * step, False, tuple(float(f"{n * step:.9g}") for n in range(first, last + 1))
    )


def _logarithmic(low: float, high: float, ticks: int) -> Axis:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    marks = [digit * 10.0**power for power in range(first, last + 1) for digit in (1, 2, 5)]
    bottom = max(mark for mark in marks if mark <= low * (1 + 1e-9))
    top = min(mark for mark in marks if mark >= high * (1 - 1e-9))
    shown = [mark for mark in marks if bottom <= mark <= top]
    if len(shown) > ticks + 2:
        shown = [mark for mark in shown if math.isclose(math.log10(mark), round(math.log10(mark)))]
    every = max(1, math.ceil(len(shown) / (ticks + 2)))
    return Axis(bottom, top, True, tuple(float(f"{mark:.9g}") for mark in shown[::every]))


def _round_step(least: float) -> float:
    power = 10.0 ** math.floor(math.log10(least))
    return next(digit * power for digit in (1, 2, 2.5, 5, 10) if digit * power >= least * (1 - 1e-9))


def label(value: float) -> str:
    """A tick in as few characters as tell it."""
    if value == 0 or 0.001 <= abs(value) < 100000:
        return f"{value:g}"
    digits, _, power = f"{value:.1e}".partition("e")
    return f"{digits.removesuffix('.0')}e{int(power)}"
