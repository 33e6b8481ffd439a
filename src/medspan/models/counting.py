"""How many tokens strings have under a base model's tokenizer, counted without torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from medspan.core import ModelError
from medspan.models.base import load_tokenizer, resolve

TOKENIZER_FILE = "tokenizer.json"

TokenCounter = Callable[[Sequence[str]], list[int]]
"""Tokens of each string, without special tokens: a chat template and the stop token come on top."""


def token_counter(name: str = "default") -> TokenCounter:
    """Counts tokens as the tokenizer of a base model cuts them: `default`, a local folder or a Hub id.

    A model without a `tokenizer.json` is read by transformers, which takes longer to start. ModelError
    where there is no such model, or where its tokenizer cannot be read.
    """
    path = tokenizer_file(name)
    if path is None:
        tokenizer = load_tokenizer(name)
        return lambda texts: [len(tokenizer(text, add_special_tokens=False).input_ids) for text in texts]
    from tokenizers import Tokenizer

    try:
        read = Tokenizer.from_file(str(path))
    except Exception as error:  # tokenizers raises bare exceptions
        raise ModelError(
            f"{path} is no tokenizer ({str(error)[:100]})",
            cause="the file is cut off, or of a newer kind than the installed tokenizers can read",
            remedy=f"copy or download {name} again",
        ) from None
    read.no_truncation()
    read.no_padding()
    return lambda texts: [
        len(encoding.ids) for encoding in read.encode_batch_fast(list(texts), add_special_tokens=False)
    ]


def tokenizer_file(name: str) -> Path | None:
    """The file of a base model's fast tokenizer, fetched from the Hub for an id; None where it has none."""
    folder = Path(resolve(name))
    if folder.is_dir():
        path = folder / TOKENIZER_FILE
        return path if path.is_file() else None
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(name, TOKENIZER_FILE))
    except Exception:  # no network, no such file, a gated model: transformers says which
        return None
