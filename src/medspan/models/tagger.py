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
    tables: Sequence[Any], spans: Sequence[Sequence[Any]], starts: Sequence[int], device: Any
) -> Pairs:
    """Several pair tables as one, their mentions and groups laid end to end.

    `starts`: where the tokens of each table's document begin among those of all. A table has `heads`,
    `tails`, `between`, `groups` and `candidates`; a span `first` and `last`.
    """
    heads: list[int] = []
    tails: list[int] = []
    between: list[tuple[int, int]] = []
    groups: list[int] = []
    places: list[tuple[int, int]] = []
    count = 0
    for table, here, token in zip(tables, spans, starts, strict=True):
        mention = len(places)
        places += [(span.first + token, span.last + token) for span in here]
        heads += [index + mention for index in table.heads]
        tails += [index + mention for index in table.tails]
        between += [(start + token, end + token) for start, end in table.between]
        groups += [group + count for group in table.groups]
        count += len(table.candidates)

    def long(values: Any) -> torch.Tensor:
        return torch.tensor(values, dtype=torch.long, device=device)

    gaps = long(between).view(-1, 2)
    return Pairs(
        long(places).view(-1, 2), long(heads), long(tails), gaps[:, 0], gaps[:, 1], long(groups), count
    )
