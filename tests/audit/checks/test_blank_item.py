"""blank-item: empty bullets, and relations with `none`."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.audit import Data
from medspan.core import Annotation, Document, Example, Mention

from ..conftest import found
from ..listed_rows import asked, corpus, figures, rebuilt, recased, renamed, sections

TEXT = "None of 12 patients on pemoline (+) improved."


def test_blank_items_and_ends_are_counted_and_placed() -> None:
    data = Data.of(
        {
            "train": [
                asked("a", "chemicals", TEXT, "pemoline", ""),
                asked("b", "diseases", TEXT, "None", "-"),
                asked("c", "influences", TEXT, "pemoline | none", "pemoline | patients", " | "),
            ],
            "test": [asked("d", "influences", TEXT, "pemoline | N/A", "pemoline | patients")],
        }
    )
    train, test = found("blank-item", data)
    assert (train.count, train.of, train.split, train.severity) == (5, 7, "train", "warning")
    assert train.message == (
        "5 of 7 items and relations of train name nothing: 3 of 4 items are blank; "
        "2 of 3 relations have a blank end or `none`"
    )
    assert [(case.place, case.what) for case in train.cases] == [
        ("a", "[chemical] ''"),
        ("b", "[disease] 'None'"),
        ("b", "[disease] '-'"),
        ("c", "'pemoline' --[influences]--> 'none'"),
        ("c", "'' --[influences]--> ''"),
    ]
    assert (test.count, test.of, test.message) == (
        1,
        2,
        "1 of 2 items and relations of test name nothing: 1 of 2 relations have a blank end or `none`",
    )


@pytest.mark.parametrize("string", ["12", "patients", "nonepilepsy", "naN3", "α"])
def test_what_names_something_is_quiet(string: str) -> None:
    rows = [sections("a", f"{TEXT} {string}", ("T", string), relations=[(string, "r", "pemoline")])]
    assert found("blank-item", Data.of({"train": rows})) == []


def test_a_sign_at_its_place_is_a_mention() -> None:
    at = TEXT.index("+")
    mentions = (Mention.at(TEXT, at, at + 1, "Lab_value"), Mention.at(TEXT, 0, 4, "Amount"))
    example = Example(Document("a", TEXT), Annotation(mentions))
    assert found("blank-item", Data.of({"train": [example]})) == []
    blank = Example(Document("b", TEXT), Annotation((Mention.at(TEXT, 4, 5, "Amount"),)))
    assert figures("blank-item", Data.of({"train": [example, blank]})) == {"train": (1, 3)}


def test_the_figures_of_the_task_rows_in_any_order_file_and_case(corpora: Path) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / "splits_20251106")
    expected = {"train": (6, 8511), "validation": (1, 1094), "test": (3, 1009)}
    assert figures("blank-item", data) == expected
    assert "'Pemoline' --[influences]--> 'None'" in [case.what for case in found("blank-item", data)[2].cases]
    assert figures("blank-item", rebuilt(data, renamed, seed=9)) == expected
    assert figures("blank-item", rebuilt(data, recased)) == expected


def test_other_corpora_are_quiet(corpora: Path) -> None:
    for name in ("ade", "combined_2026", "synthetic_2026", "bc5cdr", "maccrobat"):
        assert found("blank-item", corpus(corpora / name)) == []
