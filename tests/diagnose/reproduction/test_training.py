"""Logs compared step by step, weights tensor by tensor."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from medspan.core import InputError
from medspan.diagnose.reproduction import (
    Reproduction,
    compare_trainings,
    compare_weights,
    read_log,
    seconds_taken,
    sentence,
)


def run_with(
    folder: Path, losses: list[float], f1: float = 0.5, weights: dict[str, Any] | None = None
) -> Path:
    import torch
    from safetensors.torch import save_file

    (folder / "adapter").mkdir(parents=True)
    lines = [{"step": step, "loss": loss} for step, loss in enumerate(losses, start=1)]
    scored = {
        "step": len(losses),
        "validation_loss": 0.25,
        "scores": {"all": {"entities": f1, "relations": None}},
        "evaluation_seconds": 2.5,
    }
    (folder / "log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in [*lines, scored]))
    given = {"a": [1.0, 2.0], "b": [2.0]} if weights is None else weights
    save_file(
        {k: torch.tensor(v) for k, v in given.items()}, str(folder / "adapter" / "adapter_model.safetensors")
    )
    return folder


def test_equal_trainings(tmp_path: Path) -> None:
    one, other = (run_with(tmp_path / name, [3.0, 2.0, math.nan]) for name in "ab")
    found = compare_trainings(one, other, (3, 3))
    assert (found.losses.compared, found.losses.equal, found.losses.first) == (3, 3, None)
    assert found.same
    assert found.same_scores
    assert Reproduction("RUN", None, (), training=found).verdict == "same"


def test_the_first_and_the_largest_difference_are_told(tmp_path: Path) -> None:
    one = run_with(tmp_path / "a", [3.0, 2.0, 1.0, 0.5])
    other = run_with(tmp_path / "b", [3.0, 2.125, 1.5], f1=0.75, weights={"a": [1.0, 2.5], "c": [2.0]})
    found = compare_trainings(one, other, (4, 3))
    assert (found.losses.compared, found.losses.equal, found.losses.only) == (3, 1, (1, 0))
    assert (found.losses.first, found.losses.largest) == ((2, 2.0, 2.125), (3, 1.0, 1.5))
    assert found.weights is not None
    assert (found.weights.tensors, found.weights.of, found.weights.largest, found.weights.where) == (
        1,
        3,
        0.5,
        "a",
    )
    assert found.weights.relative == pytest.approx(0.5 / math.sqrt(5))
    assert found.weights.unlike == ("b", "c")
    told = Reproduction("RUN", None, (), training=found)
    assert told.verdict == "differs"
    assert "the adapter comes out otherwise, and validation scores differ" in sentence(told)
    json.dumps(told.to_json(), allow_nan=False)


def test_other_weights_with_equal_validation_scores_are_the_same_score(tmp_path: Path) -> None:
    one = run_with(tmp_path / "a", [3.0])
    other = run_with(tmp_path / "b", [3.0], weights={"a": [1.0, math.nan], "b": [2.0]})
    found = compare_trainings(one, other, (1, 1))
    assert found.weights is not None
    assert (found.weights.tensors, found.weights.where) == (1, "a")
    told = Reproduction("RUN", None, (), training=found)
    assert told.verdict == "same-score"
    assert (
        json.loads(json.dumps(told.to_json(), allow_nan=False))["training"]["weights"]["largest_difference"]
        is None
    )


def test_heads_are_weights_too(tmp_path: Path) -> None:
    one, other = (run_with(tmp_path / name, [3.0]) for name in "ab")
    heads = run_with(tmp_path / "c", [1.0], weights={"h": [1.0]}) / "adapter" / "adapter_model.safetensors"
    heads.rename(other / "adapter" / "heads.safetensors")
    found = compare_weights(one / "adapter", other / "adapter")
    assert found is not None
    assert not found.equal_bytes
    assert found.unlike == ("h",)
    assert compare_weights(one / "adapter", tmp_path / "c" / "adapter") is None


def test_the_time_of_a_training_holds_its_evaluations(tmp_path: Path) -> None:
    log = read_log(run_with(tmp_path / "a", [3.0]))
    assert seconds_taken(log, {"trained": {"seconds": 10}}) == 12.5
    assert seconds_taken(log, {}) is None


def test_a_log_that_is_missing_or_damaged_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"has no log\.jsonl"):
        read_log(tmp_path)
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n{"st')
    with pytest.raises(InputError, match="no JSON object"):
        read_log(tmp_path)
