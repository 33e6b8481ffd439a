"""A training that diverged: no finite loss or gradient, or a loss far above its past."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from statistics import median
from typing import TYPE_CHECKING, ClassVar

from medspan.train.alarm import Alarm, Look, Raised, register

if TYPE_CHECKING:
    from medspan.train.state import StepStats, Training

STEPS = 20
"""Steps over which a level of the loss is a median: single hard batches do not move it."""
FIRST = 5
LOST = 0.5
"""Share of what the loss had fallen that must be lost again."""
TWICE = 2.0
"""Times its lowest level, or its first one, at which a loss must stand: batches differ by less."""

CAUSE = "diverged"
REMEDY = (
    "lower learning_rate (or raise warmup_ratio, or set bf16=false), and train again in another output_dir"
)


def not_finite(loss: float, norm: float, rate: float) -> Raised:
    """The alarm of a step whose loss or gradient is NaN or infinite: it stops every training."""
    return Raised(
        CAUSE,
        f"the loss is {loss:.4g}, the gradient norm {norm:.4g}: the training diverged at learning rate "
        f"{rate:.1e}, or the precision is too low",
        REMEDY,
        {"loss": loss, "grad_norm": norm, "learning_rate": rate},
    )


@register
class Diverged(Alarm):
    name: ClassVar[str] = "diverged"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    looks_at: ClassVar[str] = (
        "at each step: a loss or gradient that is NaN or infinite (always stops the training); a level of "
        "the loss (median of 20 steps) at twice its lowest that has lost half of all that was gained, or at "
        "twice the first steps'; at evaluations: a validation loss that is not finite"
    )
    remedy: ClassVar[str] = REMEDY

    def __init__(self) -> None:
        self._first: list[float] = []
        self._last: deque[float] = deque(maxlen=STEPS)
        self._lowest = math.inf
        self._lowest_most = math.inf
        self._lowest_step = 0

    def at_step(self, training: Training, stats: StepStats) -> Iterator[Raised]:
        if not self._first and training.step > 1:
            # A resumed training is compared with where it began, not with where it went on.
            self._first = [line["loss"] for line in training.history if "loss" in line][:FIRST]
        if len(self._first) < FIRST:
            self._first.append(stats.loss)
        self._last.append(stats.loss)
        if len(self._last) < STEPS:
            return
        level, began = median(self._last), median(self._first)
        # Nine in ten of the steps lie below `most` and above `least`.
        least, most = (sorted(self._last)[place] for place in (STEPS // 10, -1 - STEPS // 10))
        if level < self._lowest:
            self._lowest, self._lowest_step, self._lowest_most = level, training.step, most
        fell_back = level >= max(TWICE * self._lowest, self._lowest + LOST * (began - self._lowest))
        # Without a fall by half before it, the rise of a noisy level is chance.
        if fell_back and began >= TWICE * self._lowest and least > self._lowest_most:
            past = f"{self._lowest:.4g} at step {self._lowest_step}, and it began at {began:.4g}"
        elif level >= TWICE * began and least > max(self._first):
            past = f"{began:.4g} in its first {FIRST} steps"
        else:
            return
        yield self.raised(
            f"the loss stands at {level:.4g} (median of the last {STEPS} steps), far above its past: it was "
            f"{past}",
            level=level,
            lowest=self._lowest,
            began=began,
            learning_rate=stats.learning_rate,
        )

    def at_evaluation(self, look: Look) -> Iterator[Raised]:
        loss = look.evaluations[-1]["validation_loss"] if look.evaluations else None
        if loss is not None and not math.isfinite(loss):
            yield self.raised(f"the validation loss is {loss}", validation_loss=loss)
