"""What stands on a reader in the tagging method: which tokens are mentions, which pairs are relations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from medspan.core import ModelError
from medspan.models.shape import HeadShape

FILE = "heads.safetensors"
STATES = 3
"""Outside, beginning, inside; `models.chains` has their order."""

_WIDTH = 256
_NO_EVIDENCE = -20.0
_BUCKETS = 12


@dataclass(frozen=True, slots=True)
class Pairs:
    """Pairs of mentions in a batch whose tokens are laid end to end; all of shape (pairs,) but `spans`.

    `spans` (mentions, 2): first and last token. `heads`, `tails`: indices of mentions. `start`, `end`:
    the tokens between. `groups`: which pair of nodes a pair is evidence for.
    """

    spans: torch.Tensor
    heads: torch.Tensor
    tails: torch.Tensor
    start: torch.Tensor
    end: torch.Tensor
    groups: torch.Tensor
    count: int


class TagHeads(nn.Module):
    """Scores of tokens and of pairs, in float32 whatever the precision of the base model."""

    def __init__(self, shape: HeadShape):
        super().__init__()
        self.shape = shape
        self.dropout = nn.Dropout(shape.dropout)
        self.mention = nn.Linear(shape.width, STATES * shape.types)
        self.transitions = nn.Parameter(torch.zeros(shape.types, STATES, STATES))
        self.inset = nn.Linear(shape.width, 2 * (shape.insets + 1)) if shape.insets else None
        if shape.relations:
            self.head = nn.Linear(3 * shape.width, _WIDTH)
            self.tail = nn.Linear(3 * shape.width, _WIDTH)
            self.context = nn.Linear(2 * shape.width, _WIDTH)
            self.distance = nn.Embedding(2 * _BUCKETS, _WIDTH)
            nn.init.zeros_(self.distance.weight)
            self.relation = nn.Sequential(
                nn.GELU(),
                nn.Dropout(shape.dropout),
                nn.Linear(_WIDTH, _WIDTH),
                nn.GELU(),
                nn.Linear(_WIDTH, shape.relations),
            )

    def tokens(self, states: torch.Tensor) -> torch.Tensor:
        """Logits (tokens, types, 3) of outside, beginning and inside, of states (tokens, width)."""
        logits: torch.Tensor = self.mention(self.dropout(states))
        return logits.view(len(states), self.shape.types, STATES)

    def insets(self, states: torch.Tensor) -> torch.Tensor:
        """Logits (tokens, 2, insets + 1) of how many characters a mention leaves out of a token.

        0 of the second axis: before it, if it begins here; 1: after it, if it ends here.
        """
        assert self.inset is not None
        logits: torch.Tensor = self.inset(self.dropout(states))
        return logits.view(len(states), 2, self.shape.insets + 1)

    def pairs(self, states: torch.Tensor, pairs: Pairs) -> torch.Tensor:
        """Logits (pairs of nodes, relations): the evidence of all their mentions, pooled.

        Pooled by the logarithm of the sum of exponentials: one pair of mentions that states the
        relation is enough.
        """
        zero = states.new_zeros((1, states.shape[1]))
        sums = torch.cat([zero, states.cumsum(0)])

        def mean(start: torch.Tensor, end: torch.Tensor) -> torch.Tensor:
            count = (end - start).clamp(min=1)[:, None]
            return (sums[end] - sums[start]) / count

        first, last = pairs.spans[:, 0], pairs.spans[:, 1]
        mentions = self.dropout(torch.cat([states[first], states[last], mean(first, last + 1)], dim=1))
        between = torch.cat([self._greatest(states, pairs), mean(pairs.start, pairs.end)], dim=1)
        hidden = (
            self.head(mentions)[pairs.heads]
            + self.tail(mentions)[pairs.tails]
            + self.context(self.dropout(between))
            + self.distance(self._bucket(first, pairs))
        )
        evidence: torch.Tensor = self.relation(hidden)
        return pooled(evidence, pairs.groups, pairs.count)

    @staticmethod
    def _greatest(states: torch.Tensor, pairs: Pairs) -> torch.Tensor:
        """The greatest value of each number over the tokens between; 0 where there is none."""
        length = pairs.end - pairs.start
        if not len(length) or int(length.max()) == 0:
            return states.new_zeros((len(length), states.shape[1]))
        # Of each token the greatest values over it and the 1, 3, 7, ... tokens after it: two of these
        # overlapping runs cover any gap.
        runs = [states]
        while 2 ** len(runs) <= int(length.max()):
            half = 2 ** (len(runs) - 1)
            runs.append(torch.maximum(runs[-1][:-half], runs[-1][half:]))
        level = torch.log2(length.clamp(min=1).double()).floor().long()
        found = states.new_zeros((len(length), states.shape[1]))
        for at, run in enumerate(runs):
            (rows,) = ((level == at) & (length > 0)).nonzero(as_tuple=True)
            if len(rows):
                most = torch.maximum(run[pairs.start[rows]], run[pairs.end[rows] - 2**at])
                found = found.index_copy(0, rows, most)
        return found

    @staticmethod
    def _bucket(first: torch.Tensor, pairs: Pairs) -> torch.Tensor:
        gap = (pairs.end - pairs.start).float()
        step = (2 * torch.log2(gap + 1)).long().clamp(max=_BUCKETS - 1)
        return step + _BUCKETS * (first[pairs.heads] <= first[pairs.tails]).long()

    def save(self, folder: Path) -> None:
        """Write the weights as safetensors; the shape follows from the card."""
        from safetensors.torch import save_file

        weights = {name: weight.detach().cpu().contiguous() for name, weight in self.state_dict().items()}
        save_file(weights, folder / FILE)

    def read(self, folder: Path) -> None:
        """Take the weights that `save` wrote."""
        from safetensors.torch import load_file

        path = folder / FILE
        try:
            self.load_state_dict(load_file(path))
        except Exception as error:  # safetensors and torch raise several kinds
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise ModelError(
                f"{path} cannot be loaded ({reason})",
                cause="the file is missing, cut off, or belongs to an adapter of other types",
                remedy="copy the adapter's folder again, or use another checkpoint of the run",
            ) from error


def pooled(evidence: torch.Tensor, groups: torch.Tensor, count: int) -> torch.Tensor:
    """Log of the sum of exponentials of `evidence` (rows, k) over equal `groups` (rows,): (count, k)."""
    shape = (count, evidence.shape[1])
    index = groups[:, None].expand_as(evidence)
    most = torch.full(shape, float("-inf"), dtype=evidence.dtype, device=evidence.device)
    most = most.scatter_reduce(0, index, evidence.detach(), "amax")
    # Two concepts of one and the same mention have no pair of mentions: no evidence is a firm no.
    empty = torch.isinf(most)
    most = most.masked_fill(empty, _NO_EVIDENCE)
    total = torch.zeros(shape, dtype=evidence.dtype, device=evidence.device)
    total = total.index_add(0, groups, torch.exp(evidence - most[groups]))
    return torch.log(total.masked_fill(empty, 1.0)) + most
