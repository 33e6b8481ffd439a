"""What the loop and its callbacks share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from medspan.core import Example
from medspan.train.config import TrainConfig
from medspan.train.data import Encoded
from medspan.train.methods.method import Method


@dataclass(frozen=True, slots=True)
class StepStats:
    """One optimizer step: mean loss of a target token, gradient norm, learning rate, tokens read, seconds."""

    loss: float
    grad_norm: float
    learning_rate: float
    tokens: int
    seconds: float


@dataclass
class Training:
    """A training on its way. `step` counts finished optimizer steps; `best_step` is the chosen one so far.

    `examples` are what `train` was encoded from; `evaluated` are the validation documents with what the last
    evaluation predicted for them.
    """

    config: TrainConfig
    folder: Path
    method: Method
    model: Any
    optimizer: Any
    accelerator: Any
    loss: Any
    train: Sequence[Encoded]
    validation: Sequence[Example]
    steps_per_epoch: int
    total_steps: int
    eval_steps: int
    examples: Sequence[Example] = ()
    step: int = 0
    tokens: int = 0
    seconds: float = 0.0
    best_step: int | None = None
    best_metric: float | None = None
    history: list[dict[str, Any]] = field(default_factory=list)
    evaluated: Sequence[Example] = ()

    @property
    def epoch(self) -> float:
        return self.step / self.steps_per_epoch

    @property
    def is_main(self) -> bool:
        return bool(self.accelerator.is_main_process)

    @property
    def due_for_evaluation(self) -> bool:
        return self.step > 0 and (self.step % self.eval_steps == 0 or self.step == self.total_steps)


class Callback(Protocol):
    """Something that watches a training. One per file in `callbacks/`."""

    def on_start(self, training: Training) -> None: ...

    def on_step(self, training: Training, stats: StepStats) -> None: ...

    def on_end(self, training: Training) -> None: ...
