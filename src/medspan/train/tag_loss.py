"""The loss of the tagging method."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, one_hot
from torch.nn.utils.rnn import pad_sequence

from medspan.models.chains import INSIDE, NEVER, OUTSIDE
from medspan.models.tagger import Tagger, lay_out


def chain_losses(
    scores: torch.Tensor,
    transitions: torch.Tensor,
    target: torch.Tensor,
    lengths: Sequence[int],
    unknown: torch.Tensor | None = None,
) -> torch.Tensor:
    """Minus the logarithm of the probability of each document's chains, (documents, kinds).

    `scores` (tokens, kinds, 3) and `target` (tokens, kinds) of all documents end to end; `lengths` are
    their tokens. The probability is among all legal chains: with a loss for each token alone, a span
    was torn where two readings were equally good. Where `unknown` (tokens, kinds) is true any state
    is right, and the probability is that of all chains which agree with the rest.
    """
    forbidden = torch.zeros_like(transitions)
    forbidden[:, OUTSIDE, INSIDE] = NEVER
    steps = transitions + forbidden
    sizes = list(lengths)
    if not any(sizes):
        return scores.sum() + scores.new_zeros((len(sizes), scores.shape[1]))
    rows = pad_sequence(list(torch.split(scores, sizes)), batch_first=True)
    wanted = pad_sequence(list(torch.split(target, sizes)), batch_first=True)
    count = torch.tensor(sizes, device=scores.device)
    real = torch.arange(rows.shape[1], device=scores.device) < count[:, None]
    if unknown is None or not bool(unknown.any()):
        kinds = torch.arange(rows.shape[2], device=scores.device)
        right = (rows.gather(3, wanted[..., None])[..., 0] * real[..., None]).sum(1)
        right = right + (steps[kinds, wanted[:, :-1], wanted[:, 1:]] * real[:, 1:, None]).sum(1)
    else:
        free = pad_sequence(list(torch.split(unknown, sizes)), batch_first=True)
        agrees = one_hot(wanted, 3).bool() | free[..., None]
        right = _log_total(rows.masked_fill(~agrees, NEVER), steps, real)
    losses: torch.Tensor = _log_total(rows, steps, real) - right
    return losses * (count > 0)[:, None]


def _log_total(rows: torch.Tensor, steps: torch.Tensor, real: torch.Tensor) -> torch.Tensor:
    """The logarithm of the sum over all chains (documents, kinds) of `rows` (documents, tokens, kinds, 3)."""
    start = torch.zeros(3, device=rows.device)
    start[INSIDE] = NEVER
    sums = rows[:, 0] + start
    for at in range(1, rows.shape[1]):
        onward = torch.logsumexp(sums[..., None] + steps, dim=-2) + rows[:, at]
        sums = torch.where(real[:, at, None, None], onward, sums)
    return torch.logsumexp(sums, dim=-1)


class TagLoss(nn.Module):
    """Sum over a batch of the losses of chains, of insets, and of pairs of nodes."""

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
        lengths = [len(document.ids) for document in batch]
        target = torch.zeros(logits.shape[:2], dtype=torch.long)
        unknown = torch.zeros(logits.shape[:2], dtype=torch.bool)
        asked = torch.zeros((len(batch), logits.shape[1]), dtype=torch.bool)
        inset = torch.full((len(states), 2), -1, dtype=torch.long)
        at = 0
        for row, document in enumerate(batch):
            asked[row, list(document.types)] = True
            for token, kind, state in document.states:
                target[at + token, kind] = state
            for token, kind in document.unknown:
                unknown[at + token, kind] = True
            for token, side, characters in document.insets:
                inset[at + token, side] = characters
            at += len(document.ids)
        device = states.device
        losses = chain_losses(logits, heads.transitions, target.to(device), lengths, unknown.to(device))
        total = losses[asked.to(states.device)].sum()
        if heads.inset is not None:
            known = inset.to(states.device)
            total = total + cross_entropy(
                heads.insets(states).flatten(0, 1), known.flatten(), ignore_index=-1, reduction="sum"
            )
        return total

    def _pairs(self, batch: Sequence[Any], states: torch.Tensor) -> torch.Tensor:
        tables = [document.table for document in batch]
        if not any(table.heads for table in tables):
            # Weights without a gradient on one of several processes would stop them all.
            unused = (weight for name, weight in self.model.heads.named_parameters() if _of_pairs(name))
            return states.new_zeros(()) + sum(0.0 * weight.sum() for weight in unused)
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


def _of_pairs(name: str) -> bool:
    return name.split(".")[0] not in ("mention", "transitions", "inset")
