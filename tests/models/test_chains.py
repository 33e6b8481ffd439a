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


def every_chain(scores: np.ndarray, steps: np.ndarray) -> dict[tuple[int, ...], float]:
    """The weight of each legal chain of one kind."""
    return {
        chain: math.exp(
            sum(scores[at, state] for at, state in enumerate(chain))
            + sum(steps[one, other] for one, other in itertools.pairwise(chain))
        )
        for chain in itertools.product(range(3), repeat=len(scores))
        if legal(chain)
    }


def every_span(scores: np.ndarray, steps: np.ndarray) -> dict[tuple[int, int], float]:
    """The probability of each span by going through all chains."""
    chains = every_chain(scores, steps)
    weights = list(chains.values())
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
    steps = chance.normal(0, 1, (kinds, 3, 3))
    found = likely_spans(scores, steps, least)
    for rows, here in zip(scores, found, strict=True):
        assert [span.confidence for span in here] == sorted((s.confidence for s in here), reverse=True)
        for kind in range(kinds) if len(rows) else ():
            given = {(span.first, span.last): span.confidence for span in here if span.kind == kind}
            wanted = every_span(rows[:, kind], steps[kind])
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
    found = [
        (span.first, span.last, span.kind) for span in likely_spans([scores], np.zeros((2, 3, 3)), 0.5)[0]
    ]
    assert found == [(1, 2, 0), (2, 2, 1)]
    assert likely_spans([np.zeros((0, 2, 3))], np.zeros((2, 3, 3)), 0.5) == [[]]
    assert likely_spans([], np.zeros((2, 3, 3)), 0.5) == []


def test_of_overlapping_spans_of_a_kind_the_surest_stands() -> None:
    spans = [
        ChainSpan(1, 3, 0, 0.5),
        ChainSpan(3, 4, 1, 0.4),
        ChainSpan(3, 3, 0, 0.3),
        ChainSpan(4, 4, 0, 0.1),
    ]
    assert apart(spans) == [spans[0], spans[1], spans[3]]


@pytest.mark.model
@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 5), min_size=1, max_size=3),
    st.integers(1, 2),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.integers(0, 10**6),
)
def test_loss_is_the_logarithm_of_the_chains_probability(
    lengths: list[int], kinds: int, share: float, seed: int
) -> None:
    import torch

    from medspan.train.tag_loss import chain_losses

    chance = np.random.default_rng(seed)
    scores = [chance.normal(0, 2, (length, kinds, 3)) for length in lengths]
    steps = chance.normal(0, 1, (kinds, 3, 3))
    targets, unknown, wanted = [], [], []
    for rows in scores:
        chosen, open_ = [], chance.random((len(rows), kinds)) < share
        for kind in range(kinds):
            chains = every_chain(rows[:, kind], steps[kind])
            chain = list(chains)[chance.integers(len(chains))]
            chosen.append(chain)
            agree = [
                weight
                for other, weight in chains.items()
                if all(open_[at, kind] or other[at] == state for at, state in enumerate(chain))
            ]
            wanted.append(-math.log(sum(agree) / sum(chains.values())))
        targets.append(np.array(chosen, dtype=np.int64).reshape(kinds, len(rows)).T)
        unknown.append(open_)
    found = chain_losses(
        torch.tensor(np.concatenate(scores)),
        torch.tensor(steps),
        torch.tensor(np.concatenate(targets)),
        lengths,
        torch.tensor(np.concatenate(unknown)),
    )
    assert found.flatten().tolist() == pytest.approx(wanted, abs=1e-4)
