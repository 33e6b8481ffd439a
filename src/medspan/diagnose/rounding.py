"""Weights as loaders of fewer bits round them."""

from __future__ import annotations

from typing import Any

from medspan.diagnose.conditions import Rounding

LEVELS: dict[str, tuple[float, ...]] = {
    "nf4": (
        -1.0,
        -0.6961928009986877,
        -0.5250730514526367,
        -0.39491748809814453,
        -0.28444138169288635,
        -0.18477343022823334,
        -0.09105003625154495,
        0.0,
        0.07958029955625534,
        0.16093020141124725,
        0.24611230194568634,
        0.33791524171829224,
        0.44070982933044434,
        0.5626170039176941,
        0.7229568362236023,
        1.0,
    ),
    "fp4": (
        *(-level / 12 for level in (12, 8, 6, 4, 3, 2, 0.0625)),
        0.0,
        *(level / 12 for level in (0.0625, 2, 3, 4, 6, 8, 12)),
    ),
}
"""Levels between -1 and 1. Source: bitsandbytes (functional.py), whose default for 4 bits is fp4."""


def round_weights(model: Any, rounding: Rounding) -> None:
    """Round every linear layer's weights in place to the nearest level, by the greatest of each block.

    Layers whose rows do not divide into blocks stay as they are, as do the output layer and adapters that are
    not merged.
    """
    import torch

    head = model.get_output_embeddings()
    head = getattr(head, "base_layer", head)
    with torch.no_grad():
        for name, layer in model.named_modules():
            if not isinstance(layer, torch.nn.Linear) or layer is head or "lora_" in name:
                continue
            weight = layer.weight.data
            if weight.shape[1] % (rounding.block or weight.shape[1]) == 0:
                layer.weight.data = rounded(weight, rounding)


def rounded(weight: Any, rounding: Rounding) -> Any:
    """A matrix whose entries are rounded; rows must divide into blocks."""
    import torch

    rows, columns = weight.shape
    blocks = weight.float().view(rows, -1, rounding.block or columns)
    scale = blocks.abs().amax(dim=-1, keepdim=True).clamp(min=1e-8)
    if rounding.levels == "even":
        most = 2 ** (rounding.bits - 1) - 1
        nearest = (blocks / scale * most).round() / most
    else:
        nearest = _nearest(blocks / scale, torch.tensor(LEVELS[rounding.levels], device=weight.device))
    return (nearest * scale).view(rows, columns).to(weight.dtype)


_CELLS = 1000
"""Of 1000, none has its edge at a bound between two levels of `LEVELS`, where rounding would decide."""


def _nearest(values: Any, levels: Any) -> Any:
    """The nearest level of each value between -1 and 1; of two that are equally near the lower.

    By a grid of cells of which none holds two bounds: three to four times as fast as `torch.bucketize`.
    """
    import torch

    bounds = (levels[1:] + levels[:-1]) / 2
    edges = torch.linspace(-1.0, 1.0, _CELLS + 1, device=levels.device)
    below = torch.bucketize(edges[:-1], bounds, right=True)
    bound = torch.cat([bounds, bounds.new_tensor([torch.inf])])[below]
    cells = ((values + 1) * (_CELLS / 2)).int().clamp_(0, _CELLS - 1).view(-1)
    above = values.reshape(-1) > bound.index_select(0, cells)
    return levels.index_select(0, below.index_select(0, cells) + above).view(values.shape)
