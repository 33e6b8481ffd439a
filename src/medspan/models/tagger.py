"""A reader with its heads: the model of the tagging method, in memory and in an adapter folder."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from medspan.models.heads import Pairs, TagHeads
from medspan.models.reader import Reader


class Tagger(nn.Module):
    """States, token scores and pair scores of documents given as token ids."""

    def __init__(self, reader: Reader, heads: TagHeads):
        super().__init__()
        self.reader = reader
        self.heads = heads

    @property
    def device(self) -> Any:
        return next(self.heads.parameters()).device

    @property
    def dtype(self) -> torch.dtype:
        """The precision of the base model; the heads are in float32."""
        dtype: torch.dtype = self.reader.model.dtype
        return dtype

    def states(self, documents: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        """Hidden states (tokens, width) of each document."""
        found: list[torch.Tensor] = self.reader(documents)
        return found


def lay_out(
    tables: Sequence[Any], spans: Sequence[Sequence[Any]], lengths: Sequence[int], device: Any
) -> Pairs:
    """The pair tables of several documents as one, their tokens, mentions and groups laid end to end.

    A table has `heads`, `tails`, `between`, `groups` and `candidates`; a span `first` and `last`.
    """
    heads: list[int] = []
    tails: list[int] = []
    between: list[tuple[int, int]] = []
    groups: list[int] = []
    places: list[tuple[int, int]] = []
    token, count = 0, 0
    for table, here, length in zip(tables, spans, lengths, strict=True):
        mention = len(places)
        places += [(span.first + token, span.last + token) for span in here]
        heads += [index + mention for index in table.heads]
        tails += [index + mention for index in table.tails]
        between += [(start + token, end + token) for start, end in table.between]
        groups += [group + count for group in table.groups]
        token += length
        count += len(table.candidates)

    def long(values: Any) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long, device=device)

    gaps = long(between).view(-1, 2)
    return Pairs(
        long(places).view(-1, 2), long(heads), long(tails), gaps[:, 0], gaps[:, 1], long(groups), count
    )
