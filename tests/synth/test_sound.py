"""Our own notes must pass our own audit."""

from __future__ import annotations

import pytest

from medspan.audit import Data, audit
from medspan.split import assign
from medspan.synth import compose, compose_parts


@pytest.mark.parametrize(("count", "seed"), [(50, 0), (50, 1), (50, 2), (120, 3), (300, 4)])
def test_an_audit_of_the_split_notes_finds_nothing(count: int, seed: int) -> None:
    parts = assign(compose(count, seed=seed), seed=seed).parts
    assert audit(Data.of(parts)).findings == ()


@pytest.mark.parametrize(("count", "hold_out"), [(50, 1.0), (50, 0.0), (200, 0.5), (400, 1.0)])
def test_an_audit_of_notes_in_parts_finds_nothing(count: int, hold_out: float) -> None:
    assert audit(Data.of(compose_parts(count, seed=7, hold_out=hold_out))).findings == ()
