"""The paired test: its level and power in simulation, exact small cases, and what must not change it."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.evaluate.comparison import Sampling, holm, paired_test

Row = tuple[int, int, int]
FEW = Sampling(permutations=399, resamples=0)


def f1(rows: list[Row]) -> float:
    found, spurious, missed = (sum(row[column] for row in rows) for column in range(3))
    return 2 * found / (2 * found + spurious + missed)


def pair_on_one_reference(
    generator: np.random.Generator, documents: int, skills: tuple[float, float]
) -> tuple[list[Row], list[Row]]:
    """Two systems' counts: documents differ in length and in how hard they are, for both alike."""
    items = generator.integers(1, 8, documents)
    ease = generator.normal(0, 1, documents)
    rows = []
    for skill in skills:
        chance = 1 / (1 + np.exp(-(math.log(skill / (1 - skill)) + ease)))
        found = generator.binomial(items, chance)
        spurious = generator.binomial(items, 1 - chance)
        rows.append(
            [(int(a), int(b), int(c)) for a, b, c in zip(found, spurious, items - found, strict=True)]
        )
    return rows[0], rows[1]


def share_significant(skills: tuple[float, float], trials: int, documents: int = 60) -> float:
    generator = np.random.default_rng(11)
    hits = 0
    for _ in range(trials):
        found = paired_test(*pair_on_one_reference(generator, documents, skills), FEW)
        assert found.p_value is not None
        hits += found.p_value <= 0.05
    return hits / trials


def test_without_a_difference_one_test_in_twenty_is_significant() -> None:
    trials = 2000
    # Four standard deviations of the binomial: a right test fails this once in 16,000 draws of the seed.
    margin = 4 * math.sqrt(0.05 * 0.95 / trials)
    assert abs(share_significant((0.8, 0.8), trials) - 0.05) < margin


def test_a_planted_difference_is_found() -> None:
    assert share_significant((0.7, 0.9), 200) > 0.99
    assert 0.05 < share_significant((0.78, 0.82), 200) < 0.9


def test_identical_rows_of_a_group_are_one_piece_of_evidence() -> None:
    first, second = pair_on_one_reference(np.random.default_rng(5), 12, (0.7, 0.8))
    times = 6
    groups = [place for place in range(12) for _ in range(times)]
    repeated = ([row for row in rows for _ in range(times)] for rows in (first, second))
    once, many = paired_test(first, second), paired_test(*repeated, None, groups)
    assert (many.p_value, many.interval, many.f1) == (once.p_value, once.interval, once.f1)
    assert (many.documents, many.units, once.units) == (12 * times, 12, 12)
    alone = paired_test(*([row for row in rows for _ in range(times)] for rows in (first, second)))
    assert alone.p_value is not None
    assert once.p_value is not None
    assert alone.p_value < once.p_value


def test_of_repeated_rows_one_test_in_twenty_is_significant_only_by_groups() -> None:
    generator = np.random.default_rng(2)
    groups = [place for place in range(40) for _ in range(5)]
    trials, by_group, by_row = 400, 0, 0
    for _ in range(trials):
        rows = pair_on_one_reference(generator, 40, (0.8, 0.8))
        repeated = [[row for row in side for _ in range(5)] for side in rows]
        by_group += (paired_test(*repeated, FEW, groups).p_value or 0) <= 0.05
        by_row += (paired_test(*repeated, FEW).p_value or 0) <= 0.05
    assert abs(by_group / trials - 0.05) < 4 * math.sqrt(0.05 * 0.95 / trials)
    assert by_row / trials > 0.2


def test_documents_without_a_group_are_each_by_themselves() -> None:
    rows = pair_on_one_reference(np.random.default_rng(8), 20, (0.6, 0.9))
    assert paired_test(*rows, FEW, [None] * 20) == paired_test(*rows, FEW)
    mixed = paired_test(*rows, FEW, ["a", "a", *[None] * 18])
    assert mixed.units == 19


def test_the_interval_covers_the_true_difference() -> None:
    generator = np.random.default_rng(3)
    first, second = pair_on_one_reference(generator, 100_000, (0.75, 0.85))
    truth = f1(second) - f1(first)
    trials, covered = 600, 0
    for _ in range(trials):
        rows = pair_on_one_reference(generator, 150, (0.75, 0.85))
        interval = paired_test(*rows, Sampling(permutations=1, resamples=500)).interval
        assert interval is not None
        covered += interval[0] <= truth <= interval[1]
    # 95% less four standard deviations, and one more point for the percentile method on 150 documents.
    assert 0.95 - 4 * math.sqrt(0.95 * 0.05 / trials) - 0.01 < covered / trials < 0.99


def test_the_p_value_is_that_of_all_exchanges() -> None:
    first: list[Row] = [(3, 1, 2), (0, 2, 1), (5, 0, 0), (2, 2, 2), (1, 0, 3), (4, 1, 1)]
    second: list[Row] = [(4, 1, 1), (1, 0, 0), (5, 1, 0), (4, 0, 0), (1, 0, 3), (3, 0, 2)]
    observed = abs(f1(second) - f1(first))
    extreme = 0
    for turns in product((False, True), repeat=len(first)):
        pairs = [(b, a) if turn else (a, b) for a, b, turn in zip(first, second, turns, strict=True)]
        extreme += abs(f1([b for _, b in pairs]) - f1([a for a, _ in pairs])) >= observed - 1e-12
    exact = extreme / 2 ** len(first)
    assert 0.02 < exact < 0.98
    found = paired_test(first, second, Sampling(permutations=40_000, resamples=0)).p_value
    assert found == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / 40_000))


def test_the_p_value_counts_the_outcome_itself() -> None:
    # Fifty documents that all say the same: no exchange is as extreme, and p is never zero.
    first, second = [(1, 1, 1)] * 50, [(2, 0, 0)] * 50
    assert paired_test(first, second, FEW).p_value == 1 / 400
    assert paired_test(first, first, FEW).p_value == 1.0


def test_undefined_scores_have_no_test() -> None:
    nothing: list[Row] = [(0, 0, 0)] * 3
    found = paired_test(nothing, [(0, 1, 0)] * 3)
    assert (found.f1, found.difference, found.interval, found.p_value) == ((None, 0.0), None, None, None)
    one = paired_test([(1, 0, 1)], [(2, 0, 0)])
    assert (one.interval, one.p_value) == (None, 1.0)
    assert one.difference == pytest.approx(1 / 3)


def test_lengths_must_agree() -> None:
    with pytest.raises(ValueError, match="2 documents of one system and 1 of the other"):
        paired_test([(1, 0, 0)] * 2, [(1, 0, 0)])


counts = st.tuples(*[st.integers(0, 6)] * 3)


@given(st.lists(st.tuples(counts, counts), min_size=2, max_size=30), st.randoms())
def test_order_and_exchange_of_systems_change_nothing_but_signs(
    pairs: list[tuple[Row, Row]], random: object
) -> None:
    small = Sampling(permutations=60, resamples=60)
    found = paired_test([a for a, _ in pairs], [b for _, b in pairs], small)
    turned = paired_test([b for _, b in pairs], [a for a, _ in pairs], small)
    shuffled = list(pairs)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert paired_test([a for a, _ in shuffled], [b for _, b in shuffled], small) == found
    assert turned.p_value == found.p_value
    if found.difference is None or found.interval is None:
        assert turned.interval is None
        return
    assert turned.difference == -found.difference
    assert turned.interval is not None
    assert turned.interval == pytest.approx((-found.interval[1], -found.interval[0]))


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, None, 0.03]) == [0.03, 0.06, None, 0.06]
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
