"""The loss of the tagging method."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from medspan.models.tagger import Tagger, lay_out


class TagLoss(nn.Module):
    """Sum over a batch of the cross entropies of tokens and types, of insets, and of pairs of nodes."""

    def __init__(self, model: Tagger):
        super().__init__()
        self.model = model

    def forward(self, batch: Sequence[Any]) -> torch.Tensor:
        """`batch`: encoded documents (see `train.methods.tag.Tagged`)."""
        states = torch.cat(self.model.states([document.ids for document in batch]))
        return self._tokens(batch, states) + self._pairs(batch, states)

    def _tokens(self, batch: Sequence[Any], states: torch.Tensor) -> torch.Tensor:
        heads = self.model.heads
        logits = heads.tokens(states)
        target = torch.zeros(logits.shape[:2], dtype=torch.long)
        counts = torch.zeros(logits.shape[:2], dtype=torch.bool)
        inset = torch.full((len(states), 2), -1, dtype=torch.long)
        at = 0
        for document in batch:
            counts[at : at + len(document.ids), list(document.types)] = True
            for token, kind, state in document.states:
                target[at + token, kind] = state
            for span in document.spans:
                inset[at + span.first, 0] = span.before
                inset[at + span.last, 1] = span.after
            at += len(document.ids)
        counts, target = counts.to(states.device), target.to(states.device)
        total = cross_entropy(logits[counts], target[counts], reduction="sum")
        if heads.inset is not None:
            known = inset.to(states.device)
            total = total + cross_entropy(
                heads.insets(states).flatten(0, 1), known.flatten(), ignore_index=-1, reduction="sum"
            )
        return total

    def _pairs(self, batch: Sequence[Any], states: torch.Tensor) -> torch.Tensor:
        tables = [document.table for document in batch]
        if not any(table.heads for table in tables):
            return states.new_zeros(())
        starts = [0, *accumulate(len(document.ids) for document in batch)][:-1]
        pairs = lay_out(tables, [document.spans for document in batch], starts, states.device)
        logits = self.model.heads.pairs(states, pairs)
        target = torch.zeros_like(logits)
        counts = torch.zeros(logits.shape, dtype=torch.bool, device=states.device)
        row = 0
        for document in batch:
            for pair, relation in document.truths:
                target[row + pair, relation] = 1.0
            for pair, relation in document.legal:
                counts[row + pair, relation] = True
            row += len(document.table.candidates)
        return binary_cross_entropy_with_logits(logits[counts], target[counts], reduction="sum")
