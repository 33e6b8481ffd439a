"""endpoint-not-an-entity: relations of what no list of entities has, or has in another letter case."""

from __future__ import annotations

from pathlib import Path

from medspan.audit import Data
from medspan.core import Annotation, Concept, Document, Example, Mention, Relation

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, recased, renamed, sections

TEXT = "Lithium caused tremor and nausea, aspirin a rash."


def test_other_rows_and_splits_about_the_same_text_are_asked() -> None:
    data = Data.of(
        {
            "train": [
                asked("a", "chemicals", TEXT, "lithium"),
                asked("b", "influences", f" {TEXT.upper()}", "lithium | tremor", "aspirin | tremor"),
            ],
            "test": [
                asked("c", "diseases", TEXT, "Tremor"),
                asked("d", "influences", TEXT, "LITHIUM | rash", "lithium | tremor"),
            ],
        }
    )
    train, test = found("endpoint-not-an-entity", data)
    assert (train.count, train.of, train.split, train.severity) == (1, 2, "train", "warning")
    assert [(case.place, case.what) for case in train.cases] == [
        ("b", "in no entity list of this document: 'aspirin'")
    ]
    assert (test.count, test.of, test.split) == (1, 2, "test")
    assert [(case.place, case.what) for case in test.cases] == [
        ("d", "in no entity list of this document: 'rash'")
    ]
    assert "1 of 2 relations of test (50.0%) join something that no entity list" in test.message
    assert "letter case" not in test.message


def test_a_list_of_another_type_does_not_count() -> None:
    text = "Hepatitis B e antigen causes hepatitis B."
    rows = [
        asked("a", "chemicals", text, "hepatitis b"),
        asked("b", "diseases", text, "e antigen"),
        asked("c", "influences", text, "hepatitis b | hepatitis b"),
    ]
    assert figures("endpoint-not-an-entity", Data.of({"train": rows})) == {"train": (1, 1)}


def test_nobody_asked_is_not_nobody_found() -> None:
    rows = [
        asked("a", "chemicals", TEXT, "lithium"),
        asked("b", "diseases", "Another text with a rash.", "rash"),
        asked("c", "influences", TEXT, "lithium | tremor"),
    ]
    assert found("endpoint-not-an-entity", Data.of({"train": rows})) == []
    # The same question answered by an empty list is an answer.
    asked_for = [*rows, asked("d", "diseases", TEXT)]
    assert figures("endpoint-not-an-entity", Data.of({"train": asked_for})) == {"train": (1, 1)}
    # A row without a task asks for everything; so do its relations to types that are never listed.
    only_relations = sections("e", TEXT, relations=[("lithium", "causes", "tremor")])
    assert found("endpoint-not-an-entity", Data.of({"train": [only_relations]})) == []
    with_entity = sections("f", TEXT, ("Drug", "lithium"), relations=[("lithium", "causes", "tremor")])
    assert figures("endpoint-not-an-entity", Data.of({"train": [with_entity]})) == {"train": (1, 1)}


def test_another_letter_case_is_told_apart() -> None:
    example = sections(
        "a",
        TEXT,
        ("Drug", "Lithium"),
        ("Symptom", "tremor"),
        relations=[
            ("Lithium", "causes", "tremor"),
            ("lithium", "causes", "Tremor"),
            ("lithium", "causes", "rash"),
        ],
    )
    clean = sections(
        "b", "Aspirin rash.", ("Drug", "Aspirin"), ("S", "rash"), relations=[("Aspirin", "x", "rash")]
    )
    (finding,) = found("endpoint-not-an-entity", Data.of({"train": [example, clean]}))
    assert (finding.count, finding.of) == (2, 4)
    assert "1 of 4 relations of train (25.0%) join something that no entity list" in finding.message
    assert (
        "3 endpoints in 1 rows of train differ from the listed entity in letter case only" in finding.message
    )
    assert "(1 more of 4 relations)" in finding.message
    assert finding.cases[0].what == "listed in another letter case: 'lithium', 'Tremor'"
    assert [TEXT[start:end] for start, end in finding.cases[0].marks] == ["Lithium", "tremor"]
    assert "--fix" in finding.remedy


def test_listed_ends_and_concepts_are_quiet() -> None:
    joined = row("a", TEXT, ("Lithium", "Drug"), ("tremor", "S"), relations=[("Lithium", "causes", "tremor")])
    concepts = Example(
        Document("b", TEXT), Annotation(relations=(Relation(Concept("D1"), Concept("D2"), "CID"),))
    )
    # Where mentions stand for their own place, a second place in another letter case is no slip.
    text = "Lithium: lithium caused tremor."
    first, tremor = Mention.at(text, 0, 7, "Drug"), Mention.at(text, 24, 30, "S")
    relation = Relation(Mention.at(text, 9, 16, "Drug"), tremor, "causes")
    places = Example(Document("c", text), Annotation((first, tremor), (), (relation,)))
    assert found("endpoint-not-an-entity", Data.of({"train": [joined, concepts, places]})) == []


def test_the_figures_of_20251111_in_any_order_file_and_case(corpora: Path) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / "splits_20251111")
    expected = {"train": (184, 1654), "validation": (36, 195), "test": (21, 200)}
    assert figures("endpoint-not-an-entity", data) == expected
    assert (184 + 36 + 21, 1654 + 195 + 200) == (241, 2049)
    assert figures("endpoint-not-an-entity", rebuilt(data, renamed, seed=5)) == expected
    assert figures("endpoint-not-an-entity", rebuilt(data, recased)) == expected


def test_the_letter_case_of_combined_2026(corpora: Path) -> None:
    data = corpus(corpora / "combined_2026")
    expected = {"train": (849, 8750), "validation": (585, 3170)}
    assert figures("endpoint-not-an-entity", data) == expected
    train, validation = found("endpoint-not-an-entity", data)
    assert train.message.startswith("892 endpoints in 294 rows of train differ")
    assert validation.message.startswith("616 endpoints in 240 rows of validation differ")
    assert "no entity list" not in train.message + validation.message
    again = rebuilt(data, renamed, seed=6)
    assert [one.message for one in found("endpoint-not-an-entity", again)] == [
        train.message,
        validation.message,
    ]
    assert figures("endpoint-not-an-entity", rebuilt(data, recased)) == expected


def test_corpora_with_listed_ends_are_quiet(corpora: Path) -> None:
    for name in ("ade", "synthetic_2026", "bc5cdr", "maccrobat"):
        assert found("endpoint-not-an-entity", corpus(corpora / name)) == []
