"""The base model answered alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Need, register
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.explanation import AnswerProbe, Variant
from medspan.diagnose.lab import Lab
from medspan.diagnose.weights import PARTS


@register
class AdapterNotApplied(AnswerProbe):
    """Reads the stored answers with the adapter, without it, and with a part of it."""

    name: ClassVar[str] = "adapter-not-applied"
    hypothesis: ClassVar[str] = "the answers are those of the base model without the adapter"
    causes: ClassVar[tuple[str, ...]] = ("adapter-not-applied",)
    needs: ClassVar[tuple[Need, ...]] = ("data", "texts", "model")
    cost: ClassVar[float] = 14.0
    of_generation = False

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        if current.adapter is None or current.part is not None:
            return ()
        found = [Variant("adapter-not-applied", "the base model without the adapter", _without)]
        found += [
            Variant("adapter-not-applied", f"the adapter with {part} only", partial(_partly, part), near=True)
            for part in PARTS
        ]
        return found


def _partly(part: str, conditions: Conditions) -> Conditions:
    return conditions.but(part=part)


def _without(conditions: Conditions) -> Conditions:
    return conditions.but(adapter=None)
