"""Which format a set of answers is in."""

from __future__ import annotations

import pytest

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Mention,
    Relation,
    RelationType,
    Schema,
    UnalignedMention,
)
from medspan.format import make_codec
from medspan.format.reading import best_reading, holds_items, reading_codec, readings

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


def test_answers_that_there_is_nothing_are_in_their_format() -> None:
    nothing = [
        (Document(str(n), TEXT), "### Entities:\nNone found.\n\n### Relations:\nNone found.") for n in (1, 2)
    ]
    best = best_reading([*answers("sections")[:1], *nothing])
    assert best is not None
    assert (best.format, best.whole, best.items) == ("sections", 1.0, 1 / 3)


def test_a_minority_of_readable_answers_decides_nothing() -> None:
    mixed = [*answers("sections")[:1], *((Document("x", TEXT), "no idea") for _ in range(3))]
    assert best_reading(mixed) is None


SMALL = Schema(("Drug",), (RelationType("causes"),))


def types(*lines: str, schema: Schema = SMALL) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = reading_codec("compact", schema, lines).schema
    return found.entity_types, tuple(relation.name for relation in found.relation_types)


def test_types_that_answers_name_are_added_to_those_of_the_schema() -> None:
    assert types("Drug: a;\nGene: b; c;\ntreats: a | b; c;") == (("Drug", "Gene"), ("causes", "treats"))
    # Cut off in the middle of a line it tells nothing, and prose does not end as an item does.
    assert types("Drug: a;\nGene: b", "Drug:\nNote: nothing else.", "Note:") == (("Drug",), ("causes",))
    assert types("Drug: a;\nfoo; bar: b;") == (("Drug",), ("causes",))


def test_a_type_of_which_nobody_found_anything_is_read_all_the_same() -> None:
    answers = [(Document("1", TEXT), "Drug: Aspirin;\ncauses:")] * 3
    best = best_reading(answers, Schema(("Drug",)))
    assert best is not None
    assert (best.format, best.whole, best.relations) == ("compact", 1.0, 0.0)
    codec = reading_codec("compact", Schema(("Drug",)), [text for _, text in answers])
    read = codec.parse(*answers[0])
    assert (len(read.mentions), read.unaligned, read.relations, read.unparsed) == (1, (), (), ())


def test_answers_that_name_no_type_of_the_schema_add_none() -> None:
    assert types("Drugs: a, b;", "Genes: c;") == (("Drug",), ("causes",))
    assert types("Drugs: a, b;", schema=Schema()) == ((), ())
    assert best_reading([(Document("1", TEXT), "Drugs: Aspirin;")], SMALL) is None


def test_a_malformed_item_of_a_known_type_stays_unread() -> None:
    codec = reading_codec("compact", SMALL, ["Drug: Aspirin | ulcers;\ncauses: Aspirin;\nGene: x;"])
    assert codec.parse(Document("1", TEXT), "Drug: Aspirin | ulcers;\ncauses: Aspirin;").unparsed == (
        "Drug: Aspirin | ulcers;",
        "causes: Aspirin;",
    )


def test_invented_types_do_not_make_answers_unreadable() -> None:
    best = best_reading([(Document("1", TEXT), "Drug: Aspirin;\nGene: ulcers;\ncauses:")] * 3, SMALL)
    assert best is not None
    assert (best.format, best.whole, best.relations) == ("compact", 1.0, 0.0)


def test_a_type_that_one_format_cannot_write_leaves_the_others() -> None:
    schema = Schema(("CPR:4",))
    tried = readings([(Document("1", TEXT), "### Entities:\n1. [CPR:4] Aspirin")], schema)
    assert [one.format for one in tried] == ["sections", "tasks"]


BLANK = UnalignedMention("Drug", " ", "blank")


@pytest.mark.parametrize(
    ("annotation", "held"),
    [
        (Annotation(), False),
        (Annotation(unaligned=(BLANK,)), False),
        (Annotation(relations=(Relation(BLANK, BLANK, "causes"),)), False),
        (Annotation(unaligned=(UnalignedMention("Drug", "zzz", "not-in-text"),)), True),
        (Annotation(relations=(Relation(BLANK, Concept("D1"), "causes"),)), True),
        (Annotation((Mention.at(TEXT, 0, 7, "Drug"),)), True),
    ],
)
def test_blank_strings_are_no_items(annotation: Annotation, held: bool) -> None:
    assert holds_items(annotation) is held
    assert best_reading([(Document("1", TEXT), "Drug: ;;")]) is None
