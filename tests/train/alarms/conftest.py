"""Trainings made of planted figures: no model, no data on disk."""

from __future__ import annotations

from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation
from medspan.train import make_config
from medspan.train.alarm import Alarm, Look, Raised, Start, all_alarms
from medspan.train.facts import Forced, Supervision
from medspan.train.state import StepStats

HEALTHY = Supervision(
    ids=(1, 2, 3, 4, 5, 2, 9, 3, 7), wanted=4, learnt=4, elsewhere=0, answer_start=5, stops=True
)
READS = Forced(documents=8, loss=0.2, exchanged_loss=2.0, stop_probability=0.98, known=0.9)


def alarm(name: str) -> Alarm:
    return next(one for one in all_alarms() if one.name == name)


def example(
    number: int, *, relations: bool = True, task: str | None = None, predicted: Annotation | None = None
) -> Example:
    text = f"After drug{number} came rash{number}."
    drug, rash = f"drug{number}", f"rash{number}"
    ends = [Mention.at(text, text.index(one), text.index(one) + len(one), "T") for one in (drug, rash)]
    joined = (Relation(ends[0], ends[1], "causes"),) if relations else ()
    document = Document(f"n{number}", text, task=task)
    return Example(document, Annotation(tuple(ends), relations=joined), predicted=predicted)


class Method:
    def __init__(self, supervision: Sequence[Supervision], forced: Forced | None):
        self._supervision, self._forced = list(supervision), forced
        self.asked = 0

    def supervision(self, examples: Any, encoded: Any) -> list[Supervision]:
        return self._supervision

    def forced(self, model: Any, examples: Any) -> Forced | None:
        self.asked += 1
        return self._forced


def training(**more: Any) -> Any:
    config = {"output_dir": "x", "data": {"train": "x"}, "decoding": more.pop("decoding", {})}
    supervision, forced = more.pop("supervision", [HEALTHY] * 20), more.pop("forced", READS)
    known: dict[str, Any] = {
        "config": make_config(config),
        "method": Method(supervision, forced),
        "model": None,
        "train": list(range(len(supervision))),
        "examples": (),
        "validation": (),
        "history": [],
        "step": 0,
        "total_steps": 100,
    }
    return SimpleNamespace(**{**known, **more})


def before(name: str, **more: Any) -> list[Raised]:
    return list(alarm(name).before(Start(training(**more))))


def evaluated(*scores: dict[str, Any], loss: float = 0.3) -> list[dict[str, Any]]:
    """The history of a training with these scores, one evaluation each."""
    return [{"step": 10 * n, "scores": one, "validation_loss": loss} for n, one in enumerate(scores, 1)]


def look(found: Sequence[Example] = (), **more: Any) -> Look:
    found = found or [example(number) for number in range(8)]
    known: dict[str, Any] = {"step": 60, "history": evaluated({"all": {"entities": 0.9, "relations": 0.8}})}
    return Look(training(**{**known, **more}), found)


def at_evaluation(name: str, *looks: Look) -> list[Raised]:
    """What one alarm says at these evaluations, one after the other."""
    one = alarm(name)
    return [raised for each in looks for raised in one.at_evaluation(each)]


def at_steps(
    name: str, losses: Sequence[float], norms: Sequence[float] = (), *, first: int = 1, **more: Any
) -> list[tuple[int, Raised]]:
    """(step, what was said) over steps from `first` on, with these losses and gradient norms."""
    one, said = alarm(name), []
    for step, loss in enumerate(losses, first):
        norm = norms[step - first] if norms else 1.0
        stats = StepStats(loss=loss, grad_norm=norm, learning_rate=1e-3, tokens=10, seconds=1.0)
        said += [(step, raised) for raised in one.at_step(training(step=step, **more), stats)]
    return said


@pytest.fixture(params=[one.name for one in all_alarms()])
def every_alarm(request: pytest.FixtureRequest) -> str:
    return str(request.param)
