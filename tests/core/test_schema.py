from __future__ import annotations

import json

import pytest

from medspan.core import (
    Annotation,
    Concept,
    Mention,
    Relation,
    RelationType,
    Schema,
    UnalignedMention,
)

DRUG = Mention(((0, 1),), "Drug", "x", ("D1",))
DISEASE = Mention(((2, 3),), "Disease", "y", ("D2",))
UNLISTED = Mention(((4, 5),), "Symptom", "z")


def test_the_smallest_schema_is_inferred_in_order_of_name() -> None:
    schema = Schema.infer(
        [
            ("b", Annotation((DRUG, DISEASE), relations=(Relation(DRUG, DISEASE, "treats"),))),
            ("a", Annotation((), (UnalignedMention("Lab", "q", "not-in-text"),))),
            (None, Annotation((DRUG,), relations=(Relation(DRUG, UNLISTED, "causes"),))),
        ]
    )
    assert schema == Schema(
        ("Disease", "Drug", "Lab"),
        (
            RelationType("causes", (("Drug", "Symptom"),)),
            RelationType("treats", (("Drug", "Disease"),)),
        ),
        (("a", ("Lab",)), ("b", ("Disease", "Drug", "treats"))),
    )


def test_the_order_of_the_data_does_not_change_the_schema() -> None:
    data = [
        (None, Annotation((DRUG, DISEASE), relations=(Relation(DRUG, DISEASE, "treats"),))),
        (None, Annotation((DISEASE,), relations=(Relation(DISEASE, DRUG, "treats"),))),
    ]
    assert Schema.infer(data) == Schema.infer(reversed(data))


def test_concepts_take_the_types_of_their_mentions_and_unknown_ones_make_no_pair() -> None:
    annotation = Annotation(
        (DRUG, DISEASE),
        relations=(
            Relation(Concept("D1"), Concept("D2"), "causes"),
            Relation(Concept("D1"), Concept("D9"), "causes"),
            Relation(DRUG, UnalignedMention("unknown", "q", "not-in-text"), "causes"),
        ),
    )
    assert Schema.infer([(None, annotation)]).relation("causes").pairs == (("Drug", "Disease"),)


def test_labels_keep_the_order_of_the_schema_whatever_order_the_task_names_them_in() -> None:
    schema = Schema(("B", "A"), (RelationType("r"),), (("t", ("r", "A")),))
    assert schema.labels() == ("B", "A", "r")
    assert schema.labels("t") == ("A", "r")
    assert schema.labels("no task of the schema") == ("B", "A", "r")


def test_a_type_listed_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="entity type 'A' is listed twice"):
        Schema(("A", "B", "A"))
    with pytest.raises(ValueError, match="relation type 'r' is listed twice"):
        Schema(("A",), (RelationType("r"), RelationType("r", symmetric=True)))


def test_pairs_symmetry_and_no_pairs_decide_what_is_allowed() -> None:
    assert RelationType("r").allows("any", "thing")
    one_way = RelationType("r", (("A", "B"),))
    assert one_way.allows("A", "B")
    assert not one_way.allows("B", "A")
    assert RelationType("r", (("A", "B"),), symmetric=True).allows("B", "A")
    assert not RelationType("r", (("A", "B"),), symmetric=True).allows("A", "A")


def test_an_unknown_relation_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="causes"):
        Schema().relation("causes")


def test_a_schema_survives_json() -> None:
    schema = Schema(
        ("A", "B"),
        (RelationType("r", (("A", "B"), ("B", "B")), True, "s"), RelationType("s")),
        (("t", ("A", "r")),),
    )
    assert Schema.from_json(json.loads(json.dumps(schema.to_json()))) == schema
    assert Schema.from_json({"entity_types": ["A"], "relation_types": [{"name": "r"}]}) == Schema(
        ("A",), (RelationType("r"),)
    )
