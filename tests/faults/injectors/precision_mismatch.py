"""Weights rounded to few bits at evaluation."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register

BITS = {"mild": 4, "strong": 3}
GROUP = 32
"""Weights that share a scale and a zero: in larger groups, three bits leave a model that answers nothing."""


@register
class PrecisionMismatch(Injector):
    id = "precision-mismatch"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        dose: f"weights rounded to {bits} bits, from least to greatest of {GROUP}"
        for dose, bits in BITS.items()
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, model=(*how.model, lambda model: rounded(model, BITS[dose])))


def rounded(model: Any, bits: int) -> Any:
    """The model with its layers' matrices rounded to `bits`, from the least to the greatest of each group."""
    import torch

    steps = 2**bits - 1
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2 and ".layers." in name:
                groups = weight.float().reshape(-1, GROUP)
                least, greatest = groups.amin(dim=1, keepdim=True), groups.amax(dim=1, keepdim=True)
                scale = (greatest - least).clamp_min(1e-12) / steps
                weight.copy_((((groups - least) / scale).round() * scale + least).reshape(weight.shape))
    return model
