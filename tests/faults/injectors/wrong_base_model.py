"""The adapter on other base weights: another model of the same shape, as of another revision."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from ..decoding import Decoding
from ..injector import Injector, Stage, register

NOISE = {"mild": 0.25, "strong": 0.5}
"""Standard deviation of the difference, in those of each weight matrix."""


@register
class WrongBaseModel(Injector):
    id = "wrong-base-model"
    stages = (Stage.EVALUATION,)
    doses: ClassVar = {
        dose: f"base weights that differ by {share} of their spread" for dose, share in NOISE.items()
    }

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        return replace(how, base=(*how.base, lambda model: _another(model, NOISE[dose])))


def _another(model: Any, share: float) -> Any:
    """The model with its layers' matrices moved at random, always in the same way."""
    import torch

    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() == 2 and ".layers." in name:
                noise = torch.randn(weight.shape, generator=generator)
                weight.add_((noise * float(weight.float().std()) * share).to(weight.dtype))
    return model
