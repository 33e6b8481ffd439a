"""Answers without a loss: nothing is learnt of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from medspan.train.alarm import Alarm, Raised, Start, register

if TYPE_CHECKING:
    from medspan.train.state import StepStats, Training

MANY = 0.05
"""Share of examples without any loss from which on it is said: a few teach nothing and do no harm."""
HALF = 0.5
WITHOUT_GRADIENT = 3


@register
class TargetsMasked(Alarm):
    name: ClassVar[str] = "targets-masked"
    causes: ClassVar[tuple[str, ...]] = ("targets-masked",)
    looks_at: ClassVar[str] = (
        "before the first step: labels with a loss in the encoded examples (a twentieth of the examples have "
        "none, or half of all labels); in the first steps: a gradient of exactly 0"
    )
    remedy: ClassVar[str] = "give the answer's tokens their labels (look at one encoded row), and train again"

    def __init__(self) -> None:
        self._without_gradient = 0

    def before(self, start: Start) -> Iterator[Raised]:
        seen = [one for one in start.supervision if one.wanted]
        wanted, learnt = sum(one.wanted for one in seen), sum(one.learnt for one in seen)
        bare = sum(one.learnt == 0 for one in seen)
        if not seen or (bare < MANY * len(seen) and learnt >= HALF * wanted):
            return
        yield self.raised(
            f"{bare} of {len(seen)} training examples looked at have no label with a loss, and {learnt:,} of "
            f"all {wanted:,} labels have one: what has none is not learnt",
            examples=bare,
            of_examples=len(seen),
            labels=learnt,
            of_labels=wanted,
        )

    def at_step(self, training: Training, stats: StepStats) -> Iterator[Raised]:
        # Only from the start on: of a training that is done learning, gradients may vanish as well.
        self._without_gradient += stats.grad_norm == 0
        if self._without_gradient == training.step == WITHOUT_GRADIENT:
            yield self.raised(
                f"the gradient was exactly 0 in all of the first {training.step} steps (loss "
                f"{stats.loss:.4g}): no label has a loss, or no weight is trained",
                steps=training.step,
                loss=stats.loss,
            )
