"""Noise from differences, quantiles, trends and axes."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random
from statistics import fmean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.evaluate.curves import Point
from medspan.evaluate.curves.axis import axis_of, label
from medspan.evaluate.curves.noise import (
    MOST_POINTS,
    Noise,
    last_third,
    moderated,
    noise_of,
    scaled,
    t_quantile,
    thinned,
    trend,
)


@pytest.mark.parametrize(
    ("probability", "freedom", "wanted"),
    # From the tables of Student's t.
    [
        (0.975, 1, 12.706),
        (0.975, 2, 4.303),
        (0.975, 3, 3.182),
        (0.95, 8, 1.860),
        (0.975, 30, 2.042),
        (0.9995, 3, 12.924),
        (0.999, 20, 3.552),
        (0.5, 7, 0.0),
    ],
)
def test_quantiles_of_students_t(probability: float, freedom: float, wanted: float) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(wanted, rel=1e-3)


def test_quantiles_fall_with_the_degrees_of_freedom() -> None:
    found = [t_quantile(0.99, freedom / 10) for freedom in range(8, 400)]
    assert all(before >= after for before, after in pairwise(found))


@pytest.mark.parametrize("count", [8, 12, 40, 400])
def test_noise_is_found_around_a_slope(count: int) -> None:
    found = []
    for seed in range(300):
        draw = Random(seed)
        noise = noise_of([3 - 0.1 * n + draw.gauss(0, 0.2) for n in range(count)])
        assert noise is not None
        found.append(noise.sigma**2)
    # Too much is allowed where a tenth of few is left out; too little is not.
    assert 0.19 <= math.sqrt(fmean(found)) <= (0.23 if count in (12, 40) else 0.21)


def test_the_degrees_of_freedom_are_those_of_the_estimates_spread() -> None:
    for count in (9, 60):
        found = []
        for seed in range(2000):
            draw = Random(seed)
            noise = noise_of([draw.gauss() for _ in range(count)])
            assert noise is not None
            found.append(noise.sigma**2)
        mean = fmean(found)
        spread = fmean((one - mean) ** 2 for one in found) / mean**2
        # A variance with f degrees of freedom has the relative variance 2 / f.
        assert noise.freedom == pytest.approx(2 / spread, rel=0.35)


def test_spikes_and_a_jump_leave_the_noise_of_many_points_alone() -> None:
    draw = Random(1)
    values = [draw.gauss(0, 0.1) for _ in range(200)]
    clean = noise_of(values)
    spoilt = [
        value + (5 if n in (20, 90, 150) else 0) + (3 if n > 120 else 0) for n, value in enumerate(values)
    ]
    found = noise_of(spoilt)
    assert clean is not None
    assert found is not None
    assert found.sigma == pytest.approx(clean.sigma, rel=0.2)


def test_fewer_than_three_values_have_no_noise() -> None:
    assert noise_of([1.0, 2.0]) is None
    assert noise_of([1.0, 2.0, 3.0]) == Noise(0.0, 0.51)


def test_few_evaluations_are_drawn_to_half_of_the_training_noise() -> None:
    training = Noise(0.2, 30)
    assert moderated(None, training) == Noise(0.1, 4)
    assert moderated(Noise(0.1, 2), training).sigma == pytest.approx(0.1)  # type: ignore[union-attr]
    found = moderated(Noise(0.3, 4), training)
    assert found == Noise(pytest.approx(math.sqrt((0.09 + 0.01) / 2)), 8)
    # A training loss that is hardly known itself lends nothing.
    assert moderated(Noise(0.3, 4), Noise(0.2, 3)) == Noise(0.3, 4)


def test_ratios_are_distances_on_the_scale() -> None:
    two, one, low, lower = (
        point.value for point in scaled(tuple(Point(n, v) for n, v in enumerate((2.0, 1.0, 0.02, 0.01))))
    )
    assert two - one == pytest.approx(low - lower)


def test_zeros_and_negative_losses_have_a_place_on_the_scale() -> None:
    rounded = scaled((Point(1, 0.5), Point(2, 0.0), Point(3, math.nan)))
    assert [point.value for point in rounded] == pytest.approx([math.log(0.5), math.log(0.25)])
    negative = scaled((Point(1, -1.0), Point(2, 3.0)))
    assert [point.step for point in negative] == [1, 2]
    assert negative[1].value > negative[0].value
    assert scaled((Point(1, 0.0),)) == (Point(1, 0.0),)


def test_long_curves_are_medians_of_pieces() -> None:
    long = tuple(Point(n, 1000.0 if n % 7 == 0 else 1.0) for n in range(1, 1501))
    found = thinned(long)
    assert len(found) <= MOST_POINTS
    assert {point.value for point in found} == {1.0}
    assert thinned(long[:100]) == long[:100]


def test_the_last_third_is_one_of_steps_and_has_four_points_at_least() -> None:
    even = tuple(Point(n, 1.0) for n in range(0, 91, 10))
    assert [point.step for point in last_third(even)] == [60, 70, 80, 90]
    assert [point.step for point in last_third(even[:5])] == [10, 20, 30, 40]
    assert last_third(()) == ()


def test_intervals_of_a_trend_hold_the_truth_in_95_of_100_cases() -> None:
    held, widths = 0, []
    for seed in range(400):
        draw = Random(seed)
        values = [math.log(2) - 0.01 * n + draw.gauss(0, 0.1) for n in range(60)]
        noise = noise_of(values[20:])
        window = tuple(Point(n, value) for n, value in enumerate(values))[40:]
        assert noise is not None
        found = trend(window, noise)
        assert found is not None
        held += found.low <= math.expm1(-0.19) <= found.high
        widths.append(math.log1p(found.high) - math.log1p(found.low))
    # Wider than 95% on purpose: correlation of residuals that is not there widens it now and then.
    assert held >= 0.95 * 400
    # Of least squares with known noise: 2 * 1.96 * 0.1 * 19 / sqrt(665).
    assert 1.0 <= median(widths) / 0.2888 <= 1.5


def window(change: float) -> tuple[Point, ...]:
    return tuple(Point(n, math.log1p(change) * n / 12) for n in range(13))


@pytest.mark.parametrize(
    ("change", "sigma", "state"),
    [
        (-0.20, 0.02, "falls"),
        (-0.08, 0.02, "flat"),
        (-0.08, 0.20, "unclear"),
        (-0.12, 0.07, "unclear"),  # a quarter is ruled out, and a tenth is not
        (0.20, 0.02, "rises"),
        (0.0, 0.05, "flat"),
    ],
)
def test_a_trend_is_named_by_its_size_and_its_interval(change: float, sigma: float, state: str) -> None:
    found = trend(window(change), Noise(sigma, 50))
    assert found is not None
    assert found.change == pytest.approx(change)
    assert found.state == state, found


def test_a_trend_needs_four_points_at_several_steps() -> None:
    assert trend((Point(1, 1.0),) * 3, Noise(0.1, 9)) is None
    assert trend((Point(1, 1.0),) * 5, Noise(0.1, 9)) is None


finite = st.floats(-1e12, 1e12)


@given(st.lists(finite, min_size=1, max_size=30), st.integers(3, 7), st.booleans())
def test_an_axis_holds_its_values_and_its_ticks(values: list[float], ticks: int, from_zero: bool) -> None:
    found = axis_of(values, ticks=ticks, from_zero=from_zero)
    assert found.low < found.high
    span = found.high - found.low
    assert found.low <= min(values) + 1e-6 * span
    assert found.high >= max(values) - 1e-6 * span
    assert 1 <= len(found.ticks) <= 2 * ticks + 2
    places = [found.place(tick) for tick in found.ticks]
    assert places == sorted(places)
    assert all(0 <= found.place(value) <= 1 for value in values)


def test_ticks_are_round_and_short() -> None:
    assert axis_of([0.13, 0.78]).ticks == (0.0, 0.2, 0.4, 0.6, 0.8)
    wide = axis_of([0.0011, 2.4])
    assert wide.logarithmic
    assert (wide.low, wide.high, wide.ticks) == (0.001, 5.0, (0.001, 0.01, 0.1, 1.0))
    assert [label(value) for value in (0.0, 0.5, 400.0, 5e-4, 1.5e-5, 2e6)] == [
        "0",
        "0.5",
        "400",
        "5e-4",
        "1.5e-5",
        "2e6",
    ]
