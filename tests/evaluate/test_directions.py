"""Notes on a schema whose symmetric and inverse types fit no data."""

from __future__ import annotations

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation, RelationType, Schema
from medspan.evaluate.directions import schema_notes

TEXT = "Aspirin met heparin."
ONE, OTHER = Mention.at(TEXT, 0, 7, "Drug"), Mention.at(TEXT, 12, 19, "Drug")


def data(reference: str | None, predicted: str | None = None) -> list[Example]:
    sides = [
        None if type is None else Annotation((ONE, OTHER), (), (Relation(ONE, OTHER, type),))
        for type in (reference, predicted)
    ]
    return [Example(Document("a", TEXT), reference=sides[0], predicted=sides[1])]


def symmetric(*names: str, entities: tuple[str, ...] = ("Drug",)) -> Schema:
    return Schema(entities, tuple(RelationType(name, symmetric=True) for name in names))


INVERSE = Schema(("Drug",), (RelationType("causes", inverse="caused_by"),))


@pytest.mark.parametrize(
    ("schema", "examples", "notes"),
    [
        (None, data("meets"), []),
        (symmetric("meets"), data("meets"), []),
        (symmetric("meets"), data("other", "meets"), []),
        (
            symmetric("Meets"),
            data("meets"),
            ["no relation has the symmetric type 'Meets', but some have 'meets'"],
        ),
        (
            symmetric("knows", "greets"),
            data("meets"),
            [
                "no relation has the symmetric type 'greets': it changes no score",
                "no relation has the symmetric type 'knows': it changes no score",
            ],
        ),
        (INVERSE, data("causes"), []),
        (INVERSE, data("caused_by"), []),
        (
            INVERSE,
            data("causes", "Caused-By"),
            ["no relation has the inverse type 'caused_by', but some have 'Caused-By'"],
        ),
        (
            INVERSE,
            data("meets"),
            [
                "no relation has the inverse type 'caused_by': it changes no score",
                "no relation has the inverse type 'causes': it changes no score",
            ],
        ),
        (
            Schema(("Gene",), (RelationType("binds"),)),
            data("meets"),
            ["none of its types is in the data, which has: Drug, meets"],
        ),
        (Schema(("Drug",), (RelationType("binds"),)), data("meets"), []),
    ],
)
def test_types_that_fit_nothing_are_named(
    schema: Schema | None, examples: list[Example], notes: list[str]
) -> None:
    assert schema_notes(schema, examples) == [f"schema: {note}" for note in notes]
