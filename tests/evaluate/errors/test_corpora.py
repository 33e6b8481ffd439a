"""The ancestors' case: `synthetic_2026`, with inverse and symmetric types, held one way at random."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from medspan.core import Annotation, Example, Relation, RelationType, Schema
from medspan.evaluate.errors import classify, taxonomy
from medspan.evaluate.match import Directions
from medspan.read import load

SCHEMA = Schema(
    (),
    (
        RelationType("causes", inverse="indicates"),
        RelationType("indicates", inverse="causes"),
        RelationType("interacts_with", symmetric=True),
        RelationType("treats"),
    ),
)
INVERSE = {"causes": "indicates", "indicates": "causes", "interacts_with": "interacts_with"}


@pytest.fixture(scope="module")
def references(corpora: Path) -> list[Example]:
    """The test part without relations whose ends or types can be told in more than one way."""
    examples = []
    for example in load(corpora / "synthetic_2026" / "test.json").examples:
        assert example.reference is not None
        kept: dict[frozenset[str], Relation] = {}
        for relation in example.reference.relations:
            pair = frozenset((relation.head.text.lower(), relation.tail.text.lower()))  # type: ignore[union-attr]
            if len(pair) == 2:
                kept.setdefault(pair, relation)
        examples.append(
            replace(example, reference=replace(example.reference, relations=tuple(kept.values())))
        )
    return examples


def answered(references: list[Example], *, reverse: bool, inverse: bool) -> list[Example]:
    """Predictions that repeat the reference, each relation reversed, under its inverse type, or both."""

    def told(relation: Relation) -> Relation:
        head, tail = (relation.tail, relation.head) if reverse else (relation.head, relation.tail)
        return Relation(head, tail, INVERSE.get(relation.type, relation.type) if inverse else relation.type)

    examples = []
    for example in references:
        reference = example.reference
        assert reference is not None
        predicted = replace(reference, relations=tuple(map(told, reference.relations)), made_by="model")
        examples.append(replace(example, predicted=predicted))
    return examples


def types(references: list[Example]) -> Counter[str]:
    return Counter(
        relation.type
        for example in references
        if isinstance(example.reference, Annotation)
        for relation in example.reference.relations
    )


def test_reversed_relations_are_reversed_but_for_symmetric_types(references: list[Example]) -> None:
    count = types(references)
    found = taxonomy(answered(references, reverse=True, inverse=False), schema=SCHEMA)
    assert found.how == "text"
    assert found.groups["entities"].f1 == 1
    kinds = found.groups["relations"].kinds
    symmetric = count["interacts_with"]
    assert symmetric > 100
    assert kinds["inverse-type"].errors == 2 * symmetric
    assert kinds["direction-reversed"].errors == 2 * (count.total() - symmetric)
    assert kinds["direction-reversed"].share == pytest.approx(1 - symmetric / count.total())
    assert kinds["inverse-type"].gain == pytest.approx(symmetric / count.total())


def test_inverse_types_the_other_way_round_are_inverse_types(references: list[Example]) -> None:
    count = types(references)
    found = taxonomy(answered(references, reverse=True, inverse=True), schema=SCHEMA).groups["relations"]
    # `treats` has no inverse here, so it is just reversed.
    assert found.kinds["inverse-type"].errors == 2 * (count.total() - count["treats"])
    assert found.kinds["direction-reversed"].errors == 2 * count["treats"]
    assert found.f1 == 0


def test_inverse_types_in_the_same_direction_are_wrong_types(references: list[Example]) -> None:
    count = types(references)
    found = taxonomy(answered(references, reverse=False, inverse=True), schema=SCHEMA).groups["relations"]
    wrong = count["causes"] + count["indicates"]
    assert found.kinds["wrong-type"].errors == 2 * wrong
    assert found.true_positives == count.total() - wrong


def test_without_a_schema_nothing_is_symmetric_or_inverse(references: list[Example]) -> None:
    count = types(references)
    kinds = Counter(error.kind for error in classify(answered(references, reverse=True, inverse=True)))
    wrong = count["causes"] + count["indicates"]
    assert kinds == {"wrong-type": 2 * wrong, "direction-reversed": 2 * (count.total() - wrong)}


def test_under_the_directions_of_the_schema_only_true_reversals_are_left(references: list[Example]) -> None:
    count = types(references)
    directions = Directions.of(SCHEMA)
    both = answered(references, reverse=True, inverse=True)
    kinds = Counter(error.kind for error in classify(both, schema=SCHEMA, directions=directions))
    assert kinds == {"direction-reversed": 2 * count["treats"]}
