"""The best chain of outside, beginning and inside, and how sure each of its spans is."""

from __future__ import annotations

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


def spans_of(scores: Any) -> list[ChainSpan]:
    """The spans of the best chains of `scores` (tokens, kinds, 3), one chain a kind, independent.

    Inside never follows outside. A span's probability is that of all chains which hold exactly it
    (forward and backward sums), so that it is one among all legal readings of the text.
    """
    scores = np.asarray(scores, dtype=np.float64)
    if not len(scores):
        return []
    forward, backward = _forward(scores), _backward(scores)
    total = _logsum(forward[-1])
    found = []
    for kind, path in enumerate(_best(scores).T):
        for first in np.flatnonzero(path == BEGIN):
            last = first
            while last + 1 < len(path) and path[last + 1] == INSIDE:
                last += 1
            inside = scores[first + 1 : last + 1, kind, INSIDE].sum()
            log = (
                forward[first, kind, BEGIN] + inside + _after(scores, backward, int(last), kind) - total[kind]
            )
            found.append(ChainSpan(int(first), int(last), kind, float(min(1.0, np.exp(log)))))
    return sorted(found, key=lambda span: (span.first, span.last, span.kind))


def _logsum(values: Any) -> Any:
    most = values.max(axis=-1, keepdims=True)
    return (np.log(np.exp(values - most).sum(axis=-1, keepdims=True)) + most)[..., 0]


def _forward(scores: Any) -> Any:
    """Of each token, kind and state: the sum over all chains up to there, in logarithms."""
    sums = np.empty_like(scores)
    sums[0] = scores[0]
    sums[0, :, INSIDE] = _NEVER
    for at in range(1, len(scores)):
        every = _logsum(sums[at - 1])
        sums[at, :, OUTSIDE] = every
        sums[at, :, BEGIN] = every
        sums[at, :, INSIDE] = _logsum(sums[at - 1, :, BEGIN:])
        sums[at] += scores[at]
    return sums


def _backward(scores: Any) -> Any:
    """Of each token, kind and state: the sum over all chains after it, in logarithms."""
    sums = np.zeros_like(scores)
    for at in range(len(scores) - 2, -1, -1):
        onward = scores[at + 1] + sums[at + 1]
        sums[at, :, OUTSIDE] = _logsum(onward[:, :INSIDE])
        sums[at, :, BEGIN] = sums[at, :, INSIDE] = _logsum(onward)
    return sums


def _after(scores: Any, backward: Any, last: int, kind: int) -> Any:
    """The sum over all chains in which a span that ends at `last` does not go on."""
    if last + 1 == len(scores):
        return 0.0
    return _logsum((scores[last + 1] + backward[last + 1])[kind, :INSIDE])


def _best(scores: Any) -> Any:
    """The states (tokens, kinds) of the best legal chain of each kind."""
    tokens, kinds, _ = scores.shape
    came_from = np.zeros((tokens, kinds, 3), dtype=np.int64)
    best = scores[0].copy()
    best[:, INSIDE] = _NEVER
    for at in range(1, tokens):
        anywhere = best.argmax(axis=1)
        inside = 1 + best[:, BEGIN:].argmax(axis=1)
        came_from[at, :, OUTSIDE] = came_from[at, :, BEGIN] = anywhere
        came_from[at, :, INSIDE] = inside
        every = np.take_along_axis(best, anywhere[:, None], axis=1)[:, 0]
        within = np.take_along_axis(best, inside[:, None], axis=1)[:, 0]
        best = scores[at] + np.stack([every, every, within], axis=1)
    path = np.empty((tokens, kinds), dtype=np.int64)
    path[-1] = best.argmax(axis=1)
    for at in range(tokens - 1, 0, -1):
        path[at - 1] = came_from[at, np.arange(kinds), path[at]]
    return path
