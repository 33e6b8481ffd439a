"""A loss on the prompt: most of what is learnt is then the texts, not the answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.train.alarm import Alarm, Raised, Start, register

MANY = 0.02
"""Share of the prompts' tokens: one token at the border does no harm."""


@register
class LossOnPrompt(Alarm):
    name: ClassVar[str] = "loss-on-prompt"
    causes: ClassVar[tuple[str, ...]] = ("loss-on-prompt",)
    looks_at: ClassVar[str] = (
        "before the first step: tokens of the prompt (or padding) with a loss, 2% of the prompt or more"
    )
    remedy: ClassVar[str] = (
        "mask the prompt in the labels (completion_only_loss, train_on_inputs: false), and train again"
    )

    def before(self, start: Start) -> Iterator[Raised]:
        seen = [one for one in start.supervision if one.answer_start]
        prompt = sum(one.answer_start or 0 for one in seen)
        elsewhere, learnt = sum(one.elsewhere for one in seen), sum(one.learnt for one in seen)
        if not elsewhere or elsewhere < MANY * prompt:
            return
        yield self.raised(
            f"{elsewhere:,} of the {prompt:,} prompt tokens in {len(seen)} training examples have a loss, "
            f"beside {learnt:,} tokens of answers: {elsewhere / (elsewhere + learnt):.0%} of the loss is not "
            "about the answers",
            prompt_tokens_with_loss=elsewhere,
            prompt_tokens=prompt,
            answer_tokens_with_loss=learnt,
            examples=len(seen),
        )
