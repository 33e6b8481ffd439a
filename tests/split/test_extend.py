from __future__ import annotations

from dataclasses import replace

from medspan.core import Example
from medspan.split import match

from .conftest import row


def held(old: dict[str, list[Example]], rows: list[Example], *closed: str) -> dict[str, list[str]]:
    return {part: [one.id for one in its] for part, its in match(old, rows, closed).held.items()}


def test_rows_of_the_corpus_take_the_places_of_the_old_ones() -> None:
    old = {"train": [row("a", "One text."), row("b", "Two texts.")], "test": [row("c", "Three texts.")]}
    rows = [row("C", "three  texts."), row("A", "One text."), row("new", "Four texts.", split="train")]
    extension = match(old, rows)
    assert held(old, rows) == {"train": ["A", "b"], "test": ["C"]}
    assert [(one.id, one.split) for one in extension.new] == [("new", None)]
    assert {one.split for one in extension.held["test"]} == {"test"}
    assert extension.to_json() == {
        "old": {"train": 2, "test": 1},
        "new": 1,
        "changed": {"train": 0, "test": 1},
        "only_old": {"train": 1, "test": 0},
    }


def test_other_annotations_count_as_changed_and_are_taken_except_in_closed_parts() -> None:
    old = {"train": [row("a", "Lithium helps.")], "test": [row("b", "Aspirin helps.")]}
    rows = [row("A", "Lithium helps.", "Lithium"), row("B", "Aspirin helps.", "Aspirin")]
    extension = match(old, rows, closed=["test"])
    assert held(old, rows, "test") == {"train": ["A"], "test": ["b"]}
    assert dict(extension.changed) == {"train": 1, "test": 1}
    assert (extension.new, dict(extension.only_old)) == ((), {"train": 0, "test": 0})


def test_task_and_document_group_tell_rows_of_one_text_apart() -> None:
    old = {"train": [row("a", "None.", group="1", task="chemicals")], "test": []}
    others = [row("b", "None.", group="2", task="chemicals"), row("c", "None.", group="1", task="diseases")]
    assert held(old, others) == {"train": ["a"], "test": []}
    assert {one.id for one in match(old, others).new} == {"b", "c"}
    assert held(old, [row("d", "None.", task="chemicals")]) == {"train": ["d"], "test": []}


def test_copies_are_matched_one_to_one_equal_annotations_first() -> None:
    bare, marked = row("bare", "Aspirin helps."), row("marked", "Aspirin helps.", "Aspirin")
    old = {"train": [bare, marked], "test": []}
    now = [replace(marked, split=None), row("third", "Aspirin helps.")]
    for rows in (now, now[::-1]):
        assert held(old, rows) == {"train": ["third", "marked"], "test": []}
    more = [*now, row("fourth", "Aspirin helps.")]
    extension = match(old, more)
    assert len(extension.new) == 1
    assert dict(extension.only_old) == {"train": 0, "test": 0}


def test_an_equal_row_is_matched_before_one_with_other_annotations() -> None:
    bare, marked = row("bare", "Aspirin helps."), row("marked", "Aspirin helps.", "Aspirin")
    for old in ({"train": [bare], "test": [marked]}, {"train": [marked], "test": [bare]}):
        extension = match(old, [row("b", "Aspirin helps."), row("m", "Aspirin helps.", "Aspirin")])
        assert dict(extension.changed) == {"train": 0, "test": 0}


def test_one_row_for_two_old_places_takes_that_of_test() -> None:
    old = {"train": [row("a", "One text.")], "test": [row("b", "One text.")]}
    assert held(old, [row("now", "One text.")]) == {"train": ["a"], "test": ["now"]}
