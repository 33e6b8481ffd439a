"""How many answers are read."""

from __future__ import annotations

import pytest

from medspan.diagnose.reading import LEAST_ANSWERS, Reading


@pytest.mark.parametrize(
    ("lengths", "count"),
    [([30] * 40, 4), ([100] * 40, LEAST_ANSWERS), ([1] * 40, 16), ([30, 30], 2), ([], 0)],
    ids=["by tokens", "never fewer than a few", "never more than so many", "all there are", "none"],
)
def test_answers_are_read_until_they_have_enough_tokens(lengths: list[int], count: int) -> None:
    assert Reading(120, 16).of(lengths) == count
