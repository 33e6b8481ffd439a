"""Chains of outside, beginning and inside over tokens, and how probable each of their spans is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

OUTSIDE, BEGIN, INSIDE = 0, 1, 2
_NEVER = -1e9


@dataclass(frozen=True, slots=True)
class ChainSpan:
    """Tokens `first` to `last` of chain `kind`, with the probability of exactly this span."""

    first: int
    last: int
    kind: int
    confidence: float


def likely_spans(scores: Sequence[Any], least: float) -> list[list[ChainSpan]]:
    """Of each document the spans that are at least `least` probable, the most probable first.

    `scores`: for each document (tokens, kinds, 3), one chain a kind, independent. A span's
    probability is the share of all legal chains (inside never follows outside) that hold exactly
    it, each weighted by the exponential of its summed scores: forward and backward sums. Spans of
    one kind that overlap exclude each other, so of any two that do one is at most 1/2.
    """
    if not any(len(rows) for rows in scores):
        return [[] for _ in scores]
    padded = _padded(scores)
    sums = _Sums(padded, _forward(padded), _backward(padded))
    return [sorted(sums.spans(row, len(rows), least), key=_order) for row, rows in enumerate(scores)]


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
    """(documents, tokens, kinds, 3); past the end of a document only outside is possible, at no cost."""
    longest = max(len(rows) for rows in scores)
    kinds = next(np.shape(rows)[1] for rows in scores if len(rows))
    padded = np.full((len(scores), longest, kinds, 3), _NEVER)
    padded[..., OUTSIDE] = 0.0
    for row, one in enumerate(scores):
        if len(one):
            padded[row, : len(one)] = one
    return padded


@dataclass(frozen=True, slots=True)
class _Sums:
    """Scores (documents, tokens, kinds, 3) with the sums over all chains before and after, in logarithms."""

    scores: Any
    forward: Any
    backward: Any

    def spans(self, row: int, length: int, least: float) -> list[ChainSpan]:
        forward, backward = self.forward[row, :length], self.backward[row, :length]
        inside = self.scores[row, :length, :, INSIDE]
        total = _logsum(self.forward[row, -1])
        begins = forward[..., BEGIN] + backward[..., BEGIN] - total
        # A chain goes on from here as anything; or it does not go on as inside.
        onward = backward[..., INSIDE]
        ends = np.zeros_like(onward)
        ends[:-1] = _logsum((self.scores[row, 1:length] + backward[1:])[..., :INSIDE])
        floor = np.log(max(least, 1e-12))
        found = []
        for first, kind in np.argwhere(begins >= floor):
            so_far = forward[first, kind, BEGIN] - total[kind]
            last = int(first)
            while so_far + onward[last, kind] >= floor:
                exactly = so_far + ends[last, kind]
                if exactly >= floor:
                    sure = float(min(1.0, np.exp(exactly)))
                    found.append(ChainSpan(int(first), last, int(kind), sure))
                last += 1
                if last == length:
                    break
                so_far += inside[last, kind]
        return found


def _logsum(values: Any) -> Any:
    most = values.max(axis=-1, keepdims=True)
    return (np.log(np.exp(values - most).sum(axis=-1, keepdims=True)) + most)[..., 0]


def _forward(scores: Any) -> Any:
    """Of each token, kind and state: the sum over all chains up to there, in logarithms."""
    sums = np.empty_like(scores)
    sums[:, 0] = scores[:, 0]
    sums[:, 0, :, INSIDE] = _NEVER
    for at in range(1, scores.shape[1]):
        every = _logsum(sums[:, at - 1])
        sums[:, at, :, OUTSIDE] = every
        sums[:, at, :, BEGIN] = every
        sums[:, at, :, INSIDE] = _logsum(sums[:, at - 1, :, BEGIN:])
        sums[:, at] += scores[:, at]
    return sums


def _backward(scores: Any) -> Any:
    """Of each token, kind and state: the sum over all chains after it, in logarithms."""
    sums = np.zeros_like(scores)
    for at in range(scores.shape[1] - 2, -1, -1):
        onward = scores[:, at + 1] + sums[:, at + 1]
        sums[:, at, :, OUTSIDE] = _logsum(onward[..., :INSIDE])
        sums[:, at, :, BEGIN] = sums[:, at, :, INSIDE] = _logsum(onward)
    return sums
