"""Strings known by heart: by unseen strings of the test, and by strings put into its texts."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest

from medspan.core import Example
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.lab import Lab
from medspan.diagnose.probes.memorised import Memorised, swap_recall
from medspan.diagnose.swapping import invented

from .planted_cases import Named, case, cleared, row, suspected, untold
from .planted_models import ADAPTER, MENDED, SCHEMA, ModelLab, as_read, without_model

PROBE = Memorised()
DRUGS = ("naloxone", "clonidine", "lithium", "warfarin", "aspirin", "ketamine")
PAINS = ("headache", "migraine", "sciatica", "heartburn", "neuralgia", "arthralgia")


def known_strings(count: int, prefix: str) -> list[Example]:
    found = []
    for n in range(count):
        drug, pain = DRUGS[n % 6], PAINS[n * 5 % 6]
        named = {drug: "Drug", pain: "Symptom"}
        found.append(row(f"{prefix}{n}", f"Patient {n} took {drug} against {pain} today.", named))
    return found


def by_heart(conditions: Conditions, one: Example) -> Named:
    """Only strings of training."""
    types = {**dict.fromkeys(DRUGS, "Drug"), **dict.fromkeys(PAINS, "Symptom")}
    return {string: type_ for string, type_ in types.items() if string in one.document.text}


def by_context(conditions: Conditions, one: Example) -> Named:
    """Whatever stands in the places of a drug and a symptom."""
    words = one.document.text.split(" took ")[1].removesuffix(" today.").split(" against ")
    return {words[0]: "Drug", words[1]: "Symptom"}


PARTS = {"train": known_strings(30, "t"), "test": known_strings(30, "c")}


def answered_by(says: object, **more: object) -> ModelLab:
    return ModelLab(says=says, **more)  # type: ignore[arg-type]


def run(lab: ModelLab, **more: object) -> object:
    test = as_read(lab.answers(lab.mended, PARTS["test"]))
    lab.decoded.clear()
    return case(parts=PARTS, predictions=test, adapter=ADAPTER, base_model="base", **more)


def test_a_closed_vocabulary_learnt_by_heart_is_confirmed_by_invented_strings() -> None:
    lab = answered_by(by_heart)
    found = suspected(PROBE, run(lab), lab)  # type: ignore[arg-type]
    assert (found.cause, found.confidence, found.confirmed) == ("memorised", 0.95, True)
    assert found.effect is not None
    assert (found.effect.before, found.effect.after) == (0.0, 1.0)
    assert found.effect.interval == (1.0, 1.0)
    assert found.evidence[0] == (
        "invented strings are found in 0.0% of 48 cases, the strings that stood in their places in 100.0% "
        "of 48 (difference +1.000 to +1.000)"
    )
    assert "was answered with nothing" in found.evidence[1]
    assert found.evidence[-1].startswith("strings of training put there are found in 100.0% of 48 cases")
    assert "medspan synth" in found.remedy


def test_answers_that_follow_the_text_clear_it() -> None:
    lab = answered_by(by_context)
    assert (
        cleared(PROBE, run(lab), lab)
        .evidence[0]
        .startswith(  # type: ignore[arg-type]
            "invented strings are found in 100.0% of 48 cases"
        )
    )


def test_a_model_that_finds_nothing_has_nothing_by_heart() -> None:
    lab = answered_by(lambda conditions, one: {})
    assert "the strings that stood there are not found either" in cleared(PROBE, run(lab), lab).evidence  # type: ignore[arg-type]


def test_some_loss_on_invented_strings_is_a_note() -> None:
    def half(conditions: Conditions, one: Example) -> Named:
        found = by_context(conditions, one)
        return found if by_heart(conditions, one) or int(one.id.strip("c~")) % 2 else {}

    lab = answered_by(half)
    found = suspected(PROBE, run(lab), lab)  # type: ignore[arg-type]
    assert (found.confidence, found.confirmed) == (0.4, False)


def unseen(count: int) -> list[Example]:
    return [
        row(f"u{n}", f"Patient {n} took zyxo{n}mab against knee{n}itis today.",
            {f"zyxo{n}mab": "Drug", f"knee{n}itis": "Symptom"})
        for n in range(count)
    ]  # fmt: skip


def test_unseen_strings_of_the_test_decide_without_a_model() -> None:
    test = [*known_strings(20, "c"), *unseen(20)]
    parts = {"train": PARTS["train"], "test": test}
    lab = ModelLab(says=by_heart)
    predictions = as_read(lab.answers(lab.mended, test))
    found = suspected(PROBE, case(parts=parts, predictions=predictions), without_model())
    assert (found.confidence, found.confirmed) == (0.75, False)
    assert found.evidence[0].startswith("strings that training has not are found in 0.0% of 40 cases")
    good = as_read(ModelLab(says=by_context).answers(lab.mended, test))
    assert cleared(PROBE, case(parts=parts, predictions=good), without_model())


def test_strings_by_heart_among_many_new_ones_are_named_though_few_are_found() -> None:
    """Most strings of the test are new, so that the model finds less than half of all."""
    test = [*known_strings(10, "c"), *unseen(50)]
    lab = answered_by(by_heart)
    predicted = as_read(lab.answers(lab.mended, test))
    parts = {"train": PARTS["train"], "test": test}
    found = suspected(
        PROBE, case(parts=parts, predictions=predicted, adapter=ADAPTER, base_model="base"), lab
    )
    assert (found.confidence, found.confirmed) == (0.95, True)
    assert found.evidence[0].startswith(
        "strings that training has not are found in 0.0% of 100 cases, those that it has in 100.0% of 20"
    )
    assert found.effect is not None
    assert found.effect.after is not None
    assert found.effect.after < 0.5


def test_unseen_strings_that_are_found_spare_the_model() -> None:
    test = [*known_strings(20, "c"), *unseen(20)]
    lab = ModelLab(says=by_context)
    predictions = as_read(lab.answers(lab.mended, test))
    lab.decoded.clear()
    known = case(parts={"train": PARTS["train"], "test": test}, predictions=predictions,
                 adapter=ADAPTER, base_model="base")  # fmt: skip
    assert cleared(PROBE, known, lab)
    assert lab.decoded == []


@pytest.mark.parametrize(
    ("parts", "missing"),
    [
        ({"test": PARTS["test"]}, "no training part, so no string is known to be seen (--data)"),
        (PARTS, "and there is no model to ask about others (no model)"),
    ],
)
def test_what_is_missing_is_said(parts: dict[str, list[Example]], missing: str) -> None:
    lab = ModelLab(says=by_heart)
    predictions = as_read(lab.answers(lab.mended, PARTS["test"]))
    said = untold(PROBE, case(parts=parts, predictions=predictions), without_model())
    assert said.missing.endswith(missing)


def test_recall_counts_a_string_under_any_type() -> None:
    def other_types(conditions: Conditions, one: Example) -> Named:
        return dict.fromkeys(by_context(conditions, one), "Disease")

    lab = ModelLab(says=other_types)
    known = replace(case(parts=PARTS), seed=3)
    found = swap_recall(known, cast(Lab, lab), PARTS["test"][:4], invented(3, set()))
    assert found is not None
    assert (found[0].first, found[0].second, found[0].of) == (1.0, 1.0, (8, 8))


def test_a_tagging_model_is_asked_by_its_own_extractor(monkeypatch: pytest.MonkeyPatch) -> None:
    import medspan.extract
    from medspan.format import TagCard

    loaded = []

    class Extractor:
        def extract(self, examples: list[Example]) -> list[Example]:
            return ModelLab(says=by_heart).answers(MENDED, examples)

    def load(folder: object, **how: object) -> Extractor:
        loaded.append((folder, how["base_model"]))
        return Extractor()

    monkeypatch.setattr(medspan.extract, "load_extractor", load)
    card = TagCard(SCHEMA, "mention", "both", 200, 50, (1,), (), True, "base", "", "")
    lab = ModelLab(problem="the model tags", says=by_heart)
    found = suspected(PROBE, run(lab, card=card), lab)  # type: ignore[arg-type]
    assert (found.confidence, found.confirmed) == (0.95, True)
    assert set(loaded) == {(ADAPTER, "base")}
