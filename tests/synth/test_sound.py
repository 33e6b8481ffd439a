"""Our own notes must pass our own audit."""

from __future__ import annotations

import pytest

from medspan.audit import Data, Policy, all_checks, audit
from medspan.split import assign
from medspan.synth import compose, compose_parts

SLOW = "labels-not-inferable"
"""Takes nearly all of the time that an audit takes."""
QUICK = Policy({SLOW: "off"})
ALONE = Policy({check: "off" for check in all_checks() if check != SLOW})


def in_parts(count: int, seed: int) -> Data:
    return Data.of(assign(compose(count, seed=seed), seed=seed).parts)


def with_held_out(count: int, share: float) -> Data:
    return Data.of(compose_parts(count, seed=7, hold_out=share))


@pytest.mark.parametrize(("count", "seed"), [*((50, seed) for seed in range(8)), (120, 3), (300, 4)])
def test_an_audit_of_the_split_notes_finds_nothing(count: int, seed: int) -> None:
    assert audit(in_parts(count, seed), QUICK).findings == ()


@pytest.mark.parametrize(("count", "share"), [(50, 1.0), (50, 0.0), (200, 0.5), (400, 1.0)])
def test_an_audit_of_notes_in_parts_finds_nothing(count: int, share: float) -> None:
    assert audit(with_held_out(count, share), QUICK).findings == ()


@pytest.mark.parametrize(("count", "seed"), [(50, 0), (50, 1), (120, 3)])
def test_the_text_tells_which_pairs_are_related(count: int, seed: int) -> None:
    assert audit(in_parts(count, seed), ALONE).findings == ()


@pytest.mark.parametrize(("count", "share"), [(50, 1.0), (200, 0.5)])
def test_the_text_tells_which_pairs_are_related_where_terms_are_new(count: int, share: float) -> None:
    assert audit(with_held_out(count, share), ALONE).findings == ()
