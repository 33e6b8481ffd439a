"""Attention masks for models whose layers see different distances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def sliding_windows(config: Any) -> dict[str, int | None] | None:
    """Kinds of layers with their windows (None: all of the text); None for models without sliding layers.

    The one key "" stands for models whose layers are all alike and take a single mask.
    """
    window = getattr(config, "sliding_window", None)
    kinds = getattr(config, "layer_types", None)
    if window is None:
        return None
    if kinds is None:
        return {"": window}
    windows = {"full_attention": None, "sliding_attention": window}
    if "sliding_attention" not in kinds or not set(kinds) <= set(windows):
        return None
    return windows


def layer_masks(visible: Any, windows: Mapping[str, int | None] | None) -> Any:
    """What a model takes as its mask, of `visible` (rows, queries, keys; true where a query may look).

    Windows hold on both sides: a key is seen that is fewer than a window's tokens away.
    """
    import torch

    if windows is None:
        return visible[:, None]
    queries, keys = visible.shape[1:]
    near = torch.arange(queries, device=visible.device)[:, None] - torch.arange(keys, device=visible.device)
    masks = {
        kind: (visible if window is None else visible & (near.abs() < window))[:, None]
        for kind, window in windows.items()
    }
    return masks.get("", masks)
