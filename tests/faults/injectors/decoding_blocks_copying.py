"""A repetition penalty or an n-gram block at evaluation, as generation settings of chat have them."""

from __future__ import annotations

from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register


@register
class DecodingBlocksCopying(Injector):
    id = "decoding-blocks-copying"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        "mild": "repetition_penalty=1.15",
        "strong": "repetition_penalty=1.5 no_repeat_ngram_size=3",
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        options: dict[str, dict[str, Any]] = {
            "mild": {"repetition_penalty": 1.15},
            "strong": {"repetition_penalty": 1.5, "no_repeat_ngram_size": 3},
        }
        return how.with_options(**options[dose])
