"""The frame around the prompt: chat template or plain text, with or without a system message."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Need, Said, Suspicion, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.explanation import AnswerProbe, Step, Variant
from medspan.diagnose.lab import Lab
from medspan.format import Template

PADDING = (
    "pad on the left where prompts go in batches (padding_side of the tokenizer), or ask one by one; "
    "let nothing stand between a prompt of training's template and the answer"
)


@register
class TemplateMismatch(AnswerProbe):
    """Finds the template of training by the loss of its targets, that of the answers by what they are.

    0.6 where no template that was tried explains the answers, some begin otherwise than the model begins them
    while all others are what it says (`Edges`), and answers made anew are surely better.
    """

    name: ClassVar[str] = "template-mismatch"
    hypothesis: ClassVar[str] = "the prompts stood in another template than in training"
    causes: ClassVar[tuple[str, ...]] = ("template-mismatch",)
    needs: ClassVar[tuple[Need, ...]] = ("data", "model")
    cost: ClassVar[float] = 20.0

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        asking, found = lab.asking, []
        stated = asking.stated
        if stated is not None and not _same(stated.template, asking.trained.template):
            label = "the template that format.json states, which is not that of training"
            found.append(Variant("template-mismatch", label, partial(_framed, stated.template), True))
        if case.lacks(("texts",)):
            return found
        for name, template in asking.templates.items():
            if not _same(template, current.template):
                label = f"another frame of the prompt ({name}; training used {asking.way})"
                found.append(Variant("template-mismatch", label, partial(_framed, template)))
        return found

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if lab.problem is None and lab.explanation.unknown and lab.edges.begin_otherwise:
            effect, edges = lab.effect(lab.stored, lab.answers(lab.mended)), lab.edges
            if effect.sure and (effect.difference or 0.0) > 0:
                told = (
                    f"{edges.begun} of {edges.answers} stored answers begin with another token than the "
                    f"model says after its prompt; {edges.whole} are what it says, token by token",
                    "by elimination: some prompts ended otherwise than in training, and no template that was "
                    "tried explains it; padding on the right does this to the shorter prompts of a batch",
                    said_of(effect),
                )
                yield Suspicion("template-mismatch", 0.6, told, PADDING, effect)
                return
        yield from super().examine(case, lab)

    def cleared(self, case: Case, lab: Lab) -> str:
        asking = lab.asking
        others = [loss for name, loss in asking.losses.items() if name != asking.way]
        beside = f", {min(others):.3f} in the next best template" if others else ""
        cost = asking.losses[asking.way]
        return (
            f"{super().cleared(case, lab)}; training targets cost {cost:.3f} nats a token in the template "
            f"{asking.way}{beside}"
        )

    def remedy(self, lab: Lab, steps: Sequence[Step]) -> str:
        way = lab.asking.way
        return f"ask in the template of training ({way}): the one thing that must be the same in both"


def _framed(template: Template, conditions: Conditions) -> Conditions:
    # The stop token stays that of training: another frame ends prompts, not answers.
    return conditions.but(template=replace(template, stop=conditions.template.stop))


def _same(one: Template, other: Template) -> bool:
    return (one.prefix, one.suffix) == (other.prefix, other.suffix)
