"""A collator that forgets to mask the prompt."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, ClassVar

from ..collating import marking
from ..injector import Injector, Stage, register


@register
class LossOnPrompt(Injector):
    id = "loss-on-prompt"
    stages = (Stage.TRAINING,)
    doses: ClassVar = {
        "mild": "every token has a loss, prompt and answer alike",
        "strong": "the mask is inverted: the prompt has a loss, of the answer its first token only",
    }

    def training(self, dose: str, seed: int) -> AbstractContextManager[None]:
        return marking(_all if dose == "mild" else _inverted)


def _all(marks: Any, example: Any) -> None:
    marks[1 : len(example.ids)] = True


def _inverted(marks: Any, example: Any) -> None:
    marks[1 : example.target_start + 1] = True
    marks[example.target_start + 1 :] = False
