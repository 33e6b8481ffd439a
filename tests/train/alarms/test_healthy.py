"""A healthy training is silent, whatever alarm listens."""

from __future__ import annotations

import random

from .conftest import at_evaluation, at_steps, before, evaluated, example, look

SCORES = [{"all": {"entities": e, "relations": r}} for e, r in ((0.3, 0.0), (0.7, 0.2), (0.9, 0.8))]


def test_nothing_is_said_before_the_first_step(every_alarm: str) -> None:
    parts = {"examples": [example(n) for n in range(30)], "validation": [example(n) for n in range(40, 48)]}
    assert before(every_alarm, **parts) == []
    # A method that tells nothing of its loss is no fault.
    assert before(every_alarm, supervision=[], **parts) == []


def test_nothing_is_said_of_steps_that_learn_noisily(every_alarm: str) -> None:
    for seed in range(20):
        chance = random.Random(seed)
        losses = [(3.0 * 0.97**step + 0.05) * chance.lognormvariate(0, 0.7) for step in range(400)]
        assert at_steps(every_alarm, losses) == []


def test_nothing_is_said_of_steps_that_learn_nothing(every_alarm: str) -> None:
    for seed in range(20):
        chance = random.Random(seed)
        assert at_steps(every_alarm, [3.0 * chance.lognormvariate(0, 0.5) for _ in range(300)]) == []


def test_nothing_is_said_of_a_resumed_training_that_is_nearly_done(every_alarm: str) -> None:
    history = [{"step": 10 * n, "loss": loss} for n, loss in enumerate((3.0, 2.5, 2.0, 1.0, 0.5, 0.1), 1)]
    for seed in range(20):
        chance = random.Random(seed)
        losses = [0.05 * chance.lognormvariate(0, 1.5) for _ in range(300)]
        assert at_steps(every_alarm, losses, first=61, history=history) == []


def test_nothing_is_said_at_evaluations(every_alarm: str) -> None:
    looks = [look(step=10 * n, history=evaluated(*SCORES[: n + 1])) for n in range(3)]
    looks += [look(step=90, history=evaluated(*SCORES)), look(forced=None, history=evaluated(*SCORES))]
    assert at_evaluation(every_alarm, *looks) == []
