"""Exact binomial tails."""

from __future__ import annotations

from fractions import Fraction
from math import comb

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.audit.chance import at_least, at_most, beyond_slips


@given(st.integers(-2, 62), st.integers(0, 60), st.integers(1, 99))
def test_the_tails_are_those_of_exact_arithmetic(count: int, of: int, hundredths: int) -> None:
    rate = Fraction(hundredths, 100)
    mass = [comb(of, hits) * rate**hits * (1 - rate) ** (of - hits) for hits in range(of + 1)]
    above = sum(mass[hits] for hits in range(max(0, count), of + 1))
    below = sum(mass[hits] for hits in range(min(of, count) + 1))
    assert at_least(count, of, float(rate)) == pytest.approx(float(above), rel=1e-9, abs=1e-12)
    assert at_most(count, of, float(rate)) == pytest.approx(float(below), rel=1e-9, abs=1e-12)


def test_large_counts_are_no_trouble() -> None:
    assert at_least(500_000, 1_000_000, 0.5) == pytest.approx(0.5004, abs=1e-4)
    assert at_least(600_000, 1_000_000, 0.5) == 0
    assert at_most(0, 459, 0.01) < 0.01 < at_most(0, 458, 0.01)


def test_a_rate_is_between_nought_and_one() -> None:
    with pytest.raises(ValueError, match="rate is 1"):
        at_least(1, 2, 1)


def test_slips_are_few_of_a_hundred() -> None:
    assert not beyond_slips(5, 100)
    assert not beyond_slips(1, 2)
    assert beyond_slips(15, 100)
    assert not beyond_slips(0, 0)
