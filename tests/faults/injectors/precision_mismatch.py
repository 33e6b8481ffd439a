"""Weights rounded to few bits at evaluation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register

BITS = 4
GROUP: dict[str, int | None] = {"mild": 192, "strong": None}
"""How many weights share a scale: None all of a row. At three bits, this model answers nothing at all."""


@register
class PrecisionMismatch(Injector):
    id = "precision-mismatch"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        dose: f"weights rounded to {BITS} bits, {'a row' if group is None else group} to a scale"
        for dose, group in GROUP.items()
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, model=(*how.model, lambda model: rounded(model, GROUP[dose])))


def rounded(model: Any, group: int | None) -> Any:
    """The model with its layers' matrices rounded, symmetric, by the greatest of each group."""
    import torch

    levels = 2 ** (BITS - 1) - 1
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2 and ".layers." in name:
                groups = weight.float().reshape(-1, group or weight.shape[1])
                scale = groups.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / levels
                weight.copy_(((groups / scale).round() * scale).reshape(weight.shape))
    return model
