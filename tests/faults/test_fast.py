"""A few cases of the fault bench on one small healthy run; `benchmarks/fault_bench.py` runs all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from . import outcome
from .cases import Case, Fault
from .recipe import Recipe
from .running import diagnose, run_case

pytestmark = [pytest.mark.model, pytest.mark.slow]

UNDER_GRAMMAR = Recipe("notes-grammar", grammar=True, shares="notes")
CASES = (
    Case(1, (Fault("decoding-blocks-copying"),), UNDER_GRAMMAR),
    Case(1, (Fault("template-mismatch"),), without_record=True),
    Case(1, (Fault("parser-mismatch", "mild"),)),
    Case(1, (Fault("adapter-not-applied"),)),
    Case(1, (Fault("data-changed"),)),
)


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where cases are made: their training is made once, by the first of them."""
    return tmp_path_factory.mktemp("bench")


def result(case: Case, bench: Path) -> dict[str, Any]:
    return run_case(case, bench, diagnose)


def test_no_cause_is_named_for_the_healthy_run(bench: Path) -> None:
    row = result(Case(1), bench)
    assert outcome.right(row), row


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_injected_fault_costs_or_hides_something_and_is_named_first(case: Case, bench: Path) -> None:
    row = result(case, bench)
    assert row["counts"], row
    assert outcome.right(row), row
