"""illegal-relation-types: relations between types that their relation type does not join."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.core import Annotation, Concept, Document, Example, Mention, Relation, RelationType, Schema

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, renamed, sections

TEXT = "Lithium caused tremor; aspirin a rash."
NAMED = (("Lithium", "Drug"), ("tremor", "Symptom"), ("aspirin", "Drug"), ("rash", "Symptom"))
SCHEMA = Schema(
    ("Drug", "Symptom"),
    (
        RelationType("causes", (("Drug", "Symptom"),)),
        RelationType("interacts", (("Drug", "Drug"),)),
        RelationType("goes_with", (("Drug", "Symptom"),), symmetric=True),
        RelationType("near"),
    ),
)


def test_the_schema_says_what_a_type_joins() -> None:
    example = row(
        "a",
        TEXT,
        *NAMED,
        relations=[
            ("Lithium", "causes", "tremor"),
            ("rash", "causes", "aspirin"),
            ("tremor", "causes", "rash"),
            ("Lithium", "interacts", "aspirin"),
            ("rash", "goes_with", "aspirin"),
            ("tremor", "near", "rash"),
            ("tremor", "unheard_of", "rash"),
        ],
    )
    (finding,) = found("illegal-relation-types", Data.of({"train": [example]}, stated_schema=SCHEMA))
    assert (finding.count, finding.of, finding.split, finding.severity) == (2, 6, "train", "error")
    assert finding.message == (
        "2 of 6 relations of train join types that the schema does not allow for them: causes of Symptom and "
        "Drug (1), causes of Symptom and Symptom (1); 1 would be usual with head and tail swapped"
    )
    first, second = finding.cases
    assert (first.place, first.what) == ("a", "rash (Symptom) --[causes]--> aspirin (Drug)")
    assert [TEXT[start:end] for start, end in first.marks] == ["aspirin", "rash"]
    assert second.what == "tremor (Symptom) --[causes]--> rash (Symptom)"


def test_a_string_under_two_types_may_be_either() -> None:
    example = sections(
        "a",
        TEXT,
        ("Symptom", "Lithium"),
        ("Drug", "lithium"),
        ("Symptom", "tremor"),
        relations=[("Lithium", "causes", "tremor"), ("fever", "causes", "tremor")],
    )
    assert found("illegal-relation-types", Data.of({"train": [example]}, stated_schema=SCHEMA)) == []


def test_concepts_have_the_types_of_their_mentions() -> None:
    mentions = (
        Mention.at(TEXT, 0, 7, "Drug", concepts=("MESH:D1",)),
        Mention.at(TEXT, 15, 21, "Symptom", concepts=("D2",)),
    )
    backwards = Relation(Concept("D2"), Concept("D1"), "causes")
    unresolved = Relation(Concept("D3"), Concept("D1"), "causes")
    example = Example(Document("a", TEXT), Annotation(mentions, (), (backwards, unresolved)))
    data = Data.of({"train": [example]}, stated_schema=SCHEMA)
    assert figures("illegal-relation-types", data) == {"train": (1, 1)}


def many(legal: int, *odd: tuple[str, str]) -> list[Example]:
    usual = [row(f"u{n}", TEXT, *NAMED, relations=[("Lithium", "causes", "tremor")]) for n in range(legal)]
    return usual + [
        row(f"o{n}", TEXT, *NAMED, relations=[(ends[0], "causes", ends[1])]) for n, ends in enumerate(odd)
    ]


def test_exceptions_are_told_without_a_schema() -> None:
    train, test = many(660, ("rash", "aspirin")), many(5)
    (finding,) = found("illegal-relation-types", Data.of({"train": train, "test": test}))
    assert (finding.count, finding.of, finding.split, finding.severity) == (1, 661, "train", "info")
    assert (
        "less than 1% of all cases: causes of Symptom and Drug (1); 1 would be usual with" in finding.message
    )
    assert [case.what for case in finding.cases] == ["rash (Symptom) --[causes]--> aspirin (Drug)"]


def test_too_few_relations_prove_no_exception() -> None:
    # The binomial bound: one of 662 is surely below 1%, one of 661 is not.
    assert found("illegal-relation-types", Data.of({"train": many(660, ("rash", "aspirin"))})) == []
    assert figures("illegal-relation-types", Data.of({"train": many(661, ("rash", "aspirin"))})) == {
        "train": (1, 662)
    }
    assert found("illegal-relation-types", Data.of({"train": many(3, ("rash", "aspirin"))})) == []


def test_a_type_with_many_rare_pairs_joins_anything() -> None:
    kinds = [
        row(
            f"k{n}",
            "Old things and new.",
            ("Old", f"T{n}"),
            ("new", "X"),
            relations=[("Old", "causes", "new")],
        )
        for n in range(60)
    ]
    assert found("illegal-relation-types", Data.of({"train": [*many(3000), *kinds]})) == []
    assert figures("illegal-relation-types", Data.of({"train": [*many(3000), *kinds[:10]]})) == {
        "train": (10, 3010)
    }


def test_endpoints_of_unknown_type_are_not_judged() -> None:
    rows = [asked(str(n), "influences", f"Text {n}: {TEXT}", "lithium | tremor") for n in range(700)]
    odd = sections("s", TEXT, relations=[("lithium", "influences", "tremor")])
    assert found("illegal-relation-types", Data.of({"train": [*rows, odd]})) == []


@pytest.mark.parametrize("name", ["bc5cdr", "maccrobat", "ade", "synthetic_2026"])
def test_corpora_that_keep_their_pairs_are_quiet(corpora: Path, name: str) -> None:
    assert found("illegal-relation-types", corpus(corpora / name)) == []


def test_drugs_that_cause_drugs_in_combined_2026(corpora: Path) -> None:
    data = corpus(corpora / "combined_2026")
    for shown in (data, rebuilt(data, renamed, seed=1)):
        assert figures("illegal-relation-types", shown) == {"train": (53, 8750), "validation": (6, 3170)}
        assert all("causes of Drug and Drug" in one.message for one in found("illegal-relation-types", shown))
