"""A hash of a model's weights that does not depend on the precision they are loaded in."""

from __future__ import annotations

import hashlib
from typing import Any


def model_hash(model: Any) -> str:
    """SHA-256 over a torch model's parameters in order of name: names, shapes, and values as bfloat16.

    Of large tensors the first and last 4,096 values count, which any further training changes as
    well. In bfloat16, so that the same weights give the same hash in whatever precision they are
    loaded; adapters do not count.
    """
    import torch

    digest = hashlib.sha256()
    for name, tensor in sorted(model.named_parameters()):
        # An encoder's pooler is not used, and is drawn anew where the files hold none.
        if "lora_" in name or name.startswith("pooler."):
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
