from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.core import Example, Finding, Place
from medspan.text import fold
from medspan.text.similarity import jaccard, shingles

from ..conftest import found, row
from ..listed_rows import corpus

CHECK = "near-duplicate-leak"
TASKS = "chemical_disease_tasks"


def words(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last))


def placed(example: Example, file: str, at: int) -> Example:
    return Example(example.document, example.reference, place=Place(file, at))


def test_rows_with_nearly_the_text_of_another_split_are_counted_once_and_shown_side_by_side() -> None:
    train = [
        placed(row("a", words(0, 104), task="t"), "train.jsonl", 1),
        placed(row("b", words(200, 304), group="7"), "train.jsonl", 2),
        placed(row("c", words(0, 99), task="u"), "train.jsonl", 3),
    ]
    test = [
        # 100 runs, of which the last 10 are another's: 90 of 110. The one at row 3 shares 90 of 105.
        placed(row("d", f"{words(0, 94)} {words(500, 510)}".upper(), task="t"), "test.jsonl", 1),
        placed(row("e", words(0, 94) + "!", task="t"), "test.jsonl", 2),
        placed(row("f", words(0, 104) + " "), "test.jsonl", 3),  # the same text: document-leak counts it
        placed(row("g", words(200, 294), group="7"), "test.jsonl", 4),  # the same document
        placed(row("h", words(400, 504)), "test.jsonl", 5),
    ]
    [finding] = found(CHECK, Data.of({"train": train, "test": test}))
    assert (finding.severity, finding.count, finding.of) == ("error", 2, 5)
    assert (finding.split, finding.against) == ("test", "train")
    assert finding.message == (
        "2 of 5 rows of test (40.0%) have nearly the text of a row of train; "
        "with the 2 that have their document there, 4 (80.0%) leak"
    )
    first, second = finding.cases
    assert str(first) == (
        "test.jsonl:1: nearly the text of train.jsonl:3 under the task u: of all runs of five words in the "
        "two 85% stand in both"
    )
    assert (first.text, first.other_text) == (test[0].document.text, train[2].document.text)
    assert (first.place, first.other_place) == ("test.jsonl:1", "train.jsonl:3")
    assert [first.text[start:end] for start, end in first.marks] == [words(500, 510).upper()]
    assert second.what.endswith("94% stand in both")
    assert second.marks == ()


def test_equal_words_with_other_punctuation_are_said_to_be_equal() -> None:
    data = Data.of({"train": [row("a", words(0, 50))], "test": [row("b", words(0, 50).replace(" ", ", "))]})
    [finding] = found(CHECK, data)
    assert finding.message == "1 of 1 rows of test (100.0%) have nearly the text of a row of train"
    assert finding.cases[0].what.endswith("of all runs of five words in the two all stand in both")


def test_similarity_is_rounded_down_and_a_task_named_only_where_it_is_another() -> None:
    data = Data.of(
        {"train": [row("a", words(0, 504), task="t")], "test": [row("b", words(0, 505), task="t")]}
    )
    [finding] = found(CHECK, data)
    assert finding.cases[0].what == (
        "nearly the text of a: of all runs of five words in the two 99% stand in both"
    )


def test_a_pair_at_the_threshold_is_found_and_one_below_is_not() -> None:
    train = [row("a", words(0, 14))]
    assert [
        one.count for one in found(CHECK, Data.of({"train": train, "test": [row("b", words(0, 12))]}))
    ] == [1]
    assert found(CHECK, Data.of({"train": train, "test": [row("b", words(0, 11))]})) == []


def test_splits_with_texts_of_their_own_are_quiet_and_so_is_one_split_alone() -> None:
    boilerplate = words(0, 12)
    texts = [f"{boilerplate} {words(100 * n, 100 * n + 12)}" for n in range(1, 10)]
    rows = [row(f"r{n}", text) for n, text in enumerate([*texts, "", "..."])]
    blank = [row("x", " "), row("y", "?")]
    assert found(CHECK, Data.of({"train": rows[:6], "validation": rows[6:], "test": blank})) == []
    # Near-duplicates within one split are no leak.
    assert found(CHECK, Data.of({"train": [row("a", words(0, 50)), row("b", words(0, 51))]})) == []


TEXTS = st.lists(st.sampled_from(["ache", "Bile", "cyst", "cyst,"]), min_size=4, max_size=9).map(" ".join)
ROWS = st.lists(st.tuples(TEXTS, st.sampled_from([None, None, "1", "2"])), max_size=8)


@given(ROWS, ROWS, st.randoms(use_true_random=False))
def test_the_count_is_what_comparing_all_texts_says_in_any_order(
    train: list[tuple[str, str | None]], test: list[tuple[str, str | None]], random: Random
) -> None:
    expected = set()
    for at, (text, group) in enumerate(test):
        same = any(fold(text) == fold(other) for other, _ in train)
        same = same or (group is not None and any(group == other for _, other in train))
        near = any(jaccard(shingles(text), shingles(other)) >= 0.8 for other, _ in train)
        if near and not same:
            expected.add(f"test{at}")
    rows = {
        name: [row(f"{name}{at}", text, group=group) for at, (text, group) in enumerate(part)]
        for name, part in (("train", train), ("test", test))
    }
    for part in rows.values():
        random.shuffle(part)
    findings = found(CHECK, Data.of(rows))
    assert {case.place for finding in findings for case in finding.cases} == expected
    assert [finding.count for finding in findings] == ([len(expected)] if expected else [])


def counts(findings: list[Finding]) -> dict[tuple[str | None, str | None], tuple[int, int]]:
    return {(finding.split, finding.against): (finding.count, finding.of) for finding in findings}


def recased(example: Example) -> Example:
    document = example.document
    return row(document.id, document.text.swapcase(), group=document.group, task=document.task)


def test_the_rows_that_equality_misses_in_the_cleaned_split(corpora: Path) -> None:
    data = corpus(corpora / TASKS / "splits_cleaned_20251113")
    findings = found(CHECK, data)
    expected = {("validation", "train"): (6, 298), ("test", "train"): (3, 299)}
    assert counts(findings) == expected
    assert findings[1].message.endswith("with the 290 that have their document there, 293 (98.0%) leak")
    shuffled = {
        part.name: [recased(one.example) for one in Random(1).sample(part.rows, len(part))]
        for part in data.parts
    }
    assert counts(found(CHECK, Data.of(shuffled))) == expected


@pytest.mark.parametrize(
    "folder",
    [
        "bc5cdr",
        "biored",
        "ncbi_disease",
        "ade",
        "synthetic_2026",
        "combined_2026",
        f"{TASKS}/splits_20251106",
        f"{TASKS}/splits_20251108",
        f"{TASKS}/splits_20251111",
    ],
)
def test_the_other_corpora_have_none(corpora: Path, folder: str) -> None:
    assert found(CHECK, corpus(corpora / folder)) == []
