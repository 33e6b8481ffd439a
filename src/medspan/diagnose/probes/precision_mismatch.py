"""Weights rounded to few bits, or another floating-point type than in training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Need, Said, Suspicion, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.conditions import Conditions, Rounding
from medspan.diagnose.explanation import NEARLY_THIS, AnswerProbe, Variant
from medspan.diagnose.lab import Lab

CAUSE = "precision-mismatch"
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
    """Reads the stored answers with weights rounded to four bits, in the usual ways.

    Of other ways nothing is near. So where nothing that was tried explains the stored answers, most tokens
    are still this model's (`NEARLY_THIS`) and answers made anew are surely better, it is named by
    elimination, at 0.5: loaders round weights every day, and seldom are others loaded than a run names. 0.4
    where medspan states that it made the answers.
    """

    name: ClassVar[str] = "precision-mismatch"
    hypothesis: ClassVar[str] = "the answers were made in a lower precision than the training"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data", "texts", "model")
    cost: ClassVar[float] = 25.0
    of_generation = False

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        if current.rounding is not None:
            return ()
        # Under an adapter of which a part is applied, nobody rounds.
        known = [one for one in ROUNDINGS if not one.under or current.part is None]
        return [
            Variant(CAUSE, f"weights rounded to {rounding}", partial(_rounded, rounding), near=True)
            for rounding in known
        ]

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        said = list(super().examine(case, lab))
        found = None if lab.problem is not None else lab.explanation
        # Rounded weights begin answers as whole ones do: another beginning comes from the prompt.
        other = found is not None and found.unknown and not lab.edges.begin_otherwise
        if found is not None and other and (found.final or 0.0) >= NEARLY_THIS:
            effect = lab.effect(lab.stored, lab.answers(lab.mended))
            if effect.sure and (effect.difference or 0.0) > 0:
                told = (
                    f"the model that answered is nearly this one: {found.final:.1%} of the stored answers' "
                    "tokens are chosen here as well, and nothing that was tried explains the others",
                    "by elimination: weights in fewer bits, in a way that was not tried; or weights that "
                    "differ a little, as of another revision",
                    said_of(effect),
                )
                yield Suspicion(CAUSE, 0.4 if case.made else 0.5, told, CAUSES[CAUSE].remedy, effect)
                return
        yield from said


def _rounded(rounding: Rounding, conditions: Conditions) -> Conditions:
    return conditions.but(rounding=rounding)
