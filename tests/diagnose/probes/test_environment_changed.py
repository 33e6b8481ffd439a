"""Another environment is a cause only where other answers come out of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from medspan.core import Example
from medspan.core.run_record import installed_packages
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.probes.environment_changed import EnvironmentChanged
from medspan.extract import DecodingOptions
from medspan.models import hardware
from medspan.models.hashes import adapter_hash

from .planted_cases import (
    PlantedExplanation,
    PlantedLab,
    case,
    cleared,
    notes,
    right,
    suspected,
    untold,
    wrong,
)

PROBE = EnvironmentChanged()
CONDITIONS = Conditions(cast(Any, None), cast(Any, None), DecodingOptions(grammar=False), "base", None)
MOVED = f"packages: torch: 1.0.0, now {installed_packages()['torch']}"


@pytest.fixture(scope="module")
def surroundings() -> dict[str, Any]:
    return {"packages": installed_packages(), "hardware": hardware()}


@pytest.fixture(scope="module")
def older(surroundings: dict[str, Any]) -> dict[str, Any]:
    """The record of a run under another torch."""
    return {**surroundings, "packages": {**surroundings["packages"], "torch": "1.0.0"}}


def lab(final: float | None, answers: list[Example], **more: Any) -> PlantedLab:
    explanation = PlantedExplanation(final=final, conditions=CONDITIONS, **more)
    return PlantedLab(explanation=explanation, given={one.id: one for one in answers})


def run(stored: list[Example], record: dict[str, Any], **more: Any) -> Any:
    return case(**{"parts": {"test": stored}, "predictions": stored, "record": record, **more})


def renamed(examples: list[Example]) -> list[Example]:
    """Answers of the same meaning in other letters."""
    return [one.with_prediction(one.predicted, f"{one.raw} otherwise", False) for one in examples]  # type: ignore[arg-type]


def test_the_same_environment_is_cleared_without_a_model(surroundings: dict[str, Any]) -> None:
    none = PlantedLab(problem="no model")
    said = cleared(PROBE, run(right(notes("c", 5)), surroundings), none)
    assert said.evidence == ("packages, hardware: as recorded",)


def test_answers_that_come_out_again_clear_it(older: dict[str, Any]) -> None:
    stored = right(notes("c", 5))
    planted = lab(0.99, stored)
    said = cleared(PROBE, run(stored, older), planted)
    assert said.evidence == (
        "the stored answers come out again: decoding here chooses 99.0% of their tokens",
        MOVED,
    )
    assert planted.asked == []


def test_answers_are_made_again_as_they_were_made(older: dict[str, Any]) -> None:
    stored = right(notes("c", 20))
    again = [*stored[:18], *renamed(stored[18:])]
    planted = lab(0.95, again)
    made = {"decoding": {"grammar": True, "max_new_tokens": 33}}
    said = cleared(PROBE, run(stored, older, made=made), planted)
    assert said.evidence[0] == "18 of 20 stored answers come out again, 95.0% of their tokens"
    assert [(one.options.grammar, one.options.max_new_tokens) for one in planted.asked] == [(True, 33)]


def test_other_answers_with_another_score_are_a_cause(older: dict[str, Any]) -> None:
    stored = wrong(notes("c", 20))
    found = suspected(PROBE, run(stored, older), lab(0.8, renamed(right(notes("c", 20)))))
    assert (found.confidence, found.confirmed) == (0.85, True)
    assert found.effect is not None
    assert (found.effect.before, found.effect.after) == (pytest.approx(2 / 3), 1.0)
    assert found.evidence[0] == "0 of 20 stored answers come out again, 80.0% of their tokens"
    assert found.evidence[1].startswith(
        "entity F1 (text match, 20 documents): 0.667 of the stored answers, 1.000 of those made here under "
        "the same conditions (difference +0.333, 95% interval"
    )
    assert MOVED in found.evidence
    assert found.remedy == (
        "pip install torch==1.0.0, then medspan reproduce run; or keep to what is made here: medspan "
        "evaluate run --split test --again"
    )


def test_other_answers_with_the_same_score(older: dict[str, Any]) -> None:
    stored = right(notes("c", 20))
    far = suspected(PROBE, run(stored, older), lab(0.8, renamed(stored)))
    assert (far.confidence, far.confirmed) == (0.55, False)
    near = suspected(PROBE, run(stored, older), lab(0.95, renamed(stored)))
    assert near.confidence == 0.3


def test_another_adapter_explains_other_answers_as_well(older: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "adapter_model.safetensors").write_bytes(b"weights")
    stored, again = wrong(notes("c", 20)), renamed(right(notes("c", 20)))
    made = {"adapter_sha256": "that of another"}
    found = suspected(PROBE, run(stored, older, made=made, adapter=tmp_path), lab(0.8, again))
    assert found.confidence == 0.3
    assert "the adapter is not the one that made the stored answers" in found.evidence
    same = run(stored, older, made={"adapter_sha256": adapter_hash(tmp_path)}, adapter=tmp_path)
    assert suspected(PROBE, same, lab(0.8, again)).confidence == 0.85
    other = suspected(PROBE, run(stored, older, refusal="other texts"), lab(0.8, again))
    assert other.confidence == 0.3
    assert "the data is not what the stored answers were made for: other texts" in other.evidence


def test_what_cannot_be_tried_is_not_told(older: dict[str, Any]) -> None:
    stored = right(notes("c", 5))
    assert untold(PROBE, run(stored, {"config": {}})).missing == "packages, hardware and code in record.json"
    missing = untold(PROBE, run(stored, older), PlantedLab(problem="no model")).missing
    assert missing == f"no model, to see whether answers move with {MOVED}"
    bare = run([], older)
    assert untold(PROBE, bare).missing.startswith("no generated texts, to see whether")
    drawn = untold(PROBE, run(stored, older), lab(0.7, stored, temperature=0.8)).missing
    assert drawn == "greedy answers: those that are drawn by lot come out again in no environment"


def test_other_code_and_another_machine_are_listed(surroundings: dict[str, Any]) -> None:
    stored = right(notes("c", 5))
    hardware_then = {**surroundings["hardware"], "processor": "another"}
    record = {**surroundings, "hardware": hardware_then, "code": {"sha256": "0" * 64}}
    said = cleared(PROBE, run(stored, record), lab(1.0, stored))
    assert said.evidence[1].startswith("code: 000000000000 then, ")
    assert said.evidence[2].startswith("hardware: processor: another, now ")
    found = suspected(PROBE, run(wrong(notes("c", 9)), record), lab(0.8, renamed(right(notes("c", 9)))))
    assert (found.confidence, found.confirmed) == (0.4, False)
    assert found.remedy.startswith("go to the machine of then, then medspan reproduce run")


def test_the_predictions_own_environment_goes_before_that_of_the_training(
    older: dict[str, Any], surroundings: dict[str, Any]
) -> None:
    stored = right(notes("c", 5))
    said = cleared(PROBE, run(stored, older, made=surroundings), PlantedLab(problem="no model"))
    assert said.evidence == ("packages, hardware: as recorded",)
