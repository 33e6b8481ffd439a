"""Probes that read answers under the model, with planted losses and answers."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from medspan.core import Annotation, Example, UnalignedMention
from medspan.diagnose.asked import AS_STATED
from medspan.diagnose.base import Cleared, Said, Suspicion, all_probes
from medspan.diagnose.case import Case
from medspan.diagnose.diagnosis import NAMED
from medspan.diagnose.explanation import Step, Variant
from medspan.diagnose.lab import Lab
from medspan.diagnose.probes.wording_sensitive import WordingSensitive
from medspan.diagnose.rank import ranked
from medspan.diagnose.teacher import Losses
from medspan.evaluate.curves import Curves, Point
from medspan.format import FormatCard

from .planted_lab import CONDITIONS, SCHEMA, PlantedLab, a_case, answered, documents, losses, right


def examined(name: str, case: Case, lab: Lab) -> Said:
    (probe,) = [one for one in all_probes() if one.name == name]
    (said,) = probe.examine(case, lab)
    return said


def test_a_stop_token_that_was_learnt_is_cleared() -> None:
    lab = PlantedLab(a_case(), planted_losses={True: losses(0.2)})
    said = examined("stop-token-untrained", lab.case, lab)
    assert isinstance(said, Cleared)
    assert "median 0.990" in said.evidence[0]


def test_a_stop_token_without_probability_and_answers_that_run_on_are_named() -> None:
    case = a_case()
    lab = PlantedLab(
        case,
        planted_losses={True: losses(0.2, stop=7.0)},
        planted_answers=lambda _, one: right(one) + "Drug: aspirin; mercury; arsenic;\n" * 5,
        endless=True,
    )
    said = examined("stop-token-untrained", case, lab)
    assert isinstance(said, Suspicion)
    assert said.confidence >= 0.85
    assert "16 of 16 answers run to the limit" in said.evidence[1]


@pytest.mark.parametrize(("with_adapter", "named"), [(3.9, False), (4.6, False), (0.9, True)])
def test_prompts_that_the_adapter_expects_show_that_they_had_labels(with_adapter: float, named: bool) -> None:
    planted = {True: losses(0.1, prompt=with_adapter), False: losses(1.7, prompt=4.0)}
    lab = PlantedLab(a_case(), planted_losses=planted)
    said = examined("loss-on-prompt", lab.case, lab)
    assert isinstance(said, Suspicion) is named
    if isinstance(said, Suspicion):
        assert said.confidence == 0.9


def test_labels_on_the_prompt_that_files_state_and_weights_do_not_show_are_a_note() -> None:
    planted = {True: losses(0.1, prompt=4.1), False: losses(1.7, prompt=4.0)}
    lab = PlantedLab(a_case(stated={"loss_on_prompt": True}), planted_losses=planted)
    said = examined("loss-on-prompt", lab.case, lab)
    assert isinstance(said, Suspicion)
    assert said.confidence < 0.5


def test_answers_that_cost_the_same_after_any_text_show_that_the_input_is_ignored() -> None:
    planted = {True: losses(0.9), False: losses(1.7)}
    lab = PlantedLab(a_case(), planted_losses=planted, exchanged=losses(0.95))
    said = examined("input-ignored", lab.case, lab)
    assert isinstance(said, Suspicion)
    assert said.confidence == 0.95
    assert "costs 0.81 nats after its own text, 0.86 after another document's, 1.53" in said.evidence[0]


def test_a_model_that_copies_is_cleared_of_ignoring_its_input() -> None:
    planted = {True: losses(0.2), False: losses(1.7)}
    lab = PlantedLab(a_case(), planted_losses=planted, exchanged=losses(2.0))
    assert isinstance(examined("input-ignored", lab.case, lab), Cleared)


def test_a_model_that_learnt_nothing_is_not_said_to_have_learnt_the_form() -> None:
    planted = {True: losses(1.8), False: losses(1.7)}
    lab = PlantedLab(a_case(), planted_losses=planted, exchanged=losses(1.85))
    assert isinstance(examined("input-ignored", lab.case, lab), Cleared)


class Unpractised(PlantedLab):
    """A lab whose model copies in the training part, and in the scored one answers alike after any text."""

    def targets(self, conditions: Any, examples: Any, *, prompts: bool = False) -> list[Any]:
        trained = examples[0].id.startswith("t")
        return [losses(1.7 if conditions.adapter is None else 0.2 if trained else 0.9)] * len(examples)

    def forced(self, conditions: Any, rows: Any, *, prompts: bool = False) -> list[Any]:
        trained = "".join(map(chr, rows[0].ids)).startswith("Case t")
        return [losses(2.0 if trained else 0.9)] * len(rows)


@pytest.mark.parametrize(("trained", "named"), [("entities", False), ("relations", True)])
def test_a_task_that_was_never_trained_does_not_show_that_the_input_is_ignored(
    trained: str, named: bool
) -> None:
    parts = {"train": of_task(documents(24, "t"), trained), "test": of_task(documents(16), "relations")}
    lab = Unpractised(a_case(parts=parts))
    said = examined("input-ignored", lab.case, lab)
    assert isinstance(said, Suspicion if named else Cleared)
    assert ("of the training part" in said.evidence[0]) is not named


def of_task(examples: tuple[Example, ...], task: str) -> tuple[Example, ...]:
    return tuple(replace(one, document=replace(one.document, task=task)) for one in examples)


def test_targets_that_are_not_in_their_texts_are_told_as_the_origin() -> None:
    def elsewhere(example: Example) -> Example:
        loose = (UnalignedMention("Drug", "zinc", "not-in-text"),)
        return Example(example.document, Annotation((), loose))

    train = tuple(map(elsewhere, documents(20, "t")))
    case = a_case(parts={"train": train, "test": documents(16)})
    lab = PlantedLab(case, planted_losses={True: losses(0.5), False: losses(1.7)}, exchanged=losses(1.0))
    said = examined("input-ignored", case, lab)
    assert isinstance(said, Suspicion)
    assert said.confidence >= 0.5
    assert "20 of 20 mentions of the training references are not in their text" in said.evidence


def test_answers_that_go_on_where_stored_ones_stop_were_truncated() -> None:
    whole = documents(16)
    case = a_case(predictions=answered(whole, lambda one: right(one)[:8]))
    lab = PlantedLab(case)
    said = examined("output-truncated", case, lab)
    assert isinstance(said, Suspicion)
    assert said.confidence == 0.97
    assert said.effect is not None
    assert said.effect.after == 1.0
    assert said.evidence[0].startswith("16 of 16 stored answers are cut-off beginnings")


@pytest.mark.parametrize(("limit", "elsewhere"), [(512, True), (3, False), (None, False)])
def test_answers_cut_far_below_the_stated_limit_were_cut_by_something_else(
    limit: int | None, elsewhere: bool
) -> None:
    made = None if limit is None else {"decoding": {"max_new_tokens": limit}}
    case = a_case(predictions=answered(documents(16), lambda one: right(one)[:8]), made=made)
    said = examined("output-truncated", case, PlantedLab(case))
    assert isinstance(said, Suspicion)
    assert ("look for what cut the texts" in said.remedy) is elsewhere
    assert ("files state a limit" in said.evidence[0]) is (limit is not None)


@pytest.mark.parametrize("edited", [True, False])
def test_a_card_that_words_the_question_otherwise_than_training_is_to_be_put_back(edited: bool) -> None:
    wording = "as record.json states" if edited else AS_STATED
    lab = PlantedLab(a_case())
    lab.__dict__["asking"] = SimpleNamespace(codecs={AS_STATED: None, "other": None}, wording=wording)
    variant = Variant("wording-sensitive", "other words", lambda one: one, stated=True)
    (probe,) = [one for one in all_probes() if isinstance(one, WordingSensitive)]
    remedy = probe.remedy(lab, [Step(variant, 0.9, 1.0)])
    assert ("format.json words the question otherwise" in remedy) is edited


def test_answers_that_ended_where_others_went_on_were_not_truncated() -> None:
    """As of weights that were rounded: some lists end early, at any length, and are not marked as cut off."""
    whole = documents(16)
    early = answered(whole[:4], lambda one: right(one).partition("\n")[0] + "\n")
    case = a_case(predictions=(*early, *answered(whole[4:], right)))
    said = examined("output-truncated", case, PlantedLab(case))
    assert isinstance(said, Cleared)
    assert "ended by themselves" in said.evidence[0]
    marked = tuple(one.with_prediction(one.predicted, one.raw, True) for one in early)  # type: ignore[arg-type]
    case = a_case(predictions=(*marked, *answered(whole[4:], right)))
    assert isinstance(examined("output-truncated", case, PlantedLab(case)), Suspicion)
    broken_off = answered(whole[:4], lambda one: right(one)[:8])
    case = a_case(predictions=(*broken_off, *answered(whole[4:], right)))
    assert isinstance(examined("output-truncated", case, PlantedLab(case)), Suspicion)


def test_answers_cut_off_at_a_length_that_counts_their_prompts_were_truncated() -> None:
    """`max_length` leaves less of the answers to longer prompts."""
    whole = documents(16)
    most = max(len(one.document.text) for one in whole) + 6
    case = a_case(predictions=answered(whole, lambda one: right(one)[: most - len(one.document.text)]))
    lengths = {len(one.raw or "") for one in case.predictions}
    assert max(lengths) > 1.2 * min(lengths)
    said = examined("output-truncated", case, PlantedLab(case))
    assert isinstance(said, Suspicion)
    assert said.evidence[0].startswith("16 of 16 stored answers are cut-off beginnings")


def test_whole_stored_answers_are_not_truncated() -> None:
    case = a_case(predictions=answered(documents(16), right))
    assert isinstance(examined("output-truncated", case, PlantedLab(case)), Cleared)


def test_answers_that_the_model_itself_would_give_need_not_be_decoded_again() -> None:
    def never(*_: object) -> str:
        raise AssertionError("decoded")

    case = a_case(predictions=answered(documents(16), right))
    lab = PlantedLab(case, explained=0.995, planted_answers=never)
    assert isinstance(examined("output-truncated", case, lab), Cleared)


def test_answers_that_would_never_end_are_no_case_of_truncation() -> None:
    case = a_case(predictions=answered(documents(16), lambda one: right(one)[:8]))
    lab = PlantedLab(case, endless=True)
    said = examined("output-truncated", case, lab)
    assert isinstance(said, Cleared)
    assert "would not have ended anyway" in said.evidence[0]


def adapter(folder: Path, *, still: bool) -> Path:
    torch = pytest.importorskip("torch")
    from safetensors.torch import save_file

    folder.mkdir()
    value = 0.0 if still else 0.5
    names = [f"layers.{n}.lora_{side}.weight" for n in range(2) for side in "AB"]
    tensors = {name: torch.full((2, 2), value if "_B" in name else 1.0) for name in names}
    save_file(tensors, folder / "adapter_model.safetensors")
    return folder


def curve(*values: float) -> Curves:
    return Curves("log", "medspan log", loss=tuple(Point(10 * n, value) for n, value in enumerate(values, 1)))


@pytest.mark.parametrize(
    ("still", "logged", "named"),
    [
        (True, (0.0, 0.0, 0.0), True),
        (True, (1.5, 1.5, 1.5), True),
        (False, (math.nan, math.nan), True),
        (False, (1.5, 0.4, 0.2), False),
        (False, (1.5, math.nan, math.nan), False),
    ],
)
def test_a_training_without_labels_leaves_the_adapter_still_or_its_loss_dead(
    tmp_path: Path, still: bool, logged: tuple[float, ...], named: bool
) -> None:
    case = a_case(adapter=adapter(tmp_path / "adapter", still=still), curves=curve(*logged))
    lab = PlantedLab(case, planted_losses={True: losses(0.2), False: losses(1.7)})
    said = examined("targets-masked", case, lab)
    assert isinstance(said, Suspicion) is named
    if isinstance(said, Suspicion):
        assert said.confidence == 0.95
        assert "input-ignored" in said.explains
        assert said.share is None


def test_all_that_the_score_lacks_is_lost_where_nothing_was_learnt(tmp_path: Path) -> None:
    rows = documents(16)
    stored = answered(rows, lambda one: "Drug: ;\nSymptom: ;\n" if one in rows[:8] else right(one))
    case = a_case(adapter=adapter(tmp_path / "adapter", still=True), predictions=stored)
    said = examined("targets-masked", case, PlantedLab(case))
    assert isinstance(said, Suspicion)
    # Half of the mentions are found, and nothing wrong: 2 * 16 / (2 * 16 + 16).
    assert said.share == pytest.approx(1 - 2 / 3)


@pytest.mark.parametrize(
    ("trained", "named"),
    [
        ((0.01, 0.02, 0.03, *[15.0] * 7), True),
        ((0.01, 0.02, 0.03, *[1.6] * 7), False),
        ((15.0,) * 10, False),
        ((0.02,) * 9 + (6.0,), False),
    ],
    ids=["the rest drifts", "the rest is not learnt yet", "diverged", "only the end is not learnt"],
)
def test_answers_of_which_only_the_beginning_was_learnt_had_no_further_labels(
    tmp_path: Path, trained: tuple[float, ...], named: bool
) -> None:
    case = a_case(adapter=adapter(tmp_path / "adapter", still=False), curves=curve(1.5, 0.4, 0.2))
    planted = {True: Losses(trained, (True,) * 10, (0.1,) * 10), False: losses(1.7, stop=1.7)}
    said = examined("targets-masked", case, PlantedLab(case, planted_losses=planted))
    assert isinstance(said, Suspicion if named else Cleared)
    if isinstance(said, Suspicion):
        assert said.confidence == 0.9
        assert said.evidence == (
            "the first 3 tokens of the training answers cost 0.02 nats each with the adapter, the rest "
            "15.00, which cost 1.70 without it: only the beginning had labels",
        )
        assert "stop-token-untrained" in said.explains


@pytest.mark.parametrize(
    ("prompt", "first"), [(0.5, "loss-on-prompt"), (12.0, "targets-masked")], ids=["inverted mask", "masked"]
)
def test_prompts_that_were_learnt_tell_an_inverted_mask_from_one_on_the_answers(
    tmp_path: Path, prompt: float, first: str
) -> None:
    """Both leave answers of which the first token alone is learnt."""
    case = a_case(adapter=adapter(tmp_path / "adapter", still=False), curves=curve(1.5, 0.4, 0.2))
    trained = Losses((0.01,) + (6.0,) * 9, (True,) * 10, (0.1,) * 10, (prompt,) * 5)
    lab = PlantedLab(case, planted_losses={True: trained, False: losses(1.7, stop=1.7)})
    said = ranked(examined(name, case, lab) for name in ("targets-masked", "loss-on-prompt"))
    named = [one.cause for one in said if one.confidence >= NAMED]
    assert named == [first]


@pytest.mark.parametrize(
    ("explained", "better", "first"),
    [
        (0.9, True, "precision-mismatch"),
        (0.4, True, "wrong-base-model"),
        (0.9, False, None),
        (0.95, True, None),
    ],
    ids=["nearly this model", "another one", "no better", "hardly another"],
)
def test_answers_that_nothing_explains_are_told_by_how_much_of_them_is_this_model(
    explained: float, better: bool, first: str | None
) -> None:
    rows = documents(16)
    stored = answered(rows, (lambda one: "Drug: ;\nSymptom: ;\n") if better else right)
    case = a_case(predictions=stored)
    lab = PlantedLab(case, explained=explained)
    lab.__dict__["base"] = SimpleNamespace(right=None, name="base", found={})
    said = ranked(examined(name, case, lab) for name in ("precision-mismatch", "wrong-base-model"))
    assert [one.cause for one in said if one.confidence >= NAMED] == ([first] if first else [])
    for one in said:
        assert "by elimination" in one.evidence[1]


@pytest.mark.parametrize("explained", [0.9, 0.4])
@pytest.mark.parametrize("better", [True, False])
def test_answers_that_begin_otherwise_beside_whole_ones_are_told_by_the_end_of_their_prompts(
    explained: float, better: bool
) -> None:
    """As right padding does it. Weights are the right ones where some answers are this model's to a token."""
    rows = documents(16)
    stored = answered(rows, (lambda one: "Drug: ;\nSymptom: ;\n") if better else right)
    begun = [[False, True, True]] * 12 + [[True, True, True]] * 4
    lab = PlantedLab(a_case(predictions=stored), explained=explained, planted_hits=begun)
    lab.__dict__["base"] = SimpleNamespace(right=None, name="base", found={})
    lab.__dict__["asking"] = SimpleNamespace(way="chat", losses={"chat": 0.1})
    probes = ("template-mismatch", "precision-mismatch", "wrong-base-model")
    said = ranked(examined(name, lab.case, lab) for name in probes)
    assert [(one.cause, one.confidence) for one in said] == ([("template-mismatch", 0.6)] if better else [])
    if better:
        assert said[0].evidence[0].startswith("12 of 16 stored answers begin with another token")
        assert "padding on the right" in said[0].evidence[1]
        assert "pad on the left" in said[0].remedy


def test_texts_that_were_read_as_nothing_are_a_mismatch_of_the_parser() -> None:
    def lost(example: Example) -> Any:
        return example.with_prediction(Annotation(unparsed=(right(example),)), right(example), False)

    case = a_case(predictions=tuple(map(lost, documents(16))))
    said = examined("parser-mismatch", case, PlantedLab(case))
    assert isinstance(said, Suspicion)
    assert said.confidence == 0.97
    assert said.effect is not None
    assert (said.effect.before, said.effect.after) == (0.0, 1.0)
    assert "nothing was read from 16 of 16 answers" in said.evidence[1]
    assert "--format compact" in said.remedy


def test_texts_that_say_what_was_read_clear_the_parser() -> None:
    case = a_case(predictions=answered(documents(16), right))
    assert isinstance(examined("parser-mismatch", case, PlantedLab(case)), Cleared)


def test_poor_answers_that_were_read_rightly_clear_the_parser() -> None:
    case = a_case(predictions=answered(documents(16), lambda one: "Drug: zinc;\nSymptom:\n"))
    assert isinstance(examined("parser-mismatch", case, PlantedLab(case)), Cleared)


@pytest.mark.parametrize(
    ("read", "count", "confidence"), [(True, 16, None), (False, 16, 0.9), (False, 5, 0.7), (False, 2, None)]
)
def test_poor_answers_of_which_nothing_was_read_show_the_parser_all_the_same(
    read: bool, count: int, confidence: float | None
) -> None:
    card = FormatCard("compact", SCHEMA, CONDITIONS.template, "mentions", "base", "weights", "tokens")

    def poor(one: Example) -> str:
        return f"Drug: {one.document.text.split(':')[0]};\nSymptom:\n"

    found = answered(documents(count), poor)
    if not read:
        found = tuple(one.with_prediction(Annotation(), one.raw, False) for one in found)
    said = examined("parser-mismatch", a_case(predictions=found, card=card), PlantedLab(a_case()))
    assert isinstance(said, Cleared if confidence is None else Suspicion)
    if isinstance(said, Suspicion):
        assert said.confidence == confidence
        assert said.evidence[0] == (
            f"no entities were read from {count} answers, and compact, in which the model was trained, reads "
            f"{count} in them"
        )


def test_the_planted_conditions_are_those_of_training() -> None:
    assert PlantedLab(a_case()).mended == CONDITIONS


@pytest.mark.parametrize(
    ("penalty", "worsened", "told"), [(1.1, False, True), (1.0, False, False), (1.1, True, False)]
)
def test_a_stated_penalty_that_explains_nothing_is_a_note_with_what_clears_it(
    penalty: float, worsened: bool, told: bool
) -> None:
    case = a_case(
        predictions=answered(documents(16), right), made={"decoding": {"repetition_penalty": penalty}}
    )
    lab = PlantedLab(case, explained=0.995)
    lab.__dict__["worsened"] = worsened
    said = examined("decoding-blocks-copying", case, lab)
    assert isinstance(said, Suspicion if told else Cleared)
    assert said.evidence[0].startswith("greedy decoding as in training chooses 99.5%")
    if isinstance(said, Suspicion):
        assert said.confidence == 0.3
        assert said.evidence[1].startswith(
            "files state repetition_penalty=1.1, which explains no more of them"
        )
