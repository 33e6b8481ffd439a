"""Which format a set of answers is in."""

from __future__ import annotations

import pytest

from medspan.core import Annotation, Document, Mention, Relation, Schema
from medspan.format import make_codec
from medspan.format.reading import best_reading, readings

TEXT = "Aspirin caused ulcers."


def answers(name: str) -> list[tuple[Document, str]]:
    drug, ulcers = Mention.at(TEXT, 0, 7, "chemical"), Mention.at(TEXT, 15, 21, "disease")
    annotation = Annotation((drug, ulcers), (), (Relation(drug, ulcers, "influences"),))
    pairs = []
    for number in range(4):
        task = ("chemicals", "diseases", "influences")[number % 3]
        document = Document(str(number), TEXT, task=task)
        codec = make_codec(name, Schema.infer([(None, annotation)]))
        pairs.append((document, "".join(codec.target(document, annotation))))
    return pairs


@pytest.mark.parametrize("name", ["tasks", "sections", "compact"])
def test_each_format_knows_its_own_answers(name: str) -> None:
    best = best_reading(answers(name))
    assert best is not None
    assert (best.format, best.whole) == (name, 1.0)


def test_blank_answers_and_prose_are_in_no_format() -> None:
    document = Document("1", TEXT)
    assert readings([(document, " \n")]) == []
    assert best_reading([(document, "The patient took aspirin.")]) is None


def test_a_minority_of_readable_answers_decides_nothing() -> None:
    mixed = [*answers("sections")[:1], *((Document("x", TEXT), "no idea") for _ in range(3))]
    assert best_reading(mixed) is None
