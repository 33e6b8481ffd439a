"""duplicate-item: items and relations that a row lists again."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Annotation, Concept, Document, Example, Mention, Relation

from ..conftest import found
from ..listed_rows import asked, corpus, figures, rebuilt, recased, renamed, sections

TEXT = "Lithium, lithium and aspirin caused tremor."


def test_copies_are_counted_placed_and_told() -> None:
    faulty = sections(
        "a",
        TEXT,
        ("Drug", "Lithium"),
        ("Drug", "lithium"),
        ("Drug", "aspirin"),
        ("Drug", "aspirin"),
        ("Drug", "aspirin"),
        ("Allergen", "aspirin"),
        relations=[
            ("Lithium", "causes", "tremor"),
            ("lithium", "causes", "tremor"),
            ("lithium", "treats", "tremor"),
            ("tremor", "causes", "lithium"),
        ],
    )
    again_elsewhere = sections("b", TEXT, ("Drug", "Lithium"), relations=[("Lithium", "causes", "tremor")])
    (finding,) = found("duplicate-item", Data.of({"train": [again_elsewhere], "test": [faulty]}))
    assert (finding.count, finding.of, finding.split, finding.severity) == (4, 10, "test", "warning")
    assert finding.message.startswith(
        "4 of 10 items and relations of test repeat an earlier one of their row: "
        "3 of 6 items (50.0%) and 1 of 4 relations (25.0%)"
    )
    assert "2 of them in another letter case" in finding.message
    assert [(case.place, case.what) for case in finding.cases] == [
        ("a", "[Drug] lithium repeats [Drug] Lithium"),
        ("a", "[Drug] aspirin is listed twice"),
        ("a", "[Drug] aspirin is listed twice"),
        ("a", "lithium --[causes]--> tremor repeats Lithium --[causes]--> tremor"),
    ]
    assert finding.cases[0].marks == ((9, 16),)
    assert "--fix" in finding.remedy


def test_a_list_in_a_row_of_its_own_counts_like_one_in_the_same_row() -> None:
    lists = [asked("a", "chemicals", TEXT, "Lithium", "lithium"), asked("b", "diseases", TEXT, "tremor")]
    relations = asked("c", "influences", TEXT, "Lithium | tremor", "lithium | tremor")
    (finding,) = found("duplicate-item", Data.of({"train": [*lists, relations]}))
    assert (finding.count, finding.severity) == (2, "info")
    (alone,) = found("duplicate-item", Data.of({"train": [relations]}))
    assert (alone.count, alone.severity) == (1, "warning")


def test_other_forms_that_the_text_has_are_worth_knowing_only() -> None:
    def severity(*items: str, end: str = "Lithium") -> str:
        relations = [("Lithium", "causes", "tremor"), (end, "causes", "tremor")][: 2 if end else 0]
        entities = [("Drug", string) for string in items]
        example = sections("a", TEXT, *entities, ("S", "tremor"), relations=relations)
        (finding,) = found("duplicate-item", Data.of({"train": [example]}))
        return finding.severity

    assert severity("Lithium", "lithium", end="") == "info"
    assert severity("Lithium", "lithium", end="lithium") == "info"
    assert severity("Lithium", "Lithium", end="") == "warning"
    assert severity("Lithium", "LITHIUM", end="") == "warning"
    assert severity("Lithium", end="lithium") == "warning"
    assert severity("Lithium", "lithium") == "warning"


def test_blank_items_are_no_copies_of_each_other() -> None:
    rows = [
        sections("a", TEXT, ("Drug", ""), ("Drug", ""), relations=[("", "causes", ""), ("", "causes", "")])
    ]
    assert found("duplicate-item", Data.of({"train": rows})) == []


def test_in_corpora_with_offsets_another_place_is_another_mention() -> None:
    first, second = Mention.at(TEXT, 0, 7, "Drug"), Mention.at(TEXT, 9, 16, "Drug")
    tremor = Mention.at(TEXT, 36, 42, "Sign")

    def example(mentions: tuple[Mention, ...], *relations: Relation) -> Example:
        return Example(Document("a", TEXT), Annotation(mentions, (), relations))

    other_type = Mention.at(TEXT, 0, 7, "Allergen")
    apart = example(
        (first, second, tremor, other_type),
        Relation(first, tremor, "causes"),
        Relation(second, tremor, "causes"),
        Relation(Concept("D1"), Concept("D2"), "CID"),
    )
    assert found("duplicate-item", Data.of({"train": [apart]})) == []
    with_id = Mention.at(TEXT, 0, 7, "Drug", concepts=("D1",))
    doubled = example(
        (first, with_id),
        Relation(first, tremor, "causes"),
        Relation(with_id, tremor, "causes"),
        Relation(Concept("D1"), Concept("D2"), "CID"),
        Relation(Concept("MESH:D1"), Concept("D2"), "CID"),
    )
    assert figures("duplicate-item", Data.of({"train": [doubled]})) == {"train": (3, 6)}


ITEMS = st.tuples(st.sampled_from(["Drug", "Sign"]), st.sampled_from(["Lithium", "lithium", "TREMOR", "and"]))


@given(st.lists(ITEMS, max_size=10))
def test_the_count_is_what_is_more_than_once_in_any_order(items: list[tuple[str, str]]) -> None:
    distinct = {(type_, string.lower()) for type_, string in items}
    repeated = len(items) - len(distinct)
    expected = {"train": (repeated, len(items))} if repeated else {}
    assert figures("duplicate-item", Data.of({"train": [sections("a", TEXT, *items)]})) == expected
    turned = sections("a", TEXT, *reversed(items))
    assert figures("duplicate-item", Data.of({"train": [turned]})) == expected


def test_the_figures_of_the_corpora_in_any_order_file_and_case(corpora: Path) -> None:
    expected = {
        "synthetic_2026": {"train": (1087, 28303), "validation": (135, 3502), "test": (130, 3558)},
        "combined_2026": {"train": (875, 22536), "validation": (585, 8558)},
        "chemical_disease_tasks/splits_20251106": {
            "train": (413, 8511),
            "validation": (47, 1094),
            "test": (54, 1009),
        },
    }
    for name, figure in expected.items():
        data = corpus(corpora / name)
        assert figures("duplicate-item", data) == figure
        assert figures("duplicate-item", rebuilt(data, renamed, seed=4)) == figure
        assert figures("duplicate-item", rebuilt(data, recased)) == figure
    (train, _, _) = found("duplicate-item", corpus(corpora / "chemical_disease_tasks" / "splits_20251106"))
    assert "413 of them in another letter case" in train.message


def test_what_is_found_in_official_corpora_is_there(corpora: Path) -> None:
    assert found("duplicate-item", corpus(corpora / "bc5cdr")) == []
    assert found("duplicate-item", corpus(corpora / "biored")) == []
    assert figures("duplicate-item", corpus(corpora / "maccrobat")) == {"maccrobat": (7, 41496)}
    (ade,) = found("duplicate-item", corpus(corpora / "ade"))
    assert (ade.split, ade.count, ade.of, ade.severity) == ("train", 27, 13715, "info")
    assert "27 of them in another letter case" in ade.message
