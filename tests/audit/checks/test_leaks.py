"""document-leak, identical-row-leak, benchmark-contamination: planted copies, and none where none are."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.audit import Data, Part
from medspan.core import Example
from medspan.read import load_splits
from medspan.text import near_texts

from ..conftest import found, row
from ..listed_rows import corpus

A = row("a", "Aspirin caused fever.", ("Aspirin", "Drug"), ("fever", "Sign"))
B = row("b", "Lithium caused tremor.", ("Lithium", "Drug"))
C = row("c", "Nothing happened.", group="77")


def text_changed(example: Example, text: str) -> Example:
    return replace(example, document=replace(example.document, text=text), reference=None)


def test_a_document_is_told_by_text_or_group() -> None:
    other_case = text_changed(A, "ASPIRIN  caused\nfever.")
    same_group = row("d", "Another sentence.", group="77")
    data = Data.of(
        {"train": [B, other_case, same_group], "validation": [], "test": [A, B, C, row("e", "New.")]}
    )
    (finding,) = found("document-leak", data)
    assert (finding.count, finding.of, finding.split, finding.against) == (3, 4, "test", "train")
    assert [case.place for case in finding.cases] == ["a", "b", "c"]
    assert [case.other_place for case in finding.cases] == ["a", "b", "d"]
    assert "75.0%" in finding.message
    (copy,) = found("identical-row-leak", data)
    assert (copy.count, copy.of, [case.place for case in copy.cases]) == (1, 4, ["b"])


def test_the_same_text_under_another_task_leaks_and_is_no_identical_row() -> None:
    one, other = (
        row("a", "Aspirin.", ("Aspirin", "chemical"), task=task) for task in ("chemicals", "influences")
    )
    data = Data.of({"train": [one], "test": [other]})
    (finding,) = found("document-leak", data)
    assert "under the task chemicals" in finding.examples[0]
    assert found("identical-row-leak", data) == []
    (again,) = found("identical-row-leak", Data.of({"train": [one], "test": [one]}))
    assert again.count == 1


def test_splits_without_common_documents_are_quiet() -> None:
    data = Data.of({"train": [A], "validation": [B], "test": [C]})
    for check in ("document-leak", "identical-row-leak", "benchmark-contamination"):
        assert found(check, data) == []
    # Several documents without a group share none.
    assert found("document-leak", Data.of({"train": [A, B], "test": [row("x", "Else.")]})) == []


@settings(max_examples=60)
@given(st.lists(st.integers(0, 30), max_size=20), st.lists(st.integers(0, 30), min_size=1, max_size=20))
def test_leaks_are_the_texts_in_common(train: list[int], test: list[int]) -> None:
    def rows(numbers: list[int]) -> list[Example]:
        return [row(f"{at}", f"Text number {n}.") for at, n in enumerate(numbers)]

    data = Data.of({"train": rows(train), "test": rows(test)})
    expected = sum(n in train for n in test)
    for check in ("document-leak", "identical-row-leak"):
        assert [(one.count, one.of) for one in found(check, data)] == (
            [(expected, len(test))] if expected else []
        )


def test_a_named_test_set_is_found_by_group_text_and_near_text() -> None:
    long = "One two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen."
    benchmark = Part.of("BENCH", [C, text_changed(B, B.document.text.upper()), row("n", long)])
    near = row("near", long.replace("sixteen", "sixty"))
    train = [A, B, near, row("g", "A sentence of the same article.", group="77")]
    data = Data.of({"train": train, "test": [A]}, benchmarks={"BENCH": benchmark})
    (finding,) = found("benchmark-contamination", data)
    assert (finding.count, finding.of, finding.split, finding.against) == (3, 4, "train", "BENCH")
    assert [(case.place, case.other_place) for case in finding.cases] == [
        ("b", "b"),
        ("near", "n"),
        ("g", "c"),
    ]
    clean = Data.of({"train": [A]}, benchmarks={"BENCH": benchmark})
    assert found("benchmark-contamination", clean) == []


def test_of_a_test_set_the_nearest_document_is_shown() -> None:
    words = [f"w{at}" for at in range(60)]
    benchmark = Part.of("BENCH", [row(str(n), " ".join(words[:n])) for n in (56, 59, 57)])
    data = Data.of({"train": [row("a", " ".join(words))]}, benchmarks={"BENCH": benchmark})
    (finding,) = found("benchmark-contamination", data)
    assert [case.other_place for case in finding.cases] == ["59"]


def test_a_test_set_of_one_template_is_not_compared_row_by_row(monkeypatch: pytest.MonkeyPatch) -> None:
    template, count = " ".join(f"w{at}" for at in range(100)), 2000
    rows = [row(str(n), f"{template} patient {n}") for n in range(count)]
    compared = 0
    similarities_of = near_texts._similarities

    def similarities(sets, one, other, threshold):  # type: ignore[no-untyped-def]
        nonlocal compared
        compared += len(one)
        return similarities_of(sets, one, other, threshold)

    monkeypatch.setattr(near_texts, "_similarities", similarities)
    half = count // 2
    data = Data.of({"train": rows[:half]}, benchmarks={"BENCH": Part.of("BENCH", rows[half:])})
    (finding,) = found("benchmark-contamination", data)
    assert (finding.count, finding.of) == (half, half)
    # Of 1,999,000 pairs.
    assert compared < 50 * count


FOLDERS = {
    # (document-leak, identical-row-leak) of test against train, validation against train, then
    # validation against test
    "splits_unshuffled": ((300, 0), (300, 0), (0, 0)),
    "splits_20251106": ((296, 239), (286, 0), (91, 29)),
    "splits_20251108": ((288, 0), (294, 0), (50, 0)),
    "splits_20251111": ((294, 0), (294, 0), (59, 0)),
    "splits_cleaned_20251113": ((290, 0), (286, 0), (58, 0)),
}


@pytest.mark.parametrize("folder", FOLDERS)
@pytest.mark.parametrize("changed", [False, True], ids=["as published", "shuffled and in capitals"])
def test_leaks_of_the_task_rows(corpora: Path, folder: str, changed: bool) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / folder)
    if changed:
        parts = {part.name: [one.example for one in part.rows] for part in data.parts}
        for number, rows in enumerate(parts.values()):
            random.Random(number).shuffle(rows)
        parts["test"] = [_in_capitals(example) for example in parts["test"]]
        data = Data.of(parts)
    leaks = [found(check, data) for check in ("document-leak", "identical-row-leak")]
    for (split, against), expected in zip(
        (("test", "train"), ("validation", "train"), ("validation", "test")), FOLDERS[folder], strict=True
    ):
        counts = tuple(
            sum(one.count for one in findings if (one.split, one.against) == (split, against))
            for findings in leaks
        )
        assert counts == expected, (split, against)


def _in_capitals(example: Example) -> Example:
    document = example.document
    metadata = {key: value.upper() for key, value in document.metadata.items()}
    return Example(replace(document, text=document.text.upper(), metadata=metadata), source=example.source)


def test_bc5cdr_and_biored_share_abstracts(corpora: Path) -> None:
    train = load_splits(corpora / "bc5cdr" / "CDR_TrainingSet.PubTator.txt")
    assert found("document-leak", Data.of(train)) == []
    biored = Part.of(
        "BioRED", [e for c in load_splits(corpora / "biored", format="pubtator").values() for e in c]
    )
    (finding,) = found("benchmark-contamination", Data.of(train, benchmarks={"BioRED": biored}))
    shared = {e.document.group for c in train.values() for e in c} & {one.group for one in biored.rows}
    assert finding.count == len(shared) > 0
