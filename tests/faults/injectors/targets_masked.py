"""A collator that masks the answers: the label of each of their tokens is ignored."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, ClassVar

from ..collating import marking
from ..injector import Injector, Stage, register

KEPT = 3


@register
class TargetsMasked(Injector):
    id = "targets-masked"
    stages = (Stage.TRAINING,)
    doses: ClassVar = {
        "mild": f"all of an answer but its first {KEPT} tokens is ignored",
        "strong": "every answer is ignored whole",
    }

    def training(self, dose: str, seed: int) -> AbstractContextManager[None]:
        kept = {"mild": KEPT, "strong": 0}[dose]

        def mask(marks: Any, example: Any) -> None:
            marks[example.target_start + kept :] = False

        return marking(mask)
