"""What an alarm is, and the register of alarms.

To add one, put a file into `alarms/` that holds an `Alarm` under `@register`: every training then listens
to it. List it in docs/alarms.md.
"""

from __future__ import annotations

import importlib
import math
import pkgutil
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from medspan.core import Example, MedspanError
from medspan.train.facts import Forced, Supervision

if TYPE_CHECKING:
    from medspan.train.state import StepStats, Training

Figure = float | int | str | None

LOOKED_AT = 128
"""Training examples of which the loss is looked at before the first step."""
LEAST_FORCED, MOST_FORCED = 4, 16
"""Validation documents that are read under teacher forcing, at least and at most."""
FORCED_SHARE = 0.01
"""Share of a training's examples that reading under teacher forcing may cost: an example is read forwards
and back, three times the work, and a document of these twice, forwards."""


@dataclass(frozen=True, slots=True)
class Raised:
    """An alarm that spoke: the cause's id in the catalogue, what was seen, what to do, and the figures."""

    id: str
    message: str
    remedy: str
    figures: Mapping[str, Figure]

    def line(self, step: int) -> dict[str, Any]:
        """As it stands in log.jsonl; figures that are not finite become words, as JSON has none of them."""
        return {
            "step": step,
            "alarm": self.id,
            "message": self.message,
            "remedy": self.remedy,
            "figures": {name: _written(value) for name, value in self.figures.items()},
        }


def _written(value: Figure) -> Figure:
    if isinstance(value, float):
        return float(f"{value:.4g}") if math.isfinite(value) else str(value)
    return value


class AlarmStop(MedspanError):
    """A training that an alarm has stopped: always for `diverged` without a finite loss, else by `strict`."""

    def __init__(self, raised: Raised, step: int):
        self.raised = raised
        self.step = step
        super().__init__(f"step {step}: {raised.id}: {raised.message}", remedy=raised.remedy)


class Start:
    """A training before its first step."""

    def __init__(self, training: Training):
        self.training = training

    @cached_property
    def supervision(self) -> Sequence[Supervision]:
        """What the loss falls on in a seeded sample of the training examples."""
        training = self.training
        rows = list(training.train)
        if len(rows) > LOOKED_AT:
            chosen = random.Random(training.config.seed).sample(range(len(rows)), LOOKED_AT)
            rows = [rows[place] for place in sorted(chosen)]
        return training.method.supervision(training.examples, rows)


class Look:
    """A training at an evaluation: what was scored, and what the model expects under teacher forcing."""

    def __init__(self, training: Training, found: Sequence[Example]):
        self.training = training
        self.found = found

    @property
    def progress(self) -> float:
        """The share of the planned steps that is done."""
        return self.training.step / self.training.total_steps

    @property
    def is_last(self) -> bool:
        """Whether no step is left, so that nothing more is learnt."""
        return bool(self.training.step >= self.training.total_steps)

    @property
    def evaluations(self) -> list[dict[str, Any]]:
        """The lines of all evaluations so far, this one last; a resumed run knows those before it."""
        return [line for line in self.training.history if "scores" in line]

    @cached_property
    def forced(self) -> Forced | None:
        """Facts under teacher forcing; None where the method, or the data, has none."""
        training = self.training
        read = [one for one in self.found if one.reference is not None and _holds(one)]
        seen = training.total_steps * training.config.per_device_train_batch_size
        seen *= training.config.gradient_accumulation_steps
        most = min(MOST_FORCED, max(LEAST_FORCED, int(seen * FORCED_SHARE * 3 / 2)))
        if len(read) < LEAST_FORCED:
            return None
        # Evenly over the sample, which is in the order of the data.
        picked = [read[place * len(read) // most] for place in range(most)] if len(read) > most else read
        return training.method.forced(training.model, picked)


def _holds(example: Example) -> bool:
    reference = example.reference
    return reference is not None and bool(reference.mentions or reference.relations)


class Alarm:
    """Watches a training for one fault; one instance a training, which may remember what it saw.

    `name` is that of its file, with hyphens. `causes`: the ids of the catalogue under which it speaks, the
    first unless said otherwise. `looks_at` and `remedy` are sentences for the user.
    """

    name: ClassVar[str]
    causes: ClassVar[tuple[str, ...]]
    looks_at: ClassVar[str]
    remedy: ClassVar[str]

    def before(self, start: Start) -> Iterator[Raised]:
        """What is wrong before the first step (of a resumed run: before its next)."""
        return iter(())

    def at_step(self, training: Training, stats: StepStats) -> Iterator[Raised]:
        """What is wrong after a step; all processes must come to the same answer."""
        return iter(())

    def at_evaluation(self, look: Look) -> Iterator[Raised]:
        """What is wrong at an evaluation."""
        return iter(())

    def raised(self, message: str, *, cause: str = "", remedy: str = "", **figures: Figure) -> Raised:
        """This alarm, speaking."""
        return Raised(cause or self.causes[0], message, remedy or self.remedy, figures)


_ALARMS: dict[str, type[Alarm]] = {}
AlarmClass = TypeVar("AlarmClass", bound=type[Alarm])


def register(alarm_class: AlarmClass) -> AlarmClass:
    """Class decorator: make an alarm known by its name."""
    if alarm_class.name in _ALARMS:
        raise ValueError(f"the alarm {alarm_class.name!r} is registered twice")
    _ALARMS[alarm_class.name] = alarm_class
    return alarm_class


@lru_cache(maxsize=1)
def _import_all() -> None:
    import medspan.train.alarms as room

    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")


def all_alarms() -> tuple[Alarm, ...]:
    """A fresh instance of every registered alarm, by name."""
    _import_all()
    return tuple(_ALARMS[name]() for name in sorted(_ALARMS))
