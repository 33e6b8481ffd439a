from __future__ import annotations

import random

import pytest

from medspan.core import InputError
from medspan.split import assign

from .conftest import distinct, row, words

HALVES = {"train": 0.5, "test": 0.5}
OLD = {
    "train": [row("old-1", words(0, 30)), row("old-2", words(9000, 9030), group="7")],
    "test": [row("old-3", words(50, 80)), row("old-4", words(9100, 9130), group="8")],
}


def ids(rows: object) -> list[str]:
    return [one.id for one in rows]  # type: ignore[attr-defined]


def test_rows_that_belong_with_a_held_row_join_its_part() -> None:
    new = [
        row("text", words(0, 30).upper()),
        row("group", words(200, 230), group="8"),
        row("near", words(50, 81)),
        row("chain", words(250, 280), group="9"),
        row("link", words(0, 30), group="9"),
    ]
    result = assign(new, shares=HALVES, held=OLD)
    assert ids(result.parts["train"])[:2] == ["old-1", "old-2"]
    assert set(ids(result.parts["train"])[2:]) == {"text", "chain", "link"}
    assert ids(result.parts["test"])[:2] == ["old-3", "old-4"]
    assert set(ids(result.parts["test"])[2:]) == {"group", "near"}
    assert (result.left_out, result.report.leaks) == ((), ())
    assert {one.split for one in result.parts["test"]} == {"test"}


def test_a_row_between_two_parts_is_left_out_and_says_why() -> None:
    bridge = row("bridge", words(0, 30), group="8", file="new.jsonl")
    result = assign([bridge, row("only-test", words(300, 330), group="8")], shares=HALVES, held=OLD)
    assert set(ids(result.parts["test"])) == {"old-3", "old-4", "only-test"}
    assert ids(result.parts["train"]) == ["old-1", "old-2"]
    (left,) = result.left_out
    assert left.reason == (
        "has the same text as old-1 of train and is of the same document group as old-4 of test"
    )
    assert left.to_json() == {
        "file": "new.jsonl",
        "row": 1,
        "id": "bridge",
        "task": None,
        "reason": left.reason,
        "against": [{"part": "train", "place": "old-1"}, {"part": "test", "place": "old-4"}],
        "text": words(0, 30),
    }
    assert result.report.left_out == 1
    assert result.report.examples == 5


def test_of_rows_that_bring_parts_together_only_in_company_as_many_join_as_can() -> None:
    new = [row("a", words(0, 30), group="9"), row("b", words(50, 80), group="9"), row("c", words(0, 31))]
    result = assign(new, shares=HALVES, held=OLD)
    assert ids(result.parts["train"]) == ["old-1", "old-2", "a", "c"]
    assert ids(result.parts["test"]) == ["old-3", "old-4"]
    assert {left.example.id: left.reason for left in result.left_out} == {
        "b": "belongs, by way of other rows, with rows of train and has the same text as old-3 of test",
    }
    assert result.report.leaks == ()


def test_a_row_left_out_brings_nothing_together() -> None:
    bridge = row("bridge", words(0, 30), group="8")
    beside = row("beside", words(0, 29))
    result = assign([bridge, beside], shares=HALVES, held=OLD)
    assert ids(result.parts["train"]) == ["old-1", "old-2", "beside"]
    assert [one.example.id for one in result.left_out] == ["bridge"]


def test_rows_that_belong_with_old_rows_that_leak_are_left_out() -> None:
    old = {"train": [row("a", words(0, 30), group="7")], "test": [row("b", words(100, 130), group="7")]}
    result = assign([row("c", words(0, 31)), *distinct(4, first=10)], shares=HALVES, held=old)
    assert [one.example.id for one in result.left_out] == ["c"]
    assert {part: len(rows) for part, rows in result.parts.items()} == {"train": 3, "test": 3}


def test_a_part_without_a_share_stays_as_it_is() -> None:
    test = [row("t1", words(0, 30), group="7"), row("t2", words(50, 80))]
    new = [
        *distinct(8, first=10),
        row("text", words(50, 80)),
        row("article", words(200, 230), group="7", task="other"),
        row("chain", words(250, 280), group="5"),
        row("link", words(50, 81), group="5"),
    ]
    result = assign(new, shares={"train": 0.75, "validation": 0.25}, held={"test": test})
    assert ids(result.parts["test"]) == ["t1", "t2"]
    assert {part: len(rows) for part, rows in result.parts.items()} == {
        "train": 6,
        "validation": 2,
        "test": 2,
    }
    assert set(ids(one.example for one in result.left_out)) == {"text", "article", "chain", "link"}
    assert result.report.kept == {"test": 2}
    assert {share.part for share in result.report.shares} == {"train", "validation"}
    assert "test 2 (kept as it is)" in result.report.lines()[0]
    assert result.report.to_json()["kept"] == {"test": 2}


def test_leaks_between_held_rows_stay_and_are_said() -> None:
    old = {"train": [row("a", words(0, 30)), row("b", words(100, 130))], "test": [row("c", words(0, 30))]}
    result = assign([*distinct(4, first=10), row("more", words(0, 31))], shares=HALVES, held=old)
    assert ids(result.parts["train"])[:2] == ["a", "b"]
    assert ids(result.parts["test"])[:1] == ["c"]
    assert ids(one.example for one in result.left_out) == ["more"]
    (leak,) = result.report.leaks
    assert (leak.part, leak.against, leak.count, leak.total) == ("test", "train", 1, 3)
    assert [line for line in result.report.lines() if line.startswith("STILL LEAKING: 1 of 3")]
    assert not [line for line in result.report.lines() if line.startswith("As they came")]


def test_what_leaked_before_is_said_and_is_gone() -> None:
    rows = [
        row("a", words(0, 30), split="train"),
        row("b", words(0, 30), split="test"),
        row("c", words(900, 930), split="test"),
        *distinct(8, first=10),
    ]
    report = assign(rows, shares=HALVES).report
    assert [leak.to_json() for leak in report.leaks_before] == [
        {"part": "test", "against": "train", "count": 1, "of": 2}
    ]
    assert report.leaks == ()
    assert any(line.startswith("As they came, 1 of 2 examples of test (50.0%)") for line in report.lines())
    assert assign(distinct(8), shares=HALVES).report.leaks_before == ()


def test_new_rows_even_out_the_shares_around_the_old_ones() -> None:
    old = {"train": distinct(8), "test": distinct(1, first=8)}
    result = assign(distinct(21, first=20), shares={"train": 0.8, "test": 0.2}, held=old)
    assert {part: len(rows) for part, rows in result.parts.items()} == {"train": 24, "test": 6}


def test_the_order_of_new_rows_does_not_matter() -> None:
    new = [*distinct(12, first=10), row("x", words(0, 30)), row("y", words(0, 30), group="8")]
    shuffled = random.Random(3).sample(new, len(new))
    assert assign(new, shares=HALVES, held=OLD) == assign(shuffled, shares=HALVES, held=OLD)


def test_nothing_left_to_cut_is_refused_with_the_numbers() -> None:
    new = [row("x", words(50, 80)), row("y", words(50, 81))]
    with pytest.raises(
        InputError, match=r"2 examples form 0 inseparable groups, for 1 parts, once 2 that leak"
    ):
        assign(new, shares={"train": 1.0}, held={"test": OLD["test"]})
