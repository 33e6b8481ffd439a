from __future__ import annotations

from dataclasses import replace

from .conftest import HEALTHY, READS, at_evaluation, before, example, look

NEVER_ENDS = replace(READS, stop_probability=0.01)


def test_answers_without_a_trained_stop_token_are_counted() -> None:
    bare = replace(HEALTHY, stops=False)
    (raised,) = before("stop-token-untrained", supervision=[bare] * 5 + [HEALTHY] * 15)
    assert (raised.id, raised.figures) == ("stop-token-untrained", {"answers": 5, "of_answers": 20})
    assert before("stop-token-untrained", supervision=[bare] * 4 + [HEALTHY] * 16) == []
    assert before("stop-token-untrained", supervision=[replace(HEALTHY, stops=None)] * 9) == []


def test_an_unlikely_stop_token_is_said_when_the_format_is_known() -> None:
    (raised,) = at_evaluation(
        "stop-token-untrained", look(forced=NEVER_ENDS, step=40), look(forced=NEVER_ENDS)
    )
    assert raised.figures["stop_probability"] == 0.01
    assert "has a probability of 0.010 (median), while 90%" in raised.message
    assert len(at_evaluation("stop-token-untrained", look(forced=NEVER_ENDS, step=100))) == 1
    unlearnt = replace(NEVER_ENDS, known=0.1)
    assert at_evaluation("stop-token-untrained", look(forced=unlearnt), look(forced=unlearnt)) == []


def test_a_stop_token_that_may_still_come_is_let_pass() -> None:
    early = [look(forced=NEVER_ENDS, step=step) for step in (20, 30, 40, 49)]
    assert at_evaluation("stop-token-untrained", *early) == []
    # What cannot be said yet costs nothing.
    assert [each.training.method.asked for each in early] == [0, 0, 1, 1]
    assert (
        at_evaluation("stop-token-untrained", look(forced=NEVER_ENDS), look(), look(forced=NEVER_ENDS)) == []
    )


def test_a_stop_token_that_was_learnt_is_not_looked_at_again() -> None:
    looks = [look(step=step) for step in (40, 60, 80, 100)]
    assert at_evaluation("stop-token-untrained", *looks) == []
    assert [each.training.method.asked for each in looks] == [1, 0, 0, 0]


def test_answers_cut_off_twice_in_a_row_are_said() -> None:
    cut = [example(n).with_prediction(example(n).reference, "x", n < 4) for n in range(8)]
    fine = [example(n).with_prediction(example(n).reference, "x", n < 3) for n in range(8)]
    (raised,) = at_evaluation("stop-token-untrained", look(cut), look(cut, step=80))
    assert (raised.figures["truncated"], raised.figures["of_answers"]) == (4, 8)
    assert at_evaluation("stop-token-untrained", look(cut), look(fine), look(cut)) == []
