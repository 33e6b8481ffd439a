"""Pairs of mentions as tables of indices: what a relation is read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medspan.format.spans import Span

MOST_EVIDENCE = 16
"""Pairs of mentions that are looked at for one pair of nodes at most, the nearest of them."""


@dataclass(frozen=True, slots=True)
class PairTable:
    """Pairs of mentions of one document, grouped by the pair of nodes that they are evidence for.

    Of row r, `heads[r]` and `tails[r]` are indices of spans, `between[r]` the tokens `[start, end)`
    that stand between them (empty where they touch or overlap), `groups[r]` the index of its pair in
    `candidates`.
    """

    candidates: tuple[tuple[int, int], ...]
    heads: tuple[int, ...]
    tails: tuple[int, ...]
    between: tuple[tuple[int, int], ...]
    groups: tuple[int, ...]


def pair_table(
    spans: Sequence[Span], nodes: Sequence[Sequence[int]], candidates: Sequence[tuple[int, int]]
) -> PairTable:
    """The table of these candidate pairs of nodes."""
    heads: list[int] = []
    tails: list[int] = []
    between: list[tuple[int, int]] = []
    groups: list[int] = []
    for group, (head_node, tail_node) in enumerate(candidates):
        rows = [
            (gap(spans[head], spans[tail]), head, tail)
            for head in nodes[head_node]
            for tail in nodes[tail_node]
            if head != tail
        ]
        rows.sort(key=lambda row: (row[0][1] - row[0][0], row[0][0], row[1:]))
        for place, head, tail in rows[:MOST_EVIDENCE]:
            heads.append(head)
            tails.append(tail)
            between.append(place)
            groups.append(group)
    return PairTable(tuple(candidates), tuple(heads), tuple(tails), tuple(between), tuple(groups))


def gap(one: Span, other: Span) -> tuple[int, int]:
    """The tokens `[start, end)` between two spans, empty where they touch or overlap."""
    left, right = (one, other) if one.first <= other.first else (other, one)
    return left.last + 1, max(left.last + 1, right.first)
