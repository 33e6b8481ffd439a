"""Chains of outside, beginning, inside: against all of them, one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.models.chains import ChainSpan, apart, likely_spans


def legal(chain: tuple[int, ...]) -> bool:
    return all(state != 2 or (at > 0 and chain[at - 1] != 0) for at, state in enumerate(chain))


def spans(chain: tuple[int, ...]) -> set[tuple[int, int]]:
    found = set()
    for first in (at for at, state in enumerate(chain) if state == 1):
        last = first
        while last + 1 < len(chain) and chain[last + 1] == 2:
            last += 1
        found.add((first, last))
    return found


def every_span(scores: np.ndarray, kind: int) -> dict[tuple[int, int], float]:
    """The probability of each span by going through all chains."""
    chains = [chain for chain in itertools.product(range(3), repeat=len(scores)) if legal(chain)]
    weights = [math.exp(sum(scores[at, kind, s] for at, s in enumerate(chain))) for chain in chains]
    shares: dict[tuple[int, int], float] = {}
    for chain, weight in zip(chains, weights, strict=True):
        for span in spans(chain):
            shares[span] = shares.get(span, 0.0) + weight / sum(weights)
    return shares


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=3),
    st.integers(1, 3),
    st.sampled_from([0.0, 0.02, 0.3]),
    st.integers(0, 10**6),
)
def test_probabilities_are_those_of_all_legal_chains(
    lengths: list[int], kinds: int, least: float, seed: int
) -> None:
    chance = np.random.default_rng(seed)
    scores = [chance.normal(0, 2, (length, kinds, 3)) for length in lengths]
    found = likely_spans(scores, least)
    for rows, here in zip(scores, found, strict=True):
        assert [span.confidence for span in here] == sorted((s.confidence for s in here), reverse=True)
        for kind in range(kinds) if len(rows) else ():
            given = {(span.first, span.last): span.confidence for span in here if span.kind == kind}
            wanted = every_span(rows, kind)
            sure = {span for span, share in wanted.items() if share >= least + 1e-9}
            assert sure <= set(given) <= {span for span, share in wanted.items() if share >= least - 1e-9}
            for span, confidence in given.items():
                assert confidence == pytest.approx(wanted[span], rel=1e-6)


def test_planted_spans_come_out_by_kind() -> None:
    scores = np.zeros((5, 2, 3))
    scores[:, :, 0] = 5.0
    scores[1, 0], scores[2, 0] = (0, 9, 0), (0, 0, 9)
    scores[2, 1] = (0, 9, 0)
    scores[4, 1] = (0, 0, 4)  # inside without a beginning, and not worth one
    found = [(span.first, span.last, span.kind) for span in likely_spans([scores], 0.5)[0]]
    assert found == [(1, 2, 0), (2, 2, 1)]
    assert likely_spans([np.zeros((0, 2, 3))], 0.5) == [[]]
    assert likely_spans([], 0.5) == []


def test_of_overlapping_spans_of_a_kind_the_surest_stands() -> None:
    spans = [
        ChainSpan(1, 3, 0, 0.5),
        ChainSpan(3, 4, 1, 0.4),
        ChainSpan(3, 3, 0, 0.3),
        ChainSpan(4, 4, 0, 0.1),
    ]
    assert apart(spans) == [spans[0], spans[1], spans[3]]
