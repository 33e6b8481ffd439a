"""A start token too many: the template writes it, and the tokenizer writes it again."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register


@register
class DoubleBos(Injector):
    id = "double-bos"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        "mild": "two start tokens before the prompt",
        "strong": "a start token more before each piece that is tokenised apart",
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, template=(*how.template, _twice if dose == "mild" else _each_piece))


def _twice(template: Any, tokenizer: Any) -> Any:
    return replace(template, prefix=(tokenizer.bos_token_id, *template.prefix))


def _each_piece(template: Any, tokenizer: Any) -> Any:
    bos = tokenizer.bos_token_id
    return replace(template, prefix=(bos, *template.prefix, bos), suffix=(bos, *template.suffix))
