"""Trainings that were too short, and short ones that were long enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from medspan.core import Example
from medspan.diagnose.base import Suspicion
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.probes.undertrained import Undertrained, read_schedule
from medspan.evaluate.curves import Curves

from .planted_cases import answered, case, cleared, examine, notes, right, row, suspected, untold, wrong
from .planted_models import ModelLab, as_read, curves, without_model

PROBE = Undertrained()
PARTS = {"train": notes("t", 20), "test": notes("c", 20)}
NOTHING = as_read([answered(one, {}) for one in PARTS["test"]])
FLAT = [*[2.0 * 0.5**n for n in range(5)], *[0.06 + 0.0004 * (n % 3) for n in range(25)]]
FEW = [1.6, 1.3, 1.1, 0.9]


def costs(trained: float, scored: float, base: float = 1.6) -> Callable[[Conditions, Example], float]:
    def cost(conditions: Conditions, one: Example) -> float:
        if conditions.adapter is None:
            return base
        return trained if one.id.startswith("t") else scored

    return cost


def test_few_steps_little_learnt_and_a_low_score() -> None:
    known = case(parts=PARTS, predictions=NOTHING, curves=curves(FEW, every=1, epochs=0.2))
    found = suspected(PROBE, known, ModelLab(costs=costs(0.5, 0.52)))
    assert (found.cause, found.confidence) == ("undertrained", 0.85)
    assert found.evidence[0] == "entity F1 is 0.000 where no fault of decoding is left"
    assert "costs 0.500 nats with the adapter and 1.600 without it" in found.evidence[1]
    assert "it saw 20% of the training rows once" in found.evidence
    assert "it took 4 optimizer steps" in found.evidence
    assert found.evidence[-1] == "what more training brings only a training tells"
    assert "num_train_epochs=3" in found.remedy
    assert found.share == 1.0
    assert "type-confusion" in found.explains


@pytest.mark.parametrize(("epochs", "named"), [(0.4, True), (1.0, False)])
def test_more_must_be_left_to_learn_where_the_schedule_was_not_short(epochs: float, named: bool) -> None:
    log = curves([1.6 - 0.04 * n for n in range(24)], every=1, epochs=epochs)
    known = case(parts=PARTS, predictions=NOTHING, curves=log)
    # An eighth of the base model's loss.
    assert isinstance(examine(PROBE, known, ModelLab(costs=costs(0.2, 0.2))), Suspicion) is named


def test_a_tiny_learning_rate_is_named_with_its_remedy() -> None:
    known = case(parts=PARTS, predictions=NOTHING, curves=curves([1.6] * 30, rate=1e-5))
    found = suspected(PROBE, known, ModelLab(costs=costs(1.5, 1.5)))
    assert found.confidence == 0.85
    assert "its highest learning rate was 1.0e-05, at which LoRA hardly moves" in found.evidence
    assert "the adapter hardly changes what the model says" in found.evidence
    assert "learning_rate=2e-4" in found.remedy


@pytest.mark.parametrize(
    ("trained", "scored", "predictions"),
    [(0.06, 0.07, NOTHING), (0.5, 0.52, as_read(right(PARTS["test"]))), (0.3, 0.9, NOTHING)],
    ids=["targets learnt", "high score", "learnt by heart"],
)
def test_a_short_run_is_cleared_by_what_it_learnt(
    trained: float, scored: float, predictions: list[Example]
) -> None:
    known = case(parts=PARTS, predictions=predictions, curves=curves(FEW, every=1, epochs=1.0))
    lab = ModelLab(costs=costs(trained, scored))
    assert "4 optimizer steps" in " ".join(cleared(PROBE, known, lab).evidence)


def test_still_gaining_at_the_end_is_likely() -> None:
    falling = [1.6 - 0.02 * n for n in range(40)]
    log = curves(falling, validation=falling[4::5], f1=[0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    known = case(parts=PARTS, predictions=NOTHING, curves=log)
    found = suspected(PROBE, known, ModelLab(costs=costs(0.6, 0.6)))
    assert found.confidence == 0.6
    assert any(one.startswith("the log says still falling") for one in found.evidence)
    assert "F1 rose from 0.300 to 0.500 from step 267 to the end" in found.evidence
    assert found.evidence[-1].startswith("over the last third F1 changed by +0.200")


def test_a_training_whose_validation_loss_rose_does_not_go_on_gaining() -> None:
    falling = [1.6 - 0.02 * n for n in range(40)]
    log = curves(falling, validation=[0.5, 0.7, 0.8], f1=[0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    known = case(parts=PARTS, predictions=NOTHING, curves=log)
    found = suspected(PROBE, known, ModelLab(costs=costs(0.6, 0.6)))
    assert found.confidence == 0.3
    assert not any("F1 rose" in one or "still falling" in one for one in found.evidence)


def test_a_long_flat_training_is_at_most_a_note() -> None:
    known = case(parts=PARTS, predictions=NOTHING, curves=curves(FLAT))
    found = suspected(PROBE, known, ModelLab(costs=costs(0.6, 0.6)))
    assert found.confidence == 0.3


@pytest.mark.parametrize(
    ("known", "line"),
    [
        (
            {"record": {"trained": {"finished": False, "steps": 12, "total_steps": 100}}},
            "the training took 12 of 100 planned steps",
        ),
        ({"record": {"trained": {"finished": False}}}, "the training did not come to its end"),
        ({"curves": curves(FLAT, planned=900)}, "the training took 300 of 900 planned steps"),
        (
            {"stated": {"learning_rate": "1e-6"}},
            "its highest learning rate was 1.0e-06, at which LoRA hardly moves",
        ),
    ],
)
def test_what_makes_a_schedule_short(known: dict[str, Any], line: str) -> None:
    assert line in read_schedule(case(**known)).short


def test_a_whole_schedule_is_not_short() -> None:
    record = {"trained": {"finished": True, "steps": 300, "total_steps": 300}}
    assert read_schedule(case(curves=curves(FLAT), record=record)).short == ()


@pytest.mark.parametrize(
    ("log", "confidence"),
    [(curves(FEW, every=1, epochs=0.2), 0.7), (curves(FEW, every=4, epochs=0.2), 0.55)],
    ids=["by the log", "by the schedule alone"],
)
def test_without_a_model_log_and_score_decide(log: Curves, confidence: float) -> None:
    found = suspected(PROBE, case(parts=PARTS, predictions=NOTHING, curves=log), without_model())
    assert found.confidence == confidence
    half = case(parts=PARTS, predictions=wrong(PARTS["test"]), curves=log)
    assert suspected(PROBE, half, without_model()).share == pytest.approx(1 / 3)


def test_without_a_model_a_log_that_fell_clears_it() -> None:
    log = curves([1.6, 0.8, 0.3, 0.1, 0.08, 0.07, 0.07], every=1, epochs=0.2)
    cleared(PROBE, case(parts=PARTS, predictions=NOTHING, curves=log), without_model())


def test_neither_model_nor_predictions() -> None:
    log = curves(FEW, every=1)
    assert untold(PROBE, case(curves=log), without_model()).missing.startswith("neither a model nor")


def test_a_log_that_ended_far_lower_speaks_of_another_model() -> None:
    log = curves([1.6, 0.8, 0.3, 0.1], every=1, epochs=0.2)
    found = suspected(
        PROBE, case(parts=PARTS, predictions=NOTHING, curves=log), ModelLab(costs=costs(1.5, 1.5))
    )
    assert found.confidence == 0.3
    assert any(
        "the log ended at a loss of 0.100: the model that answers here is not" in one
        for one in found.evidence
    )


def test_what_the_references_hold_no_training_mends() -> None:
    """Types exchanged in training: the score is low and the loss high, however long the training."""
    train = [
        row(one.id, one.document.text, {f"pain-{one.id}": "Drug", f"drug-{one.id}": "Symptom"})
        for one in PARTS["test"]
    ]
    parts = {"train": train, "test": PARTS["test"]}
    falling = [1.6 - 0.02 * n for n in range(40)]
    lab = ModelLab(costs=costs(0.6, 0.6))
    known = case(parts=parts, predictions=NOTHING, curves=curves(falling, validation=falling[4::5]))
    found = suspected(PROBE, known, lab)
    assert (found.confidence, found.explains) == (0.3, ())
    short = case(parts=parts, predictions=NOTHING, curves=curves(FEW, every=1, epochs=0.2))
    found = suspected(PROBE, short, lab)
    assert found.confidence == 0.85
    assert "type-confusion" not in found.explains
    assert "boundary-errors" in found.explains


@pytest.mark.parametrize(
    ("known", "remedy"),
    [
        (
            {"record": {"trained": {"finished": False}}},
            "medspan train run/config.yaml --resume goes on with it",
        ),
        ({"config": {"max_steps": 5}}, "max_steps=-1 num_train_epochs=3 output_dir=NEW"),
        (
            {"config": {"num_train_epochs": 1}},
            "medspan train run/config.yaml num_train_epochs=3 output_dir=NEW",
        ),
        ({"config": {"num_train_epochs": 4.0, "max_steps": -1}}, "num_train_epochs=8 output_dir=NEW"),
        ({}, "output_dir=NEW; then medspan diagnose NEW tells what it brought"),
        ({"trainer": "trl"}, "train with num_train_epochs=3 or more"),
    ],
)
def test_the_remedy_fits_the_run(known: dict[str, Any], remedy: str) -> None:
    log = curves(FEW, every=1, epochs=0.2)
    found = suspected(PROBE, case(parts=PARTS, predictions=NOTHING, curves=log, **known), without_model())
    assert remedy in found.remedy
