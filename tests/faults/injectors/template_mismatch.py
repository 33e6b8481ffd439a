"""A script that frames the prompt otherwise than the training did."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register


@register
class TemplateMismatch(Injector):
    id = "template-mismatch"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        "mild": "the chat template with the model's own system message, which the training left empty",
        "strong": "the bare prompt without the chat template of the training",
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        change = _with_system_message if dose == "mild" else _bare
        return replace(how, template=(*how.template, change))


def _bare(template: Any, tokenizer: Any) -> Any:
    return replace(template, kind="plain", prefix=(), suffix=())


def _with_system_message(template: Any, tokenizer: Any) -> Any:
    """The frame of a script that calls `apply_chat_template` with the user's message alone."""
    mark = "CONTENT"
    message = [{"role": "user", "content": mark}]
    text = tokenizer.apply_chat_template(message, tokenize=False, add_generation_prompt=True)
    before, _, after = text.partition(mark)
    pieces = [tuple(tokenizer(piece, add_special_tokens=False).input_ids) for piece in (before, after)]
    return replace(template, prefix=pieces[0], suffix=pieces[1])
