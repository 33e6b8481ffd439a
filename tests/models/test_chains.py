"""Chains of outside, beginning, inside: against all of them, one by one."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.models.chains import ChainSpan, spans_of


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


@settings(max_examples=60)
@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 10**6))
def test_best_chain_and_probabilities_are_those_of_all_legal_chains(
    tokens: int, kinds: int, seed: int
) -> None:
    scores = np.random.default_rng(seed).normal(0, 3, (tokens, kinds, 3))
    found = spans_of(scores)
    for kind in range(kinds):
        chains = [chain for chain in itertools.product(range(3), repeat=tokens) if legal(chain)]
        weights = [math.exp(sum(scores[at, kind, s] for at, s in enumerate(chain))) for chain in chains]
        best = chains[int(np.argmax(weights))]
        here = {(span.first, span.last): span.confidence for span in found if span.kind == kind}
        assert set(here) == spans(best)
        for span, confidence in here.items():
            share = sum(w for chain, w in zip(chains, weights, strict=True) if span in spans(chain))
            assert confidence == pytest.approx(share / sum(weights), rel=1e-6)


def test_planted_spans_come_out_by_kind() -> None:
    scores = np.zeros((5, 2, 3))
    scores[:, :, 0] = 5.0
    scores[1, 0], scores[2, 0] = (0, 9, 0), (0, 0, 9)
    scores[2, 1] = (0, 9, 0)
    scores[4, 1] = (0, 0, 4)  # inside without a beginning, and not worth one
    found = [(span.first, span.last, span.kind) for span in spans_of(scores)]
    assert found == [(1, 2, 0), (2, 2, 1)]
    assert spans_of(np.zeros((0, 2, 3))) == []
    assert isinstance(spans_of(scores)[0], ChainSpan)
