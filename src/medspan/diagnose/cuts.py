"""Other tokenizers than that of training, which no file names: the usual ways in which one goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


class Moved:
    """A tokenizer whose ordinary tokens are numbered `by` further, as after a token that was put before them.

    Special and added tokens keep their numbers. What it does not override is the tokenizer's behind it.
    """

    def __init__(self, behind: Any, by: int):
        self._behind = behind
        fixed = set(behind.added_tokens_decoder)
        ordinary = [token for token in range(len(behind)) if token not in fixed]
        self._to = {token: ordinary[(at + by) % len(ordinary)] for at, token in enumerate(ordinary)}
        self._back = {new: old for old, new in self._to.items()}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def __call__(self, text: str, **options: Any) -> Any:
        found = self._behind(text, **options)
        found["input_ids"] = [self._to.get(token, token) for token in found["input_ids"]]
        return found

    def decode(self, tokens: Sequence[int], **options: Any) -> str:
        return str(self._behind.decode([self._back.get(int(one), int(one)) for one in tokens], **options))


class Lowered:
    """A tokenizer that lower-cases what it reads, as uncased ones do."""

    def __init__(self, behind: Any):
        self._behind = behind

    def __getattr__(self, name: str) -> Any:
        return getattr(self._behind, name)

    def __call__(self, text: str, **options: Any) -> Any:
        return self._behind(text.lower(), **options)


def with_merges(tokenizer: Any, share: float) -> Any:
    """The tokenizer with the first `share` of its merges, so that words are cut finer; None without any.

    For byte-pair encodings, whose merges stand in the order in which they were learnt.
    """
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    backend = getattr(tokenizer, "backend_tokenizer", None)
    stated = {} if backend is None else json.loads(backend.to_str())
    merges = (stated.get("model") or {}).get("merges")
    if not merges:
        return None
    stated["model"]["merges"] = merges[: int(len(merges) * share)]
    return PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_str(json.dumps(stated)),
        bos_token=tokenizer.bos_token,
        eos_token=tokenizer.eos_token,
        pad_token=tokenizer.pad_token,
        chat_template=tokenizer.chat_template,
    )


@dataclass(frozen=True, slots=True)
class Cut:
    """What happened to a tokenizer. `make`: of the one of training, None where it cannot be.

    `writes`: whether that changes the tokens of answers, too: a model that reads words in other pieces
    still writes its own.
    """

    make: Callable[[Any], Any]
    writes: bool = False


CUTS: dict[str, Cut] = {
    "tokens numbered one further": Cut(lambda tokenizer: Moved(tokenizer, 1), writes=True),
    "tokens numbered one less": Cut(lambda tokenizer: Moved(tokenizer, -1), writes=True),
    "tokens numbered two further": Cut(lambda tokenizer: Moved(tokenizer, 2), writes=True),
    "words cut finer": Cut(lambda tokenizer: with_merges(tokenizer, 0.6)),
    "words cut much finer": Cut(lambda tokenizer: with_merges(tokenizer, 0.2)),
    "text in lower case": Cut(Lowered),
}
"""What may have cut the text otherwise, by name."""
