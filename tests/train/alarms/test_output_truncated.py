from __future__ import annotations

from .conftest import HEALTHY, before


def test_a_limit_below_the_answers_is_said_with_the_longest() -> None:
    (raised,) = before("output-truncated", decoding={"max_new_tokens": 2})
    assert raised.id == "output-truncated"
    assert raised.figures == {"longer": 20, "of_answers": 20, "longest": 3, "max_new_tokens": 2}
    # Three tokens and the stop token, which does not count.
    assert before("output-truncated", decoding={"max_new_tokens": 3}) == []
    assert before("output-truncated", supervision=[HEALTHY], decoding={"max_new_tokens": 3}) == []
