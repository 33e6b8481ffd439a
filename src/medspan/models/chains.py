"""Chains of outside, beginning and inside over tokens, and how probable each of their spans is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

OUTSIDE, BEGIN, INSIDE = 0, 1, 2
NEVER = -1e4
"""The score of what is not legal; finite, so that sums of it stay numbers."""


@dataclass(frozen=True, slots=True)
class ChainSpan:
    """Tokens `first` to `last` of chain `kind`, with the probability of exactly this span."""

    first: int
    last: int
    kind: int
    confidence: float


def likely_spans(scores: Sequence[Any], transitions: Any, least: float) -> list[list[ChainSpan]]:
    """Of each document the spans that are at least `least` probable, the most probable first.

    `scores`: for each document (tokens, kinds, 3), one chain a kind, independent; `transitions`
    (kinds, 3, 3) from one state to the next. A span's probability is the share of all legal chains
    (inside never follows outside) that hold exactly it, each weighted by the exponential of its
    summed scores and transitions: forward and backward sums of a linear-chain conditional random
    field (Lafferty et al., 2001). Spans of one kind that overlap exclude each other, so of any two
    that do one is at most 1/2.
    """
    lengths = np.array([len(rows) for rows in scores])
    if not lengths.any():
        return [[] for _ in scores]
    steps = np.array(transitions, dtype=np.float64)
    steps[:, OUTSIDE, INSIDE] = NEVER
    padded = _padded(scores)
    sums = _Sums(padded, steps, _forward(padded, steps), _backward(padded, steps, lengths))
    return [sorted(sums.spans(row, length, least), key=_order) for row, length in enumerate(lengths)]


def apart(spans: Sequence[ChainSpan]) -> list[ChainSpan]:
    """The spans, given most probable first, without those that overlap an earlier one of their kind."""
    kept: list[ChainSpan] = []
    for span in spans:
        if all(one.kind != span.kind or one.last < span.first or span.last < one.first for one in kept):
            kept.append(span)
    return kept


def _order(span: ChainSpan) -> tuple[float, int, int, int]:
    return -span.confidence, span.first, span.last, span.kind


def _padded(scores: Sequence[Any]) -> Any:
    """(documents, tokens, kinds, 3) with zeros past the end of a document."""
    kinds = next(np.shape(rows)[1] for rows in scores if len(rows))
    padded = np.zeros((len(scores), max(len(rows) for rows in scores), kinds, 3))
    for row, one in enumerate(scores):
        if len(one):
            padded[row, : len(one)] = one
    return padded


@dataclass(frozen=True, slots=True)
class _Sums:
    """Scores (documents, tokens, kinds, 3) with the sums over all chains before and after, in logarithms."""

    scores: Any
    steps: Any
    forward: Any
    backward: Any

    def spans(self, row: int, length: int, least: float) -> list[ChainSpan]:
        if not length:
            return []
        scores = self.scores[row, :length]
        forward, backward = self.forward[row, :length], self.backward[row, :length]
        total = _logsum(forward[-1])
        begins = forward[..., BEGIN] + backward[..., BEGIN] - total
        # Of each token and state: the sum over all chains that end a span there.
        ends = np.zeros_like(backward)
        ends[:-1] = _logsum((self.steps + (scores[1:] + backward[1:])[:, :, None])[..., :INSIDE])
        floor = np.log(max(least, 1e-12))
        found = []
        for first, kind in np.argwhere(begins >= floor):
            so_far, state = forward[first, kind, BEGIN] - total[kind], BEGIN
            for last in range(int(first), length):
                if last > first:
                    so_far += self.steps[kind, state, INSIDE] + scores[last, kind, INSIDE]
                    state = INSIDE
                if so_far + backward[last, kind, state] < floor:
                    break
                exactly = so_far + ends[last, kind, state]
                if exactly >= floor:
                    sure = float(min(1.0, np.exp(exactly)))
                    found.append(ChainSpan(int(first), last, int(kind), sure))
        return found


def _logsum(values: Any) -> Any:
    most = values.max(axis=-1, keepdims=True)
    return (np.log(np.exp(values - most).sum(axis=-1, keepdims=True)) + most)[..., 0]


def _forward(scores: Any, steps: Any) -> Any:
    """Of each token, kind and state: the sum over all chains up to there, in logarithms."""
    sums = np.empty_like(scores)
    sums[:, 0] = scores[:, 0]
    sums[:, 0, :, INSIDE] = NEVER
    to_from = steps.swapaxes(-1, -2)
    for at in range(1, scores.shape[1]):
        sums[:, at] = scores[:, at] + _logsum(sums[:, at - 1, :, None] + to_from)
    return sums


def _backward(scores: Any, steps: Any, lengths: Any) -> Any:
    """Of each token, kind and state: the sum over all chains after it, in logarithms."""
    sums = np.zeros_like(scores)
    for at in range(scores.shape[1] - 2, -1, -1):
        onward = _logsum((scores[:, at + 1] + sums[:, at + 1])[:, :, None] + steps)
        sums[:, at] = np.where((at + 1 < lengths)[:, None, None], onward, 0.0)
    return sums
