"""A base model as an encoder: the hidden state of every token, in windows, seen from both sides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import nn

from medspan.models.base import is_encoder
from medspan.models.masks import layer_masks, sliding_windows
from medspan.models.windows import windows

TOKENS_AT_ONCE = 768
"""Tokens that are read together in extraction, padding included, unless one window has more: few enough
that what a layer hands on stays in the processor's cache."""


class Reader(nn.Module):
    """Hidden states of documents given as token ids.

    `model` is a decoder or an encoder of transformers, with adapters or without. `both_ways`: each
    token of a decoder sees the whole window, not only what is to its left (encoders always do).
    `prefix` and `suffix` are token ids around every window. `size` and `overlap` count tokens of the
    document.
    """

    def __init__(
        self,
        model: Any,
        *,
        both_ways: bool,
        prefix: Sequence[int],
        suffix: Sequence[int],
        size: int,
        overlap: int,
    ):
        super().__init__()
        self.model = model
        self.both_ways = both_ways
        self.prefix, self.suffix = tuple(prefix), tuple(suffix)
        self.size, self.overlap = size, overlap

    @property
    def body(self) -> Any:
        """The part of the model below its output layer."""
        base = self.model.get_base_model() if hasattr(self.model, "get_base_model") else self.model
        if is_encoder(base.config) or not hasattr(base, "get_decoder"):
            return base
        return base.get_decoder()

    @property
    def width(self) -> int:
        """Numbers in one hidden state."""
        return int(self.body.config.get_text_config().hidden_size)

    def forward(self, documents: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """Of each document the hidden states, (tokens, width) in float32.

        A document longer than a window is read in several, and each token's state is taken from the
        window in which it stands farthest from an edge.
        """
        rows = [
            (document, window)
            for document, ids in enumerate(documents)
            for window in windows(len(ids), self.size, self.overlap)
        ]
        ids = [(*self.prefix, *documents[d][w.start : w.end], *self.suffix) for d, w in rows]
        pieces: list[list[torch.Tensor]] = [[] for _ in documents]
        for some in self._together(ids):
            states = self._states(ids[some])
            for row, (document, window) in enumerate(rows[some]):
                first = len(self.prefix) + window.keep_start - window.start
                kept = states[row, first : first + window.keep_end - window.keep_start]
                pieces[document].append(kept.float())
        return [torch.cat(parts) for parts in pieces]

    @staticmethod
    def _together(rows: Sequence[Sequence[int]]) -> Iterator[slice]:
        """Rows that are read at once: all in training, else so many that memory is bounded."""
        if torch.is_grad_enabled():
            yield slice(0, len(rows))
            return
        first, widest = 0, 0
        for row, ids in enumerate(rows):
            widest = max(widest, len(ids))
            if row > first and widest * (row + 1 - first) > TOKENS_AT_ONCE:
                yield slice(first, row)
                first, widest = row, len(ids)
        yield slice(first, len(rows))

    def _states(self, rows: Sequence[Sequence[int]]) -> torch.Tensor:
        body = self.body
        device = body.device
        width = max(1, *map(len, rows))
        ids = torch.zeros((len(rows), width), dtype=torch.long)
        real = torch.zeros((len(rows), width), dtype=torch.bool)
        for row, tokens in enumerate(rows):
            ids[row, : len(tokens)] = torch.tensor(tokens, dtype=torch.long)
            real[row, : len(tokens)] = True
        ids, real = ids.to(device), real.to(device)
        if is_encoder(body.config):
            return _hidden(body(input_ids=ids, attention_mask=real.long()))
        # Padding sees itself, also where no token of the text is near: a row of nothing is no number.
        visible = real[:, None, :] | torch.eye(width, dtype=torch.bool, device=device)
        if not self.both_ways:
            visible = visible & torch.ones((width, width), dtype=torch.bool, device=device).tril()
        mask = layer_masks(visible, sliding_windows(body.config.get_text_config()))
        return _hidden(body(input_ids=ids, attention_mask=mask, use_cache=False))


def _hidden(output: Any) -> torch.Tensor:
    states: torch.Tensor = output.last_hidden_state
    return states
