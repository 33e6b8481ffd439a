"""Random relations: named with their ceiling beside the run's own score."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from medspan.audit.checks import labels_not_inferable as audit
from medspan.core import Example, Relation
from medspan.diagnose.base import Suspicion
from medspan.diagnose.probes.labels_not_inferable import LabelsNotInferable, _guesses
from medspan.read import load_splits
from medspan.synth import generate

from .planted_cases import PlantedLab, answered, case, cleared, notes, right, row, suspected, untold

PROBE = LabelsNotInferable()


def at_random(examples: Sequence[Example], seed: int = 0) -> list[Example]:
    """The examples with each relation drawn anew among the legal pairs of their document."""
    chance, found = random.Random(seed), []
    for one in examples:
        assert one.reference is not None
        types = {
            relation.type: (relation.head.type, relation.tail.type)  # type: ignore[union-attr]
            for example in examples
            for relation in example.reference.relations  # type: ignore[union-attr]
        }
        drawn = []
        for relation in one.reference.relations:
            head_type, tail_type = types[relation.type]
            heads = [mention for mention in one.reference.mentions if mention.type == head_type]
            tails = [mention for mention in one.reference.mentions if mention.type == tail_type]
            drawn.append(Relation(chance.choice(heads), chance.choice(tails), relation.type))
        reference = replace(one.reference, relations=tuple(dict.fromkeys(drawn)))
        found.append(replace(one, reference=reference))
    return found


@pytest.fixture(scope="module")
def random_notes() -> list[Example]:
    return at_random(generate(260, seed=1))


def test_random_relations_are_named_with_their_ceiling(random_notes: list[Example]) -> None:
    parts = {"train": random_notes[:200], "test": random_notes[200:]}
    found = suspected(PROBE, case(parts=parts, predictions=right(parts["test"])))
    assert (found.confidence, found.confirmed) == (0.88, False)
    effect = found.effect
    assert effect is not None
    assert effect.metric == "relation F1, reachable at most (causes, treats; all parts)"
    assert effect.before == 1.0
    assert effect.after is not None
    assert 0.4 < effect.after < 0.8
    assert effect.interval is None
    assert found.share == pytest.approx(1 - effect.after)
    assert "cannot be inferred from the text" in found.evidence[0]
    assert found.evidence[1].startswith(
        f"the run's F1 on them is 1.000, above the ceiling of {effect.after:.3f} ("
    )
    assert found.evidence[1].endswith("was known from elsewhere (leaked documents)")
    assert len(found.evidence) == 5
    assert "medspan audit DATA --cases FILE" in found.remedy


def test_a_run_below_its_ceiling_is_told_so(random_notes: list[Example]) -> None:
    parts = {"train": random_notes[:200], "test": random_notes[200:]}
    found = suspected(PROBE, case(parts=parts, predictions=[answered(one, {}) for one in parts["test"]]))
    assert found.effect is not None
    assert found.effect.before == 0.0
    assert found.evidence[1].startswith("the run's F1 on them is 0.000; it is below the ceiling of 0.")
    assert found.evidence[1].endswith("a target above it cannot be met by any training")


def test_a_run_without_predictions_gets_the_ceiling_alone(random_notes: list[Example]) -> None:
    found = suspected(PROBE, case(parts={"test": random_notes}))
    assert found.effect is not None
    assert found.effect.before is None
    assert found.evidence[1].startswith("the run has no F1 on them; 0.")


def test_relations_that_the_text_states_are_cleared() -> None:
    examples = list(generate(80, seed=2))
    said = cleared(PROBE, case(parts={"train": examples[:60], "test": examples[60:]}))
    assert said.evidence[0].startswith("the text ranks a related pair above another pair of its document in ")
    none = [row("a", "He took aspirin.", {"aspirin": "Drug"})]
    assert cleared(PROBE, case(parts={"test": none})).evidence == ("the references hold no relations",)


def test_too_little_to_judge_by_is_not_told() -> None:
    assert untold(PROBE, case(parts={"test": notes("c", 5)})).missing == (
        "at least 10 relations in the references"
    )
    said = untold(PROBE, case(parts={"test": notes("c", 60)}))
    assert said.missing.startswith(
        "cannot tell whether relation labels can be inferred: 60 of 60 legal pairs"
    )


def test_the_relations_of_a_real_corpus_are_random(corpora: Path) -> None:
    parts = {
        name: list(corpus)[:400]
        for name, corpus in load_splits(corpora / "synthetic_2026").items()
        if name != "train"
    }
    found = suspected(PROBE, case(parts=parts))
    assert found.confidence == 0.88
    assert found.effect is not None
    assert found.effect.after == pytest.approx(0.59, abs=0.03)


@pytest.mark.parametrize(("kept", "guesses"), [(0, True), (1, False)])
def test_a_model_that_finds_entities_and_guesses_relations_bears_noisy_labels_out(
    kept: int, guesses: bool
) -> None:
    notes_ = generate(40, seed=3)
    answers = []
    for one in right(notes_):
        assert one.predicted is not None
        relations = one.predicted.relations if kept else ()
        answers.append(replace(one, predicted=replace(one.predicted, relations=relations)))
    told = _guesses(case(parts={"test": notes_}, predictions=answers), PlantedLab("no model"))  # type: ignore[arg-type]
    assert (told is not None) is guesses
    if told is not None:
        assert "an entity F1 of 1.000" in told


@pytest.mark.parametrize(
    ("labels", "kept", "confidence"),
    [(400, 0, 0.55), (200, 0, None), (400, 1, None)],
    ids=["many labels and guesses", "few labels", "no guesses"],
)
def test_labels_that_the_check_cannot_tell_from_chance_are_named_where_the_model_guesses_too(
    monkeypatch: pytest.MonkeyPatch, labels: int, kept: int, confidence: float | None
) -> None:
    check = audit.LabelsNotInferable()
    finding = check.finding("cannot tell whether relation labels can be inferred", 1, 2, severity="info")
    judged = SimpleNamespace(together=SimpleNamespace(labels=labels), table=SimpleNamespace(clusters=100))
    monkeypatch.setattr(
        audit.LabelsNotInferable, "examined", lambda self, data: audit.Examined([], judged, [finding])
    )
    notes_ = generate(40, seed=3)
    answers = [
        one if kept else replace(one, predicted=replace(one.predicted, relations=()))  # type: ignore[type-var]
        for one in right(notes_)
    ]
    (said,) = PROBE.examine(case(parts={"test": notes_}, predictions=answers), PlantedLab("no model"))
    assert (said.confidence if isinstance(said, Suspicion) else None) == confidence
    if isinstance(said, Suspicion):
        assert said.evidence[1].startswith("the model, too, finds no rule: with an entity F1 of 1.000")
