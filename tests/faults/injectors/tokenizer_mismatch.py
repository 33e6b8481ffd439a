"""A tokenizer that is not the one of training."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register


@register
class TokenizerMismatch(Injector):
    id = "tokenizer-mismatch"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        "mild": "a tokenizer of the same vocabulary that knows half of the merges",
        "strong": "a tokenizer whose ordinary tokens are numbered one further",
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, tokenizer=(*how.tokenizer, _fewer_merges if dose == "mild" else _Shifted))


def _fewer_merges(tokenizer: Any) -> Any:
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    stated = json.loads(tokenizer.backend_tokenizer.to_str())
    stated["model"]["merges"] = stated["model"]["merges"][: len(stated["model"]["merges"]) // 2]
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(stated)),
        bos_token=tokenizer.bos_token,
        eos_token=tokenizer.eos_token,
        chat_template=tokenizer.chat_template,
    )


class _Shifted:
    """A tokenizer whose vocabulary got one token more before the ordinary ones."""

    def __init__(self, tokenizer: Any):
        self._tokenizer = tokenizer
        self._special = len(tokenizer.all_special_ids) and max(tokenizer.added_tokens_decoder) + 1
        self._size = len(tokenizer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tokenizer, name)

    def __call__(self, text: str, **options: Any) -> Any:
        found = self._tokenizer(text, **options)
        found["input_ids"] = [self._moved(token, 1) for token in found["input_ids"]]
        return found

    def decode(self, tokens: Any, **options: Any) -> str:
        return str(self._tokenizer.decode([self._moved(int(token), -1) for token in tokens], **options))

    def _moved(self, token: int, by: int) -> int:
        if token < self._special:
            return token
        ordinary = self._size - self._special
        return self._special + (token - self._special + by) % ordinary
