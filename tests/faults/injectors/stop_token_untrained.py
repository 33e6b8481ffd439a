"""A collator that ignores the stop token, as one does that masks padding where padding is the stop token."""

from __future__ import annotations

import zlib
from contextlib import AbstractContextManager
from typing import Any, ClassVar

from ..collating import marking
from ..injector import Injector, Stage, register


@register
class StopTokenUntrained(Injector):
    id = "stop-token-untrained"
    stages = (Stage.TRAINING,)
    doses: ClassVar = {
        "mild": "nine answers of ten have no loss on the stop token",
        "strong": "no answer has a loss on the stop token",
    }

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        # A base model's plain frame: of the chat template an instruct model knows the end already.
        return {**config, "template": "plain"}

    def training(self, dose: str, seed: int) -> AbstractContextManager[None]:
        def mask(marks: Any, example: Any) -> None:
            if dose == "strong" or zlib.crc32(example.id.encode()) % 10:
                marks[len(example.ids) - 1] = False

        return marking(mask)
