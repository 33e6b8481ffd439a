"""How much of its training targets a model has learnt, and how well it does: what several probes ask."""

from __future__ import annotations

from dataclasses import dataclass

from medspan.core import Example
from medspan.diagnose.case import Case
from medspan.diagnose.lab import ROWS_TO_LEARN, Lab
from medspan.diagnose.residue import answers_left, entity_f1
from medspan.diagnose.teacher import mean_loss, surely_costlier
from medspan.evaluate.curves import Curves
from medspan.evaluate.curves.carrier import finite


@dataclass(frozen=True, slots=True)
class Learnt:
    """Mean losses (nats a token) of reference answers, and F1 of the answers left when decoding is mended.

    `trained`, `scored`: of training rows and of scored ones with the adapter; `base`: of training rows
    without it. `worse`: the adapter surely makes training rows cost more. All None without a model. `f1`: of
    entities, None without answers.
    """

    trained: float | None
    scored: float | None
    base: float | None
    worse: bool
    f1: float | None

    @property
    def left(self) -> float | None:
        """The share of the base model's loss that is left; None where it is not known."""
        return None if self.trained is None or not self.base else self.trained / self.base

    @property
    def gap(self) -> float | None:
        """The loss of scored rows as a multiple of that of training rows."""
        return None if not self.trained or self.scored is None else self.scored / self.trained

    @property
    def words(self) -> str | None:
        if self.trained is None or self.base is None:
            return None
        beside = "" if self.scored is None else f", one of a scored answer {self.scored:.3f}"
        return (
            f"a token of a training answer costs {self.trained:.3f} nats with the adapter and "
            f"{self.base:.3f} without it{beside}"
        )


def risen(curves: Curves | None) -> float | None:
    """How far the last validation loss stands above the lowest, as a share of it; None without two."""
    known = () if curves is None else finite(curves.validation_loss)
    lowest = min((point.value for point in known), default=0.0)
    return known[-1].value / lowest - 1 if len(known) > 1 and lowest > 0 else None


def learnt(case: Case, lab: Lab) -> Learnt:
    """What is learnt, as far as there is a model and data to tell by."""
    answers, _ = answers_left(case, lab)
    f1 = entity_f1(answers) if answers else None
    rows = [one for one in case.train_sample if one.reference is not None][:ROWS_TO_LEARN]
    if case.tags or lab.problem is not None or not rows:
        return Learnt(None, None, None, False, f1)
    own = lab.targets(lab.mended, rows)
    without = lab.targets(lab.mended.but(adapter=None), rows)
    return Learnt(mean_loss(own), _scored(case, lab), mean_loss(without), surely_costlier(own, without), f1)


def _scored(case: Case, lab: Lab) -> float | None:
    rows: list[Example] = [one for one in case.sample if one.reference is not None][:ROWS_TO_LEARN]
    return mean_loss(lab.targets(lab.mended, rows)) if rows else None
