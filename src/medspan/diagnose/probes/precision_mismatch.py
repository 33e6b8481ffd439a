"""Weights rounded to few bits, or another floating-point type than in training."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Need, register
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions, Rounding
from medspan.diagnose.explanation import AnswerProbe, Variant
from medspan.diagnose.lab import Lab

ROUNDINGS = (
    Rounding(4, 64, "nf4", under=True),
    Rounding(4, 64, "fp4", under=True),
    Rounding(4, 64, "nf4"),
    Rounding(4, 64, "fp4"),
    Rounding(4, 32),
    Rounding(4, 64),
    Rounding(4, None),
)
"""Those of bitsandbytes' 4 bits, with the adapter on top of it or merged before, and even levels. Under 8
bits 4 of 508 tokens were chosen otherwise (135M), too few to cost anything. Of other sizes of a block the
answers are others again (4 bits by 192 are explained to 92% by 96, to 89% by none), and nothing is near."""


@register
class PrecisionMismatch(AnswerProbe):
    """Reads the stored answers with weights rounded to four bits, in the usual ways."""

    name: ClassVar[str] = "precision-mismatch"
    hypothesis: ClassVar[str] = "the answers were made in a lower precision than the training"
    causes: ClassVar[tuple[str, ...]] = ("precision-mismatch",)
    needs: ClassVar[tuple[Need, ...]] = ("data", "texts", "model")
    cost: ClassVar[float] = 25.0
    of_generation = False

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        if current.rounding is not None:
            return ()
        # Under an adapter of which a part is applied, nobody rounds.
        known = [one for one in ROUNDINGS if not one.under or current.part is None]
        return [
            Variant(
                "precision-mismatch", f"weights rounded to {rounding}", partial(_rounded, rounding), near=True
            )
            for rounding in known
        ]


def _rounded(rounding: Rounding, conditions: Conditions) -> Conditions:
    return conditions.but(rounding=rounding)
