"""self-relation: what is joined to itself."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Annotation, Concept, Document, Example, Mention, Relation

from ..conftest import found
from ..listed_rows import corpus, figures, rebuilt, recased, renamed, sections

TEXT = "Fever, fever and a cough."


def test_the_same_string_in_any_case_is_counted_and_shown() -> None:
    rows = [
        sections("a", TEXT, relations=[("Fever", "causes", "cough"), ("Fever", "causes", "fever")]),
        sections("b", TEXT, relations=[("cough", "interacts_with", "cough"), ("", "causes", "")]),
    ]
    (finding,) = found("self-relation", Data.of({"train": rows, "test": rows[:0]}))
    assert (finding.count, finding.of, finding.split, finding.severity) == (2, 4, "train", "warning")
    assert "2 of 4 relations of train (50.0%)" in finding.message
    assert [(case.place, case.what) for case in finding.cases] == [
        ("a", "Fever --[causes]--> fever"),
        ("b", "cough --[interacts_with]--> cough"),
    ]
    assert [[TEXT[start:end] for start, end in case.marks] for case in finding.cases] == [
        ["Fever", "fever"],
        ["cough"],
    ]


def test_places_and_concepts_are_told_by_place_and_id() -> None:
    first, second = Mention.at(TEXT, 0, 5, "Sign"), Mention.at(TEXT, 7, 12, "Sign")

    def example(*relations: Relation) -> Example:
        return Example(Document("a", TEXT), Annotation((first, second), (), relations))

    other_type = Mention.at(TEXT, 0, 5, "Event")
    apart = example(
        Relation(first, second, "same_as"),
        Relation(first, other_type, "theme_of"),
        Relation(Concept("D1"), Concept("D2"), "CID"),
    )
    assert found("self-relation", Data.of({"train": [apart]})) == []
    same = example(Relation(first, first, "same_as"), Relation(Concept("MESH:D1"), Concept("D1"), "CID"))
    (finding,) = found("self-relation", Data.of({"train": [apart, same]}))
    assert (finding.count, finding.of) == (2, 5)


WORDS = st.sampled_from(["fever", "Fever", "cough", "COUGH", "and"])


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=8))
def test_pairs_are_counted_as_by_hand(pairs: list[tuple[str, str]]) -> None:
    rows = [sections("a", TEXT, relations=[(head, "r", tail) for head, tail in pairs])]
    selves = sum(head.lower() == tail.lower() for head, tail in pairs)
    expected = {"train": (selves, len(pairs))} if selves else {}
    assert figures("self-relation", Data.of({"train": rows})) == expected


def test_the_figures_of_synthetic_2026_in_any_order_file_and_case(corpora: Path) -> None:
    data = corpus(corpora / "synthetic_2026")
    expected = {"train": (118, 6176), "validation": (11, 754), "test": (11, 806)}
    assert figures("self-relation", data) == expected
    assert figures("self-relation", rebuilt(data, renamed, seed=2)) == expected
    assert figures("self-relation", rebuilt(data, recased)) == expected


def test_the_few_of_biored_are_proteins_with_themselves(corpora: Path) -> None:
    data = corpus(corpora / "biored")
    assert figures("self-relation", data) == {"train": (3, 4178), "validation": (1, 1162)}
    assert [case.what for case in found("self-relation", data)[1].cases] == ["22083 --[Bind]--> 22083"]
    for name in ("ade", "combined_2026", "bc5cdr", "maccrobat"):
        assert found("self-relation", corpus(corpora / name)) == []
