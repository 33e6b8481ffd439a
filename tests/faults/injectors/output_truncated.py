"""Too few new tokens for the answer."""

from __future__ import annotations

from typing import ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register


@register
class OutputTruncated(Injector):
    id = "output-truncated"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {"mild": "max_new_tokens=24", "strong": "max_new_tokens=12"}

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return how.with_options(max_new_tokens={"mild": 24, "strong": 12}[dose])
