"""Linear layers by eight-bit products on a processor, for reading many texts with a merged model."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import torch
from torch import nn

from medspan.core import ConfigError

LEVELS = 127
"""Weights are whole numbers from -127 to 127 times a scale, activations from -126 to 126."""
OFFSET = 128
"""What is added to activations: oneDNN multiplies unsigned by signed bytes."""


class EightBitLinear(nn.Module):
    """A linear layer on bytes: a scale for each output of the weights, one for each token of the input.

    The scale of a token is taken from the token itself, so large activations of one (the first of a
    text, mostly) cost the others nothing, and a result does not depend on what it is batched with.
    Vector-wise quantization in Dettmers et al. 2022, LLM.int8(), without its part for outliers.
    """

    def __init__(self, layer: nn.Linear, inputs: _Inputs):
        super().__init__()
        weight = layer.weight.detach().float()
        self.scales = weight.abs().amax(dim=1).clamp_min(1e-12) / LEVELS
        whole = (weight / self.scales[:, None]).round_().to(torch.int8)
        self.packed = torch.ops.onednn.qlinear_prepack(whole, None)
        self.zeros = torch.zeros(len(self.scales), dtype=torch.int32)
        self.bias = None if layer.bias is None else layer.bias.detach()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        self.inputs = inputs

    def forward(self, states: torch.Tensor) -> torch.Tensor:
        """(..., in_features) to (..., out_features), in the precision of the input."""
        whole, sizes = self.inputs.whole(states)
        made: torch.Tensor = _product(whole, self.packed, self.scales, self.zeros, states.dtype)
        # The tokens' scales come last: the product takes one for all.
        made.mul_(sizes)
        if self.bias is not None:
            made.add_(self.bias)
        return made.view(*states.shape[:-1], self.out_features)


class _Inputs:
    """The input seen last as bytes and scales: neighbours (queries, keys and values) share it."""

    def __init__(self) -> None:
        self._states: torch.Tensor | None = None
        self._found: tuple[torch.Tensor, torch.Tensor] | None = None

    def whole(self, states: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Bytes (tokens, width) and scales (tokens, 1) of states (..., width)."""
        if self._found is None or self._states is not states:
            rows = states.reshape(-1, states.shape[-1])
            # One level is left free: in bf16 the scale and its inverse are rounded, by 0.4% in all,
            # and a 128 would become a 0 as a byte.
            sizes = rows.abs().amax(dim=1, keepdim=True).clamp_min_(1e-6).div_(LEVELS - 1)
            whole = rows.mul(sizes.reciprocal()).round_().add_(OFFSET).to(torch.uint8)
            self._states, self._found = states, (whole, sizes)
        return self._found


def use_eight_bits(body: Any) -> None:
    """Replace the linear layers of a model's body, in place; it can then no more be trained or moved.

    ConfigError where this machine has no exact and fast product of bytes.
    """
    if body.device.type != "cpu":
        raise ConfigError(
            f"--int8 on {body.device.type}",
            cause="eight-bit products are for processors; a GPU is faster in bf16",
            remedy="leave it out, or add --device cpu",
        )
    if not has_byte_products():
        raise ConfigError(
            "--int8: this processor does not multiply bytes exactly",
            cause="it has no AVX512-VNNI or AVX-VNNI, or torch was built without oneDNN",
            remedy="leave it out",
        )
    inputs = _Inputs()
    for parent in list(body.modules()):
        for name, child in list(parent.named_children()):
            if type(child) is nn.Linear:
                setattr(parent, name, EightBitLinear(child, inputs))


@lru_cache(maxsize=1)
def has_byte_products() -> bool:
    """Whether torch multiplies bytes on this processor without overflow, tried with the largest ones.

    Processors without VNNI add neighbouring products in 16 bits, where they saturate.
    """
    width = 64
    try:
        packed = torch.ops.onednn.qlinear_prepack(torch.full((16, width), LEVELS, dtype=torch.int8), None)
        most = torch.full((4, width), 255, dtype=torch.uint8)
        one, zero = torch.ones(16), torch.zeros(16, dtype=torch.int32)
        made = _product(most, packed, one, zero, torch.float32)
    except (RuntimeError, AttributeError):
        return False
    return bool((made == (255 - OFFSET) * LEVELS * width).all())


def _product(
    whole: torch.Tensor, packed: Any, scales: torch.Tensor, zeros: torch.Tensor, dtype: torch.dtype
) -> Any:
    return torch.ops.onednn.qlinear_pointwise(
        whole, 1.0, OFFSET, packed, scales, zeros, None, 1.0, 0, dtype, "none", [], ""
    )
