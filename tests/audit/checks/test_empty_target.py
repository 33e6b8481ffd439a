"""empty-target: rows that say that there is nothing to find."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Annotation, Concept, Document, Example, Relation, UnalignedMention

from ..conftest import found, row
from ..listed_rows import asked, corpus, figures, rebuilt, recased, renamed, sections

TEXT = "Pemoline was given."


def test_empty_rows_are_counted_by_task_and_placed() -> None:
    data = Data.of(
        {
            "train": [
                asked("a", "chemicals", TEXT, "pemoline"),
                asked("b", "diseases", TEXT),
                asked("c", "diseases", TEXT, ""),
                asked("d", "influences", TEXT),
            ],
            "test": [sections("e", TEXT), row("f", TEXT, ("Pemoline", "Drug"))],
        }
    )
    train, test = found("empty-target", data)
    assert (train.count, train.of, train.split, train.severity) == (3, 4, "train", "info")
    assert "3 of 4 rows of train (75.0%) have an empty target: diseases 2, influences 1" in train.message
    assert [case.place for case in train.cases] == ["b", "c", "d"]
    assert (test.count, test.of) == (1, 2)
    assert test.message.endswith("an empty target")


def test_a_split_of_empty_rows_is_an_error() -> None:
    full = [asked("a", "chemicals", TEXT, "pemoline")]
    (finding,) = found("empty-target", Data.of({"train": full, "test": [sections("b", TEXT)] * 2}))
    assert (finding.split, finding.count, finding.of, finding.severity) == ("test", 2, 2, "error")


def test_texts_that_nobody_annotated_are_no_error() -> None:
    data = Data.of({"train": [sections("a", TEXT)], "test": [Example(Document("b", TEXT))]})
    assert [one.severity for one in found("empty-target", data)] == ["info", "info"]


def test_whatever_a_row_says_makes_it_no_empty_one() -> None:
    said = [
        Annotation(unaligned=(UnalignedMention("Drug", "gold", "not-in-text"),)),
        Annotation(unaligned=(UnalignedMention("Drug", " ", "offset-mismatch"),)),
        Annotation(relations=(Relation(Concept("D1"), Concept("D2"), "CID"),)),
        Annotation(unparsed=("???",)),
    ]
    rows = [Example(Document(str(at), TEXT), annotation) for at, annotation in enumerate(said)]
    assert found("empty-target", Data.of({"train": rows})) == []


@given(st.lists(st.booleans(), min_size=1))
def test_as_many_as_are_planted(empty: list[bool]) -> None:
    rows = [sections(str(at), TEXT, *([] if one else [("Drug", "Pemoline")])) for at, one in enumerate(empty)]
    expected = {"train": (sum(empty), len(empty))} if any(empty) else {}
    assert figures("empty-target", Data.of({"train": rows})) == expected


def test_the_figures_of_the_task_rows_in_any_order_file_and_case(corpora: Path) -> None:
    folder = corpora / "chemical_disease_tasks"
    expected = {"train": (3, 2400), "validation": (2, 300), "test": (1, 300)}
    data = corpus(folder / "splits_20251111")
    assert figures("empty-target", data) == expected
    assert figures("empty-target", rebuilt(data, renamed, seed=7)) == expected
    assert figures("empty-target", rebuilt(data, recased)) == expected
    assert figures("empty-target", corpus(folder / "splits_unshuffled")) == {"train": (6, 2400)}


def test_corpora_without_empty_rows_are_quiet(corpora: Path) -> None:
    for name in ("ade", "combined_2026", "synthetic_2026", "bc5cdr", "biored", "maccrobat"):
        assert found("empty-target", corpus(corpora / name)) == []
