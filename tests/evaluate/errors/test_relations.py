"""Every kind of relation error, planted on both sides, and which wins where several hold."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Example,
    Mention,
    Relation,
    RelationType,
    Schema,
    UnalignedMention,
)
from medspan.evaluate.errors import RELATION_KINDS, classify
from medspan.evaluate.match import Directions

TEXT = "Aspirin and severe skin rash met warfarin and acute renal failure. Aspirin again."
SCHEMA = Schema(
    ("Drug", "Disease"),
    (
        RelationType("causes", inverse="caused_by"),
        RelationType("caused_by"),
        RelationType("meets", symmetric=True),
        RelationType("treats"),
    ),
)


def at(string: str, type: str = "Drug", nth: int = 0, **more: Any) -> Mention:
    start = -1
    for _ in range(nth + 1):
        start = TEXT.index(string, start + 1)
    return Mention.at(TEXT, start, start + len(string), type, **more)


ASPIRIN, WARFARIN = at("Aspirin"), at("warfarin")
RASH, FAILURE = at("skin rash", "Disease"), at("renal failure", "Disease")
ALL = (ASPIRIN, WARFARIN, RASH, FAILURE)


def side(
    *relations: Relation, mentions: tuple[Mention, ...] = ALL, scope: Any = "mention", **more: Any
) -> Annotation:
    return Annotation(mentions, relations=relations, scope=scope, **more)


def kinds(reference: Annotation, predicted: Annotation, how: Any = "strict", **more: Any) -> dict[str, Any]:
    """side -> (kind, counterpart), of the relations."""
    errors = classify([Example(Document("d", TEXT), reference, predicted)], how, **more)
    relations = [error for error in errors if error.group == "relations"]
    assert len({error.side for error in relations}) == len(relations)
    return {error.side: (error.kind, error.other) for error in relations}


CAUSES = Relation(ASPIRIN, RASH, "causes")


@pytest.mark.parametrize("how", ["strict", "text"])
@pytest.mark.parametrize(
    ("reference", "predicted", "kind"),
    [
        (CAUSES, Relation(RASH, ASPIRIN, "causes"), "direction-reversed"),
        (CAUSES, Relation(RASH, ASPIRIN, "caused_by"), "inverse-type"),
        (Relation(RASH, ASPIRIN, "caused_by"), CAUSES, "inverse-type"),
        (Relation(ASPIRIN, WARFARIN, "meets"), Relation(WARFARIN, ASPIRIN, "meets"), "inverse-type"),
        (CAUSES, Relation(ASPIRIN, RASH, "treats"), "wrong-type"),
        (CAUSES, Relation(ASPIRIN, RASH, "caused_by"), "wrong-type"),
        (CAUSES, Relation(RASH, ASPIRIN, "treats"), "wrong-type"),
        (CAUSES, Relation(ASPIRIN, at("severe skin rash", "Disease"), "causes"), "endpoint-boundary"),
        (CAUSES, Relation(ASPIRIN, at("rash", "Disease"), "causes"), "endpoint-boundary"),
    ],
)
def test_a_pair_of_errors_has_its_kind_on_both_sides(
    reference: Relation, predicted: Relation, kind: str, how: Any
) -> None:
    found = kinds(side(reference), side(predicted), how, schema=SCHEMA)
    assert found == {"missed": (kind, predicted), "spurious": (kind, reference)}


@pytest.mark.parametrize("how", ["strict", "text"])
def test_right_ends_without_a_relation_between_them(how: Any) -> None:
    other = Relation(WARFARIN, FAILURE, "causes")
    found = kinds(side(CAUSES), side(other), how, schema=SCHEMA)
    assert found == {"missed": ("missed", None), "spurious": ("co-occurrence-only", None)}


@pytest.mark.parametrize("how", ["strict", "text"])
def test_an_end_that_is_itself_an_error_is_inherited(how: Any) -> None:
    found = kinds(side(CAUSES), side(mentions=(ASPIRIN,)), how)
    assert found == {"missed": ("endpoint-missing", None)}
    found = kinds(side(mentions=(ASPIRIN,)), side(CAUSES), how)
    assert found == {"spurious": ("endpoint-missing", None)}


def test_an_end_of_the_wrong_type_is_missing_under_strict_and_of_unknown_type_is_not() -> None:
    gene, unknown = at("skin rash", "Gene"), at("skin rash", "unknown")
    found = kinds(side(CAUSES), side(mentions=(ASPIRIN, gene)))
    assert found == {"missed": ("endpoint-missing", None)}
    assert kinds(side(CAUSES), side(mentions=(ASPIRIN, gene)), "text") == {"missed": ("missed", None)}
    assert kinds(side(CAUSES), side(mentions=(ASPIRIN, unknown))) == {"missed": ("missed", None)}
    reference = side(Relation(ASPIRIN, unknown, "causes"), mentions=())
    assert kinds(reference, side(mentions=(ASPIRIN, gene))) == {"missed": ("missed", None)}


def test_an_end_of_another_relation_is_there_although_no_entity_lists_it() -> None:
    reference = side(CAUSES, Relation(WARFARIN, FAILURE, "causes"), mentions=())
    predicted = side(Relation(WARFARIN, FAILURE, "causes"), Relation(ASPIRIN, FAILURE, "causes"), mentions=())
    found = kinds(reference, predicted)
    assert found == {"missed": ("endpoint-missing", None), "spurious": ("co-occurrence-only", None)}


def test_an_unaligned_end_is_there_under_text_only() -> None:
    lost = UnalignedMention("Disease", "gout", "not-in-text")
    reference = Annotation((ASPIRIN,), (lost,), (Relation(ASPIRIN, lost, "causes"),))
    predicted = Annotation((ASPIRIN,), (lost,))
    assert kinds(reference, predicted, "text") == {"missed": ("missed", None)}
    assert kinds(reference, predicted, "strict") == {"missed": ("endpoint-missing", None)}


def test_another_occurrence_of_an_end_is_another_end_under_strict() -> None:
    again = at("Aspirin", nth=1)
    predicted = side(Relation(again, RASH, "causes"), mentions=(*ALL, again))
    assert kinds(side(CAUSES), predicted) == {
        "missed": ("missed", None),
        "spurious": ("endpoint-missing", None),
    }
    assert kinds(side(CAUSES), predicted, "text") == {}


def test_without_a_schema_no_type_is_symmetric_or_inverse() -> None:
    turned = Relation(WARFARIN, ASPIRIN, "meets")
    found = kinds(side(Relation(ASPIRIN, WARFARIN, "meets")), side(turned))
    assert {kind for kind, _ in found.values()} == {"direction-reversed"}
    found = kinds(side(CAUSES), side(Relation(RASH, ASPIRIN, "caused_by")))
    assert {kind for kind, _ in found.values()} == {"wrong-type"}


def test_under_the_directions_of_the_schema_the_inverse_is_found_and_a_reversal_is_not() -> None:
    directions = Directions.of(SCHEMA)
    inverse = side(Relation(RASH, ASPIRIN, "caused_by"))
    assert kinds(side(CAUSES), inverse, schema=SCHEMA, directions=directions) == {}
    found = kinds(side(CAUSES), side(Relation(RASH, ASPIRIN, "causes")), schema=SCHEMA, directions=directions)
    assert {kind for kind, _ in found.values()} == {"direction-reversed"}


def test_direction_outweighs_inverse_and_inverse_outweighs_type() -> None:
    reversed_, inverse = Relation(RASH, ASPIRIN, "causes"), Relation(RASH, ASPIRIN, "caused_by")
    wrong = Relation(ASPIRIN, RASH, "treats")

    def kind_of(*predicted: Relation) -> Any:
        errors = classify(
            [Example(Document("d", TEXT), side(CAUSES), side(*predicted))], "strict", schema=SCHEMA
        )
        return next((error.kind, error.other) for error in errors if error.side == "missed")

    assert kind_of(wrong, inverse, reversed_) == ("direction-reversed", reversed_)
    assert kind_of(wrong, inverse) == ("inverse-type", inverse)
    near = Relation(ASPIRIN, at("rash", "Disease"), "causes")
    assert kind_of(near, wrong) == ("wrong-type", wrong)
    assert kind_of(Relation(RASH, ASPIRIN, "treats"), wrong) == ("wrong-type", wrong)


def test_a_boundary_of_an_end_outweighs_the_end_being_an_error_of_its_own() -> None:
    rash = at("rash", "Disease")
    predicted = side(Relation(ASPIRIN, rash, "causes"), mentions=(ASPIRIN, rash))
    found = kinds(side(CAUSES, mentions=(ASPIRIN, RASH)), predicted)
    assert {kind for kind, _ in found.values()} == {"endpoint-boundary"}
    # Of another type, or with the other end elsewhere, the end is just missing.
    predicted = side(Relation(ASPIRIN, rash, "treats"), mentions=(ASPIRIN, rash))
    found = kinds(side(CAUSES, mentions=(ASPIRIN, RASH)), predicted)
    assert {kind for kind, _ in found.values()} == {"endpoint-missing"}


def test_of_several_near_relations_the_one_with_the_largest_overlap_is_the_counterpart() -> None:
    small = Relation(ASPIRIN, at("severe skin", "Disease"), "causes")
    large = Relation(ASPIRIN, at("skin rash met", "Disease"), "causes")
    errors = classify([Example(Document("d", TEXT), side(CAUSES), side(small, large))])
    missed = [error for error in errors if error.side == "missed" and error.group == "relations"]
    assert [error.other for error in missed] == [large]


def test_both_directions_predicted_leave_one_reversed() -> None:
    turned = Relation(RASH, ASPIRIN, "causes")
    assert kinds(side(CAUSES), side(CAUSES, turned)) == {"spurious": ("direction-reversed", CAUSES)}


def concept_side(*pairs: tuple[str, str, str]) -> Annotation:
    mentions = (
        at("Aspirin", concepts=("D1",)),
        at("warfarin", concepts=("D2",)),
        at("skin rash", "Disease", concepts=("MESH:R",)),
        at("renal failure", "Disease", concepts=("F", "-1")),
    )
    relations = tuple(Relation(Concept(head), Concept(tail), type) for head, type, tail in pairs)
    return Annotation(mentions, relations=relations)


@pytest.mark.parametrize("how", ["strict", "text"])
@pytest.mark.parametrize(
    ("predicted", "missed", "spurious"),
    [
        (Relation(RASH, ASPIRIN, "causes"), "direction-reversed", "direction-reversed"),
        (Relation(RASH, ASPIRIN, "caused_by"), "inverse-type", "inverse-type"),
        (Relation(ASPIRIN, RASH, "treats"), "wrong-type", "wrong-type"),
        (Relation(ASPIRIN, at("rash", "Disease"), "causes"), "endpoint-boundary", "endpoint-boundary"),
        (Relation(WARFARIN, FAILURE, "causes"), "missed", "co-occurrence-only"),
        (Relation(Concept("D2"), Concept("F"), "causes"), "missed", "co-occurrence-only"),
        (Relation(Concept("R"), Concept("MESH:D1"), "causes"), "direction-reversed", "direction-reversed"),
        (Relation(WARFARIN, at("again", "Disease"), "causes"), "missed", "endpoint-missing"),
        (Relation(Concept("D2"), Concept("X"), "causes"), "missed", "endpoint-missing"),
    ],
)
def test_ends_that_are_concepts_are_met_by_gold_linking(
    predicted: Relation, missed: str, spurious: str, how: Any
) -> None:
    found = kinds(concept_side(("D1", "causes", "R")), side(predicted), how, schema=SCHEMA)
    assert {name: kind for name, (kind, _) in found.items()} == {"missed": missed, "spurious": spurious}


@pytest.mark.parametrize("how", ["strict", "text"])
def test_a_concept_none_of_whose_names_is_predicted_is_missing(how: Any) -> None:
    found = kinds(concept_side(("D1", "causes", "R")), side(mentions=(ASPIRIN, WARFARIN)), how)
    assert found == {"missed": ("endpoint-missing", None)}


def test_kinds_are_stable_names() -> None:
    assert RELATION_KINDS == (
        "direction-reversed",
        "inverse-type",
        "wrong-type",
        "endpoint-boundary",
        "endpoint-missing",
        "co-occurrence-only",
        "missed",
    )
