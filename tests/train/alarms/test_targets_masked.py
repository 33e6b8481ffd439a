from __future__ import annotations

from dataclasses import replace

from .conftest import HEALTHY, at_steps, before

BARE = replace(HEALTHY, learnt=0)


def test_examples_without_a_loss_are_counted() -> None:
    (raised,) = before("targets-masked", supervision=[BARE] * 3 + [HEALTHY] * 17)
    assert raised.id == "targets-masked"
    assert raised.figures == {"examples": 3, "of_examples": 20, "labels": 68, "of_labels": 80}
    assert "3 of 20 training examples looked at have no label with a loss" in raised.message
    assert before("targets-masked", supervision=[BARE] + [HEALTHY] * 39) == []


def test_half_of_the_labels_without_a_loss_is_too_much() -> None:
    (raised,) = before("targets-masked", supervision=[replace(HEALTHY, learnt=1)] * 10)
    assert (raised.figures["examples"], raised.figures["labels"]) == (0, 10)
    assert before("targets-masked", supervision=[replace(HEALTHY, learnt=2)] * 10) == []


def test_a_gradient_of_zero_from_the_start_is_said_once() -> None:
    ((step, raised),) = at_steps("targets-masked", [0.0] * 9, [0.0] * 9)
    assert (step, raised.id, raised.figures["steps"]) == (3, "targets-masked", 3)
    # A training that has learnt everything may end without a gradient.
    assert at_steps("targets-masked", [1.0] * 9, [1.0, 0.0, 0.0, *[0.0] * 6]) == []
