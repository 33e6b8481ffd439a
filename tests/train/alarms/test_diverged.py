from __future__ import annotations

import math

import pytest

from medspan.train.alarms.diverged import not_finite

from .conftest import at_evaluation, at_steps, evaluated, look

FALLING = [3.0 * 0.95**step + 0.1 for step in range(100)]


def test_a_loss_far_above_its_past_is_said_when_it_stays() -> None:
    said = at_steps("diverged", [*FALLING, *[2.5] * 30])
    step, raised = said[0]
    assert raised.id == "diverged"
    # Eighteen of the last twenty steps lie above it.
    assert step == 118
    assert raised.figures["level"] == pytest.approx(2.5, rel=0.6)
    assert "at step 100" in raised.message


def test_a_loss_above_its_start_is_said() -> None:
    said = at_steps("diverged", [3.0] * 5 + [9.0] * 20)
    assert said[0][0] == 23
    assert "3 in its first 5 steps" in said[0][1].message


def test_single_hard_batches_and_a_restart_are_let_pass() -> None:
    assert at_steps("diverged", [*FALLING, *[9.0] * 9, *[0.1] * 30]) == []
    assert at_steps("diverged", [*FALLING, *[1.2] * 60]) == []


@pytest.mark.parametrize(
    ("loss", "norm", "told"), [(math.nan, 1.0, "loss is nan"), (2.0, math.inf, "norm inf")]
)
def test_a_step_that_is_not_finite_tells_its_values(loss: float, norm: float, told: str) -> None:
    raised = not_finite(loss, norm, 1e-3)
    assert raised.id == "diverged"
    assert told in raised.message
    assert "diverged at learning rate 1.0e-03" in raised.message
    assert "lower learning_rate" in raised.remedy


def test_a_validation_loss_that_is_not_finite_is_said() -> None:
    history = evaluated({"all": {"entities": 0.5, "relations": 0.5}}, loss=math.nan)
    (raised,) = at_evaluation("diverged", look(history=history))
    assert raised.message == "the validation loss is nan"
    assert raised.line(7)["figures"] == {"validation_loss": "nan"}
