"""The sizes of the tagging method's heads, apart from torch."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class HeadShape:
    """Sizes of the heads: width of a hidden state, numbers of span types, relations and insets (0: none)."""

    width: int
    types: int
    relations: int
    insets: int = 0
    dropout: float = 0.1
