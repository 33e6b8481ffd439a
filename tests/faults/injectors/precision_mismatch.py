"""Weights rounded to few bits at evaluation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register

BITS = {"mild": 4, "strong": 3}
GROUP = 64


@register
class PrecisionMismatch(Injector):
    id = "precision-mismatch"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        dose: f"weights rounded to {bits} bits, {GROUP} to a scale" for dose, bits in BITS.items()
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, model=(*how.model, lambda model: rounded(model, BITS[dose])))


def rounded(model: Any, bits: int) -> Any:
    """The model with its layers' matrices rounded to `bits`, symmetric, by the greatest of each group."""
    import torch

    levels = 2 ** (bits - 1) - 1
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2 and ".layers." in name:
                groups = weight.float().reshape(-1, GROUP)
                scale = groups.abs().amax(dim=1, keepdim=True).clamp_min(1e-12) / levels
                weight.copy_(((groups / scale).round() * scale).reshape(weight.shape))
    return model
