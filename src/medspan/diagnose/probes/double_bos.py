"""A chat template writes the BOS, and the tokenizer adds it once more."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Need, register
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions, with_second_bos
from medspan.diagnose.explanation import AnswerProbe, Variant
from medspan.diagnose.lab import Lab
from medspan.format import Template


@register
class DoubleBos(AnswerProbe):
    """Reads the stored answers after prompts with one BOS more."""

    name: ClassVar[str] = "double-bos"
    hypothesis: ClassVar[str] = "prompts began with two BOS tokens, and training's with one"
    causes: ClassVar[tuple[str, ...]] = ("double-bos",)
    needs: ClassVar[tuple[Need, ...]] = ("data", "model")
    cost: ClassVar[float] = 15.0

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        twice = with_second_bos(current.template, lab.tokenizer(current))
        if twice is None or current.template.prefix[:2] == twice.prefix[:2]:
            return ()
        return (Variant("double-bos", "a second BOS before the prompt", partial(_framed, twice)),)


def _framed(template: Template, conditions: Conditions) -> Conditions:
    return conditions.but(template=template)
