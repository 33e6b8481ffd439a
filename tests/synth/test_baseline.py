from __future__ import annotations

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation
from medspan.synth import all_legal_pairs_baseline, generate, schema


def note(text: str, mentions: list[tuple[str, str]], relations: list[tuple[int, str, int]]) -> Example:
    found = tuple(
        Mention.at(text, text.index(string), text.index(string) + len(string), type_)
        for string, type_ in mentions
    )
    related = tuple(Relation(found[head], found[tail], type_) for head, type_, tail in relations)
    return Example(Document("n", text), reference=Annotation(found, relations=related))


def test_planted_notes_score_what_counting_by_hand_gives() -> None:
    one = note(
        "aspirin and warfarin; gout; Nausea",
        [("aspirin", "Drug"), ("warfarin", "Drug"), ("gout", "Disease"), ("Nausea", "Symptom")],
        [(0, "treats", 2)],
    )
    two = note("aspirin; fever", [("aspirin", "Drug"), ("fever", "Symptom")], [(0, "causes", 1)])
    # 4 legal pairs in the first note, 1 in the second; 2 relations in all.
    assert all_legal_pairs_baseline([one, two], schema()) == {
        "precision": 2 / 5,
        "recall": 1.0,
        "f1": pytest.approx(4 / 7),
    }


def test_scores_without_a_denominator_are_none() -> None:
    empty = Example(Document("n", "nothing"), reference=Annotation())
    assert all_legal_pairs_baseline([empty], schema()) == {"precision": None, "recall": None, "f1": None}


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("count", [60, 300])
def test_reading_nothing_does_not_solve_the_corpus(seed: int, count: int) -> None:
    score = all_legal_pairs_baseline(generate(count, seed=seed), schema())
    assert score["recall"] == 1.0
    assert score["f1"] is not None
    assert 0.35 < score["f1"] < 0.6


@pytest.mark.parametrize("seed", range(3))
def test_taking_the_nearest_drug_does_not_solve_the_corpus(seed: int) -> None:
    true = predicted = stated = 0
    for example in generate(300, seed=seed):
        assert example.reference is not None
        drugs = [m for m in example.reference.mentions if m.type == "Drug"]
        nearest = {
            (min(drugs, key=lambda drug: abs(drug.start - m.start)).text.lower(), m.text.lower())
            for m in example.reference.mentions
            if m.type != "Drug"
        }
        reference = {
            (relation.head.text.lower(), relation.tail.text.lower())
            for relation in example.reference.relations
            if isinstance(relation.head, Mention) and isinstance(relation.tail, Mention)
        }
        true += len(nearest & reference)
        predicted += len(nearest)
        stated += len(reference)
    assert 2 * true / (predicted + stated) < 0.75
