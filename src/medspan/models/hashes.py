"""Hashes that tell whether two runs used the same weights, tokenizer or data."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any


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


def model_hash(model: Any) -> str:
    """SHA-256 over a torch model's parameters in order of name: names, shapes, and values as bfloat16.

    Of large tensors the first and last 4,096 values count, which any further training changes as
    well. In bfloat16, so that the same weights give the same hash in whatever precision they are
    loaded; adapters do not count.
    """
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.named_parameters()):
        if "lora_" in name:
            continue
        values = tensor.detach().flatten()
        ends = values if values.numel() <= 8192 else _ends(values)
        name = name.replace("base_model.model.", "").replace(".base_layer", "")
        digest.update(f"{name} {tuple(tensor.shape)}".encode())
        digest.update(ends.to(torch.bfloat16).cpu().contiguous().view(torch.int16).numpy().tobytes())
    return digest.hexdigest()


def _ends(values: Any) -> Any:
    import torch

    return torch.cat([values[:4096], values[-4096:]])
