"""Which base model an adapter is put on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import medspan.models
from medspan.core import ModelError
from medspan.diagnose import Case
from medspan.diagnose.bases import find_base, named_bases

HASHES = {"right": "1", "other": "2"}


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A lab whose models are their names; those that `HASHES` does not hold cannot be loaded."""
    monkeypatch.setattr(medspan.models, "model_hash", HASHES.__getitem__)

    def model(name: str, adapter: Path | None) -> str:
        if name not in HASHES:
            raise ModelError(f"{name} cannot be loaded")
        return name

    def make(**case: Any) -> Any:
        weights = SimpleNamespace(model=model)
        return SimpleNamespace(case=Case(Path("run"), trainer="trl", **case), weights=weights)

    return make


def test_a_base_that_the_user_named_and_that_cannot_be_loaded_is_not_replaced(
    lab: Callable[..., Any],
) -> None:
    stated = {"base_model": "gone", "config": {"base_model": "right"}}
    with pytest.raises(ModelError, match="gone cannot be loaded"):
        find_base(lab(**stated, base_named=True))
    found = find_base(lab(**stated))
    assert (found.name, list(found.problems)) == ("right", ["gone"])


def test_a_named_base_of_other_weights_gives_way_to_the_one_of_training(lab: Callable[..., Any]) -> None:
    record = {"base_model": {"name": "right", "sha256": "1"}}
    found = find_base(lab(base_model="other", base_named=True, record=record))
    assert (found.name, found.right, dict(found.found)) == ("right", True, {"other": "2", "right": "1"})


@pytest.mark.parametrize("record", [{}, {"base_model": None}, None])
def test_a_record_that_names_no_base_is_no_obstacle(
    lab: Callable[..., Any], record: dict[str, Any] | None
) -> None:
    made = lab(base_model="right", record=record)
    assert named_bases(made) == ["right"]
    assert find_base(made).right is None
