"""Texts longer than a model reads at once: windows that overlap, and of which each token one keeps."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens `[start, end)` are read together; what came of `[keep_start, keep_end)` is kept."""

    start: int
    end: int
    keep_start: int
    keep_end: int


def windows(length: int, size: int, overlap: int) -> tuple[Window, ...]:
    """Windows of at most `size` tokens over `length`, neighbours sharing at least `overlap`.

    The kept parts cover every token once; each token is kept by the window in which it is
    farthest from an edge, so that it is read with as much as can be on both sides.
    """
    if not 0 <= overlap < size:
        raise ValueError(f"an overlap of {overlap} tokens in windows of {size}")
    if length <= size:
        return (Window(0, length, 0, length),)
    count = -(-(length - overlap) // (size - overlap))
    # Spread evenly: a last window of a few tokens would be read with next to nothing on its left.
    starts = [round(index * (length - size) / (count - 1)) for index in range(count)]
    cuts = [0, *((left + size + right) // 2 for left, right in pairwise(starts)), length]
    return tuple(
        Window(start, start + size, cuts[index], cuts[index + 1]) for index, start in enumerate(starts)
    )
