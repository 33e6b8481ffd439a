"""Earlier checkpoints that are better, kept or only logged; and the best one in use."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import Example
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.probes.overtrained import Overtrained, step_in_use
from medspan.evaluate.curves import Curves

from .planted_cases import Named, annotation, case, cleared, notes, right, row, suspected, untold
from .planted_models import MENDED, ModelLab, as_read, curves, without_model

PROBE = Overtrained()


def all_of(one: Example) -> Named:
    assert one.reference is not None
    return {item.text: item.type for item in one.reference.mentions}


def entities(prefix: str) -> list[Example]:
    """Notes without relations."""
    return [row(one.id, one.document.text, all_of(one)) for one in notes(prefix, 30)]


LOSS = [1.0 * 0.8**n for n in range(30)]


PARTS = {"validation": entities("v"), "test": entities("c")}


def says(quality: dict[str, float]) -> ModelLab:
    """A model whose checkpoints find this share of the mentions; the adapter in use finds half."""

    def answer(conditions: Conditions, one: Example) -> Named:
        share = quality.get(conditions.adapter.name if conditions.adapter else "", 0.5)
        return all_of(one) if int(one.id[1:]) % 10 < 10 * share else {}

    return ModelLab(says=answer)


def kept(folder: Path, *steps: int) -> tuple[tuple[int, Path], ...]:
    found = []
    for step in steps:
        made = folder / f"step-{step}"
        made.mkdir(parents=True)
        (made / "adapter_model.safetensors").write_text(f"weights of {step}")
        found.append((step, made))
    return tuple(found)


def test_an_earlier_checkpoint_that_is_better_is_confirmed(tmp_path: Path) -> None:
    lab = says({"step-100": 1.0, "step-200": 0.8})
    known = case(
        parts=PARTS,
        adapter=MENDED.adapter,
        checkpoints=kept(tmp_path, 100, 200, 300),
        record={"trained": {"best_step": 300}},
    )
    found = suspected(PROBE, known, lab)
    assert (found.cause, found.confidence, found.confirmed) == ("overtrained", 0.95, True)
    assert found.effect is not None
    assert found.effect.after == 1.0
    assert found.effect.before == pytest.approx(2 / 3)
    assert found.evidence[0].startswith("mean F1 on 24 documents of validation: ")
    assert "with the checkpoint in use (step 300), 1.000 with that of step 100" in found.evidence[0]
    assert "step-100" in found.remedy
    # Chosen on validation, reported on the scored part.
    assert {one.id[0] for one in lab.decoded[: 3 * 24]} == {"v"}
    assert {one.id[0] for one in lab.decoded[3 * 24 :]} == {"c"}


def test_earlier_checkpoints_that_are_no_better_clear_it(tmp_path: Path) -> None:
    known = case(
        parts=PARTS,
        adapter=MENDED.adapter,
        checkpoints=kept(tmp_path, 100, 200),
        record={"trained": {"best_step": 300}},
    )
    found = cleared(PROBE, known, says({"step-100": 0.2, "step-200": 0.5}))
    assert "with that of step 100, " in found.evidence[0]


def test_what_is_better_only_where_it_was_chosen_is_a_note(tmp_path: Path) -> None:
    def answer(conditions: Conditions, one: Example) -> Named:
        better = conditions.adapter is not None and conditions.adapter.name == "step-100"
        return all_of(one) if one.id.startswith("c") or better else {}

    known = case(
        parts=PARTS,
        adapter=MENDED.adapter,
        checkpoints=kept(tmp_path, 100),
        record={"trained": {"best_step": 300}},
    )
    found = suspected(PROBE, known, ModelLab(says=answer))
    assert (found.confidence, found.confirmed) == (0.4, False)


@pytest.mark.parametrize(
    ("validation", "confidence"),
    [([0.5, 0.3, 0.2, 0.25, 0.3, 0.36, 0.42, 0.5, 0.56, 0.62], 0.65), ([0.5, 0.4, 0.3, 0.2], 0.4)],
    ids=["the loss rose", "the loss fell"],
)
def test_a_gain_that_is_not_sure_is_named_where_both_curves_bear_it_out(
    tmp_path: Path, validation: list[float], confidence: float
) -> None:
    def answer(conditions: Conditions, one: Example) -> Named:
        better = conditions.adapter is not None and conditions.adapter.name == "step-100"
        # Of the scored part one document more is right, which is not sure.
        missed = one.id in ("c0", "c1") if better else one.id in ("c0", "c1", "c2")
        return {} if missed or (one.id.startswith("v") and not better) else all_of(one)

    known = case(
        parts=PARTS,
        adapter=MENDED.adapter,
        checkpoints=kept(tmp_path, 100),
        curves=curves(LOSS, validation=validation, f1=[0.8, 0.7, 0.6]),
        record={"trained": {"best_step": 300}},
    )
    found = suspected(PROBE, known, ModelLab(says=answer))
    assert (found.confidence, found.confirmed) == (confidence, False)
    if confidence > 0.5:
        assert found.evidence[2] == "F1 was 0.800 at step 100 and 0.600 at step 300, which is in use"
        assert found.evidence[3].startswith("the log says overfitting from step 90")


def test_without_a_validation_part_half_of_the_sample_chooses(tmp_path: Path) -> None:
    lab = says({"step-100": 1.0})
    known = case(
        parts={"test": PARTS["test"]},
        adapter=MENDED.adapter,
        checkpoints=kept(tmp_path, 100),
        record={"trained": {"best_step": 300}},
    )
    found = suspected(PROBE, known, lab)
    assert "of test, every second one" in found.evidence[0]
    chosen, reported = {one.id for one in lab.decoded[:30]}, {one.id for one in lab.decoded[30:]}
    assert not chosen & reported


def test_the_best_by_log_in_use_needs_no_decoding(tmp_path: Path) -> None:
    lab = says({"step-100": 1.0})
    known = case(
        parts=PARTS,
        adapter=MENDED.adapter,
        checkpoints=kept(tmp_path, 100),
        curves=curves(LOSS, f1=[0.3, 0.6, 0.8]),
        record={"trained": {"best_step": 300}},
    )
    assert "of 3 checkpoints with a logged F1, that of step 300" in cleared(PROBE, known, lab).evidence[0]
    assert lab.decoded == []


@pytest.mark.parametrize(
    ("log", "confidence", "said"),
    [
        (curves(LOSS, f1=[0.8, 0.6, 0.5]), 0.75, "F1 was 0.800 at step 100 and 0.500 at step 300"),
        (
            curves(LOSS, validation=[0.5, 0.3, 0.2, 0.25, 0.3, 0.36, 0.42, 0.5, 0.56, 0.62]),
            0.55,
            "the log says overfitting from step 90",
        ),
        (
            curves(LOSS, validation=[0.5, 0.3, 0.2, 0.21, 0.22, 0.23, 0.24, 0.25, 0.26, 0.27]),
            0.4,
            "the log says overfitting from step 90",
        ),
    ],
    ids=["f1", "large rise", "small rise"],
)
def test_without_kept_checkpoints_the_log_is_read(log: Curves, confidence: float, said: str) -> None:
    known = case(parts=PARTS, adapter=MENDED.adapter, curves=log)
    found = suspected(PROBE, known, without_model())
    assert found.confidence == confidence
    assert found.evidence[0].startswith(said)
    assert "max_steps=" in found.remedy


def test_a_level_validation_loss_clears_it() -> None:
    log = curves(LOSS, validation=[0.5, 0.3, 0.2, 0.2, 0.201, 0.2])
    assert (
        "no rise that is more than noise"
        in cleared(PROBE, case(parts=PARTS, adapter=MENDED.adapter, curves=log), without_model()).evidence[0]
    )


def test_without_checkpoints_and_log_nothing_is_told() -> None:
    assert untold(PROBE, case(parts=PARTS), without_model()).missing == (
        "neither earlier checkpoints nor a log of the training"
    )


def test_the_step_in_use_is_that_of_the_same_weights(tmp_path: Path) -> None:
    checkpoints = kept(tmp_path / "checkpoints", 100, 200)
    ((_, adapter),) = kept(tmp_path / "adapter", 100)
    known = case(adapter=adapter, checkpoints=checkpoints, record={"trained": {"best_step": 200}})
    assert step_in_use(known) == 100


@pytest.mark.parametrize(("scored", "clear"), [(0.12, True), (0.3, False)])
def test_without_log_the_losses_of_training_and_scored_rows_are_compared(scored: float, clear: bool) -> None:
    parts = {"train": entities("t"), "test": entities("c")}
    lab = ModelLab(costs=lambda conditions, one: 0.1 if one.id.startswith("t") else scored)
    known = case(parts=parts, predictions=as_read(right(parts["test"])), adapter=MENDED.adapter)
    if clear:
        assert (
            cleared(PROBE, known, lab).evidence[0].endswith("training rows are known no better than others")
        )
    else:
        assert untold(PROBE, known, lab).missing.startswith("neither earlier checkpoints")


SPENT = [1.6, 0.6, 0.3, 0.1, *[0.002] * 6]


def few_rows(
    log: Curves | None = None, *, trained: float = 0.65, share: float = 0.3
) -> tuple[Case, ModelLab]:
    """A log whose loss came to nothing while the validation loss doubled; F1 is best at the end."""
    log = log or curves(SPENT, validation=[0.4, 0.7, 0.85], f1=[0.2, 0.3, 0.4])

    def costs(conditions: Conditions, one: Example) -> float:
        return 1.7 if conditions.adapter is None else trained

    def answered(one: Example) -> Example:
        named = all_of(one) if int(one.id[1:]) % 10 < 10 * share else {}
        return one.with_prediction(annotation(one.document.text, named), None, False)

    made = case(
        parts={"train": entities("t"), **PARTS},
        predictions=[answered(one) for one in PARTS["test"]],
        adapter=MENDED.adapter,
        curves=log,
    )
    return made, ModelLab(costs=costs)


def test_an_end_that_went_over_a_few_rows_is_named_though_no_checkpoint_is_better() -> None:
    found = suspected(PROBE, *few_rows())
    assert (found.confidence, found.confirmed) == (0.6, False)
    assert found.evidence[0] == (
        "the training loss fell from 1.6 to 0.002, and the validation loss stands 112% above its lowest value"
    )
    assert found.evidence[1].startswith("rows of the training part cost 0.65 nats a token")
    assert "which is in use, is the best" in found.evidence[-1]


@pytest.mark.parametrize(
    "made",
    [
        few_rows(trained=0.004),
        few_rows(share=1.0),
        few_rows(curves(SPENT, validation=[0.4, 0.5, 0.6], f1=[0.2, 0.3, 0.4])),
        few_rows(curves([1.6, 0.6, 0.3, 0.05], validation=[0.4, 0.7, 0.85], f1=[0.2, 0.3, 0.4])),
    ],
    ids=["the rows are known by heart", "the score is good", "the loss rose a little", "the loss goes on"],
)
def test_a_loss_that_came_to_nothing_is_no_fault_by_itself(made: tuple[Case, ModelLab]) -> None:
    assert "which is in use, is the best" in cleared(PROBE, *made).evidence[0]
