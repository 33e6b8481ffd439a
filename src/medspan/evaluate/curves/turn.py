"""A validation loss that turns: overfitting, or what may be it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from random import Random

from medspan.evaluate.curves.best import Scores, scores_beside
from medspan.evaluate.curves.carrier import Curves, Series, at_step, finite
from medspan.evaluate.curves.finding import Verdict, per_cent, said
from medspan.evaluate.curves.noise import FLAT, Noise, Trend, last_third, share, trend

RISE = 0.05
"""A validation loss less than a twentieth above its minimum is not called overfitting, however sure it is:
no user would go back to an earlier checkpoint for it."""
CHANCE = 0.01
"""Most probability that a level validation loss does the same, over all evaluations together."""
DRAWS = 2000
"""Level curves drawn to find that probability; the same ones for the same number of evaluations."""


@dataclass(frozen=True, slots=True)
class Turn:
    """The minimum of a validation loss, and how far above it the last evaluations are."""

    step: int
    rise: float
    sure_rise: float
    chance: float
    late: Trend | None

    @property
    def sure(self) -> bool:
        rising = self.late is not None and self.late.state == "rises"
        return self.sure_rise >= RISE and (self.chance <= CHANCE or rising)

    @property
    def words(self) -> str:
        """A rise that may be chance, for a user to know of; empty where there is none that matters."""
        if self.sure_rise < RISE:
            return ""
        return (
            f"the validation loss was lowest at step {self.step} and {per_cent(self.rise)} higher at the "
            f"end, as happens by chance in {per_cent(self.chance)} of level curves with this noise"
        )


def turn_of(validation: Series, noise: Noise | None) -> Turn | None:
    """Where a validation loss turned; None where nothing says that it did.

    Overfitting is sure if the lower one of the last two evaluations is above the minimum by `RISE`, and
    either by more multiples of the noise than in all but `CHANCE` of level curves with as many evaluations
    (drawn with normal noise that is estimated as well as this one), or the last third rises with 99%
    confidence.
    """
    if len(validation) < 3 or noise is None:
        return None
    values = [point.value for point in validation]
    lowest = min(range(len(values)), key=values.__getitem__)
    if lowest >= len(values) - 2:
        return None
    least = _above_minimum(values)
    chance = 0.0
    if noise.sigma > 0:
        drawn = _level_rises(len(values), noise.freedom)
        chance = sum(one >= least / noise.sigma for one in drawn) / DRAWS
    late = trend(last_third(validation), noise, confidence=0.99)
    return Turn(validation[lowest].step, share(values[-1] - values[lowest]), share(least), chance, late)


@lru_cache
def _level_rises(count: int, freedom: float) -> tuple[float, ...]:
    """How far the last two of `count` level evaluations are above their minimum, in estimated noise."""
    draw = Random(count)
    return tuple(
        _above_minimum([draw.gauss() for _ in range(count)])
        / math.sqrt(draw.gammavariate(freedom / 2, 2 / freedom))
        for _ in range(DRAWS)
    )


def _above_minimum(values: Sequence[float]) -> float:
    return min(values[-2:]) - min(values)


def overfitting(curves: Curves, turn: Turn | None, training: Trend | None) -> Verdict | None:
    """The validation loss rises after its minimum, and the training loss does not seem to.

    Where F1 is known, the checkpoint to use is the one of its best, and a loss that disagrees is told.
    """
    if turn is None or not turn.sure or (training and training.change >= FLAT):
        return None
    known = finite(curves.validation_loss)
    low, last = at_step(known, turn.step), known[-1]
    words = f", while the training loss {said(training)}" if training else ""
    scores = scores_beside(curves.headline, turn.step)
    words += f"; {scores.words}" if scores else ""
    name = "overfitting of the loss, not of F1," if scores and scores.disagrees else "overfitting"
    return Verdict(
        "overfitting",
        turn.step,
        f"{name} from step {turn.step}: the validation loss was lowest there ({_figure(low)}) and "
        f"{per_cent(turn.rise)} higher at step {last.step} ({_figure(last.value)}){words}",
        {
            "lowest_validation_loss": low,
            "last_validation_loss": last.value,
            "rise": turn.rise,
            "rise_of_last_two": turn.sure_rise,
            "chance": turn.chance,
            "training_change": training.change if training else None,
            "best_f1_step": scores.best.step if scores else None,
            "best_f1": scores.best.value if scores else None,
            "f1_beside_lowest_loss": scores.beside.value if scores else None,
            "last_f1": scores.last.value if scores else None,
        },
        _remedy(turn, scores),
    )


def _remedy(turn: Turn, scores: Scores | None) -> str:
    less = "train for fewer epochs, with more data, a lower learning rate or a smaller LoRA rank"
    if scores is None:
        return (
            f"use the checkpoint of step {turn.step}, or {less}; score the checkpoints first if you can, "
            "for F1 often goes on rising while the validation loss rises"
        )
    if not scores.disagrees:
        alike = (
            f" (that of step {scores.beside.step} is as good within the noise of F1)" if scores.later else ""
        )
        return f"use the checkpoint of step {scores.best.step}, of the best F1{alike}, or {less}"
    return (
        f"use the checkpoint of step {scores.best.step}, of the best F1, and not that of the lowest "
        "validation loss, which also counts how sure the model is of what is wrong. Where its confidences "
        f"matter, {less}"
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
