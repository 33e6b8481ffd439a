"""unknown-type: items of types that a model cannot know."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.core import RelationType, Schema

from ..conftest import found, row
from ..listed_rows import corpus, figures, rebuilt, renamed, sections

TEXT = "Lithium caused tremor after an ECG."
SCHEMA = Schema(("Drug", "Symptom"), (RelationType("causes", (("Drug", "Symptom"),)),))


def test_what_the_schema_lacks_is_counted() -> None:
    known = row(
        "a", TEXT, ("Lithium", "Drug"), ("tremor", "Symptom"), relations=[("Lithium", "causes", "tremor")]
    )
    unknown = sections(
        "b",
        TEXT,
        ("Drug", "Lithium"),
        ("Test", "ECG"),
        ("symptoms", "tremor"),
        ("Test", "Holter"),
        relations=[("Lithium", "brings", "tremor"), ("Lithium", "causes", "delirium")],
    )
    (finding,) = found("unknown-type", Data.of({"train": [known, unknown]}, stated_schema=SCHEMA))
    assert (finding.count, finding.of, finding.split, finding.against) == (4, 9, "train", None)
    assert finding.severity == "error"
    assert finding.message == (
        "4 of 9 items of train (44.4%) have a type that the schema does not have: Test (2), brings (1), "
        "symptoms (1; perhaps Symptom is meant)"
    )
    assert [(case.place, case.what) for case in finding.cases] == [
        ("b", "'ECG' has the type Test"),
        ("b", "'tremor' has the type symptoms"),
        ("b", "'Holter' has the type Test"),
        ("b", "the relation of 'Lithium' and 'tremor' has the type brings"),
    ]
    assert "--rename" in finding.remedy


def test_without_a_schema_training_says_what_is_known() -> None:
    train = [row("a", TEXT, ("Lithium", "Drug")), row("b", TEXT, ("tremor", "Symptom"))]
    test = [row("c", TEXT, ("Lithium", "Drug"), ("ECG", "Test"), relations=[("Lithium", "needs", "ECG")])]
    data = Data.of({"train": train, "validation": train, "test": test})
    (finding,) = found("unknown-type", data)
    assert (finding.count, finding.of, finding.split, finding.against) == (2, 3, "test", "train")
    assert finding.severity == "warning"
    assert "have a type that train never shows: Test (1), needs (1)" in finding.message
    # Types that only training has are no fault, nor is a part by itself.
    assert found("unknown-type", Data.of({"train": [*train, *test], "test": train})) == []
    assert found("unknown-type", Data.of({"test": test})) == []


def test_an_entity_type_is_no_relation_type() -> None:
    train = [row("a", TEXT, ("Lithium", "Drug"), ("tremor", "causes"))]
    test = [
        row("b", TEXT, ("Lithium", "Drug"), ("tremor", "Drug"), relations=[("Lithium", "causes", "tremor")])
    ]
    assert figures("unknown-type", Data.of({"train": train, "test": test})) == {"test": (1, 3)}


def test_endpoints_of_no_type_are_not_meant() -> None:
    example = sections("a", TEXT, ("Drug", "Lithium"), relations=[("Lithium", "causes", "fever")])
    assert found("unknown-type", Data.of({"train": [example]}, stated_schema=SCHEMA)) == []
    # Listed under that name it is a type like any other.
    listed = sections("b", TEXT, ("unknown", "Lithium"))
    assert figures("unknown-type", Data.of({"train": [listed]}, stated_schema=SCHEMA)) == {"train": (1, 1)}


@pytest.mark.parametrize("name", ["bc5cdr", "biored", "ncbi_disease", "synthetic_2026", "combined_2026"])
def test_official_parts_know_each_others_types(corpora: Path, name: str) -> None:
    assert found("unknown-type", corpus(corpora / name)) == []


def test_a_schema_that_spells_a_type_otherwise_loses_it(corpora: Path) -> None:
    """The drift of incident B: `Lab_test` in the schema, `Lab_Test` in the data."""
    data = corpus(corpora / "synthetic_2026")
    names = ("treats", "causes", "indicates", "interacts_with")
    types = ("Disease", "Drug", "Lab_test", "Procedure", "Symptom")
    schema = Schema(types, tuple(map(RelationType, names)))
    drifted = rebuilt(data, renamed, seed=2)
    stated = Data(drifted.parts, stated_schema=schema)
    wanted = {
        part.name: (
            sum(item.type == "Lab_Test" for row in part.rows for item in row.listed),
            sum(len(row.listed) + len(row.reference.relations) for row in part.rows),
        )
        for part in data.parts
    }
    assert figures("unknown-type", stated) == wanted
    assert wanted["train"][0] == 4256
    assert all("perhaps Lab_test is meant" in one.message for one in found("unknown-type", stated))
