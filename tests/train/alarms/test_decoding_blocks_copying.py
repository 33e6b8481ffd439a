from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.train.alarms.decoding_blocks_copying import repeats
from medspan.train.facts import Supervision

from .conftest import before

NAME = "decoding-blocks-copying"


def test_a_repetition_penalty_is_said_with_the_share_it_hits() -> None:
    (raised,) = before(NAME, decoding={"repetition_penalty": 1.15})
    assert raised.id == NAME
    # Of the healthy answer (2, 9, 3, 7) two tokens stand in its prompt.
    assert raised.figures["copied_share"] == 0.5
    assert "repetition_penalty=1.15 makes each token unlikely that stands in the text (50%" in raised.message
    assert before(NAME, decoding={"repetition_penalty": 1.02}) == []


def test_n_grams_are_said_where_answers_repeat_them() -> None:
    copied = Supervision(ids=(1, 2, 3, 4, 2, 3, 4), wanted=3, learnt=3, answer_start=4, stops=True)
    (raised,) = before(NAME, decoding={"no_repeat_ngram_size": 3}, supervision=[copied] * 4)
    assert raised.figures["answers_forbidden"] == 4
    assert before(NAME, decoding={"no_repeat_ngram_size": 4}, supervision=[copied] * 4) == []


@given(st.lists(st.integers(0, 3), min_size=1, max_size=12), st.integers(0, 11), st.integers(1, 4))
def test_a_repeat_is_found_wherever_it_is(ids: list[int], start: int, size: int) -> None:
    start = min(start, len(ids) - 1)
    one = Supervision(ids=tuple(ids), wanted=1, learnt=1, answer_start=start)
    ends = range(max(size, start + 1), len(ids) + 1)
    slow = any(ids[end - size : end] == ids[at - size : at] for end in ends for at in range(size, end))
    assert repeats(one, size) == slow


@pytest.mark.parametrize("options", [{}, {"no_repeat_ngram_size": 3}])
def test_options_that_forbid_no_answer_are_let_pass(options: dict[str, int]) -> None:
    assert before(NAME, decoding=options) == []
