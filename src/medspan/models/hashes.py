"""Hashes that tell whether two runs used the same weights, tokenizer or data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from medspan.core.errors import InputError


def sha256_of_file(path: Path) -> str:
    """Hexadecimal SHA-256 of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_json(data: Any) -> str:
    """Hexadecimal SHA-256 of a value's canonical JSON (sorted keys, no spaces)."""
    text = json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def tokenizer_hash(tokenizer: Any) -> str:
    """SHA-256 of a tokenizer's vocabulary, special tokens and chat template."""
    return sha256_of_json(
        {
            "vocabulary": sorted(tokenizer.get_vocab().items()),
            "special": {name: str(value) for name, value in tokenizer.special_tokens_map.items()},
            "chat_template": tokenizer.chat_template,
        }
    )


def adapter_hash(adapter: Path) -> str:
    """One hash of all that decides what an adapter predicts: its weights, its heads, its card.

    InputError where the folder holds no weights.
    """
    found = sorted(adapter.glob("adapter_model.*"))
    if not found:
        raise InputError(
            f"{adapter} has no adapter_model.safetensors",
            cause="the adapter was copied in part",
            remedy="copy it again, or use a checkpoint of the run",
        )
    others = [path for path in (adapter / "heads.safetensors", adapter / "format.json") if path.is_file()]
    return sha256_of_json([sha256_of_file(path) for path in (*found, *others)])
