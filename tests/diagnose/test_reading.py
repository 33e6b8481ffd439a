"""How many answers are read."""

from __future__ import annotations

import pytest

from medspan.diagnose.reading import LEAST_ANSWERS, Reading, edges_of, limit_between


@pytest.mark.parametrize(
    ("lengths", "count"),
    [([30] * 40, 4), ([100] * 40, LEAST_ANSWERS), ([1] * 40, 16), ([30, 30], 2), ([], 0)],
    ids=["by tokens", "never fewer than a few", "never more than so many", "all there are", "none"],
)
def test_answers_are_read_until_they_have_enough_tokens(lengths: list[int], count: int) -> None:
    assert Reading(120, 16).of(lengths) == count


WHOLE, BEGINS, LATER = [True] * 9, [False] + [True] * 8, [True] * 5 + [False] * 4


@pytest.mark.parametrize(
    ("hits", "alone"),
    [
        ([BEGINS] * 6 + [WHOLE] * 4, True),
        ([BEGINS] * 6 + [WHOLE] * 4 + [[]] * 40, True),
        ([BEGINS] * 6 + [WHOLE], False),
        ([BEGINS] * 3 + [WHOLE] * 20, False),
        ([BEGINS] * 6 + [LATER] * 3 + [WHOLE] * 4, False),
        ([LATER] * 6 + [WHOLE] * 4, False),
        ([WHOLE] * 10, False),
        ([], False),
    ],
    ids=["some", "blank ones aside", "all but one", "too few", "and others", "not there", "whole", "none"],
)
def test_answers_that_begin_otherwise_are_told_from_others(hits: list[list[bool]], alone: bool) -> None:
    assert edges_of(hits).begin_otherwise is alone


ENDS = [True] * 8 + [False]


@pytest.mark.parametrize(
    ("hits", "early"),
    [
        ([ENDS] * 6 + [WHOLE] * 20, True),
        ([ENDS] * 8, True),
        ([ENDS] * 3 + [WHOLE] * 20, False),
        ([ENDS] * 6 + [LATER] * 3, False),
        ([[False]] * 20, False),
        ([BEGINS] * 8, False),
        ([WHOLE] * 8, False),
        ([], False),
    ],
    ids=["some", "all", "too few", "and others", "blank", "other beginnings", "whole", "none"],
)
def test_answers_that_end_early_are_told_from_others(hits: list[list[bool]], early: bool) -> None:
    assert edges_of(hits).end_early is early


@pytest.mark.parametrize(
    ("lengths", "hits", "between"),
    [
        ([40, 90, 50, 95, 60, 80, 45, 85], [WHOLE, LATER] * 4, (60, 79)),
        ([40, 41, 42, 43, 44], [LATER] * 5, (1, 39)),
        ([40, 90, 50, 95, 60, 80, 45, 85], [WHOLE] * 5 + [LATER] * 3, None),
        ([40, 90, 50, 95, 60, 80, 45, 85], [LATER, WHOLE] * 4, None),
        ([40, 40, 40, 40, 40, 40, 40, 40], [WHOLE, LATER] * 4, None),
        ([*range(40, 50), *range(60, 69)], [WHOLE] * 9 + [LATER] * 9 + [WHOLE], (48, 48)),
        ([], [], None),
    ],
    ids=["parted", "all missed", "few missed", "long ones whole", "one length", "but for one", "none"],
)
def test_a_limit_of_prompts_lies_between_those_answered_and_those_not(
    lengths: list[int], hits: list[list[bool]], between: tuple[int, int] | None
) -> None:
    assert limit_between(lengths, hits) == between


def test_a_word_that_is_broken_off_may_have_other_last_tokens() -> None:
    broken = [True] * 6 + [False] * 3
    assert edges_of([broken] * 6, [True] * 6).end_early
    assert not edges_of([broken] * 6).end_early
    assert not edges_of([[True] * 5 + [False] * 4] * 6, [True] * 6).end_early
