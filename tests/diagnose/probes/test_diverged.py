"""Trainings that fell apart, by their weights, their log and their losses; and healthy ones."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import pytest

from medspan.core import Example
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.probes.diverged import Diverged

from .planted_cases import answered, case, cleared, notes, right, suspected, untold
from .planted_models import ModelLab, as_read, curves, without_model

PROBE = Diverged()
FALLING = [2.0 * 0.8**n for n in range(20)]
RAN_AWAY = [*FALLING[:10], *[3.0 + 0.1 * n for n in range(10)]]
Costs = Callable[[Conditions, Example], float]


def costs(own: float, base: float) -> Costs:
    return lambda conditions, one: base if conditions.adapter is None else own


def adapter(folder: Path, value: float) -> Path:
    import numpy as np
    from safetensors.numpy import save_file

    folder.mkdir()
    tensors = {"layer.lora_A.weight": np.ones((2, 2)), "layer.lora_B.weight": np.full((2, 2), value)}
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def test_weights_that_are_not_finite_are_certain(tmp_path: Path) -> None:
    found = suspected(PROBE, case(adapter=adapter(tmp_path / "a", math.nan)), without_model())
    assert (found.cause, found.confidence) == ("diverged", 0.97)
    assert found.evidence == ("1 of 2 tensors of the adapter hold NaN or infinity",)
    assert {"input-ignored", "undertrained", "stop-token-untrained"} <= set(found.explains)


def test_a_log_and_losses_that_agree_name_it() -> None:
    parts = {"train": notes("t", 20), "test": notes("c", 10)}
    lab = ModelLab(costs=costs(1.8, 1.5))
    found = suspected(PROBE, case(parts=parts, predictions=[answered(one, {}) for one in parts["test"]],
                                  curves=curves(RAN_AWAY)), lab)  # fmt: skip
    assert found.confidence == 0.92
    assert found.evidence[0].startswith("the log says diverged")
    assert found.evidence[1].startswith(
        "a token of a training answer costs 1.800 nats with the adapter and 1.500 without it"
    )
    assert found.share == 1.0


@pytest.mark.parametrize(
    "loss", [RAN_AWAY, [*FALLING[:10], math.nan, math.nan, math.nan], [2.0, 7.0, 7.1, 6.9]]
)
def test_a_log_alone_names_it_where_nothing_is_found(loss: list[float]) -> None:
    test = notes("c", 10)
    broken = [answered(one, {}) for one in test]
    found = suspected(
        PROBE, case(parts={"test": test}, predictions=broken, curves=curves(loss)), without_model()
    )
    assert found.confidence == 0.85


def test_an_earlier_sound_checkpoint_is_a_note() -> None:
    parts = {"train": notes("t", 20), "test": notes("c", 10)}
    found = suspected(
        PROBE,
        case(parts=parts, predictions=as_read(right(parts["test"])), curves=curves(RAN_AWAY)),
        ModelLab(costs=costs(0.1, 1.5)),
    )
    assert found.confidence == 0.3
    assert "before the divergence" in found.evidence[-1]


@pytest.mark.parametrize(("log", "confidence"), [(None, 0.65), (FALLING, 0.35)])
def test_an_adapter_worse_than_none_is_weighed_with_the_log(
    log: list[float] | None, confidence: float
) -> None:
    """With a log of a sound training, another base model is as likely."""
    parts = {"train": notes("t", 20), "test": right(notes("c", 10))}
    known = case(parts=parts, curves=None if log is None else curves(log))
    assert suspected(PROBE, known, ModelLab(costs=costs(3.0, 1.5))).confidence == confidence


def test_a_healthy_training_is_cleared(tmp_path: Path) -> None:
    parts = {"train": notes("t", 20), "test": notes("c", 10)}
    known = case(
        parts=parts,
        predictions=as_read(right(parts["test"])),
        curves=curves(FALLING),
        adapter=adapter(tmp_path / "a", 1.0),
    )
    found = cleared(PROBE, known, ModelLab(costs=costs(0.08, 1.5)))
    assert found.evidence[:2] == ("the log shows no divergence", "all 2 tensors of the adapter are finite")


def test_nothing_to_look_at_is_said() -> None:
    assert untold(PROBE, case(), without_model()).missing == "no training log, no adapter and no model"
