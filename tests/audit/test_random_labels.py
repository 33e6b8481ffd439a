"""What labels look like that were drawn at random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.audit.random_labels import drawn, evidence, fitted

STRATA = st.lists(
    st.lists(st.tuples(st.booleans(), st.integers(1, 40)), min_size=2, max_size=12).filter(
        lambda pairs: 0 < sum(labelled for labelled, _ in pairs) < len(pairs)
    ),
    min_size=1,
    max_size=8,
)


@given(STRATA)
def test_rates_add_up_to_the_labels_of_each_stratum_and_follow_the_weights(
    strata: list[list[tuple[bool, int]]],
) -> None:
    stratum = np.array([at for at, pairs in enumerate(strata) for _ in pairs])
    labelled = np.array([one for pairs in strata for one, _ in pairs], dtype=np.float64)
    weight = np.array([one for pairs in strata for _, one in pairs], dtype=np.float64)
    found = drawn(labelled, stratum, weight)
    sums = np.bincount(stratum, weights=found.rate)
    assert sums == pytest.approx(np.bincount(stratum, weights=labelled), rel=1e-6)
    assert ((found.rate > 0) & (found.rate <= 1)).all()
    assert np.isfinite(found.log_odds).all()
    for at in range(len(strata)):
        here = stratum == at
        order = np.argsort(weight[here])
        assert (np.diff(found.rate[here][order]) >= -1e-9).all()


def test_equal_weights_give_each_pair_the_share_of_its_stratum() -> None:
    labelled = np.array([1.0, 0, 0, 0, 1, 1, 0])
    stratum = np.array([0, 0, 0, 0, 1, 1, 1])
    found = drawn(labelled, stratum, np.full(7, 3.0))
    assert found.rate == pytest.approx([0.25] * 4 + [2 / 3] * 3)
    assert found.log_odds == pytest.approx(np.log([1 / 3] * 4 + [2] * 3))


def planted(power: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Labels of 600 strata of 8 pairs, two draws in each in proportion to a power of the mentions."""
    chance = np.random.default_rng(1)
    mentions = chance.integers(1, 9, (600, 8)).astype(np.float64)
    labelled = np.zeros((600, 8))
    for at, weight in enumerate(mentions**power):
        labelled[at, chance.choice(8, 2, p=weight / weight.sum())] = 1
    return labelled.ravel(), np.repeat(np.arange(600), 8), mentions.ravel()


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0])
def test_the_power_of_the_mentions_is_found_again(power: float) -> None:
    labelled, stratum, mentions = planted(power)
    found = fitted(labelled, stratum, mentions, stratum % 5)
    nearest = [
        np.abs(found.rate - drawn(labelled, stratum, mentions**tried).rate).mean()
        for tried in (0.0, 0.5, 1.0)
    ]
    assert int(np.argmin(nearest)) == int(2 * power)
    assert min(nearest) < 0.02


def test_labels_are_evidence_for_the_rates_that_made_them() -> None:
    labelled, stratum, mentions = planted(1.0)
    even = drawn(labelled, stratum, np.ones(len(stratum))).rate
    by_mentions = drawn(labelled, stratum, mentions).rate
    assert evidence(labelled, by_mentions, even) > 10
    assert evidence(labelled, even, by_mentions) == -evidence(labelled, by_mentions, even)
    assert evidence(labelled, even, even / 2) == pytest.approx(0)
