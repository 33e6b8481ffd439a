"""Rows added, removed, changed and moved: planted, and in any order."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from medspan.evaluate.comparison import DataRows, Row, row_differences


def rows(*ids: str, task: str | None = None, text: str = "text of {}") -> dict[str, Row]:
    """Rows by their hashes, which are `#` and the id."""
    return {f"#{id}": Row(id, task, text.format(id)) for id in ids}


def test_planted_rows_are_named_in_their_part() -> None:
    known = rows("a", "b", "c", "d", "e", "f", "g")
    edited = {"#b2": Row("b", None, "text of b"), "#c2": Row("other id", None, "text of c")}
    before = DataRows({"train": ["#a", "#b", "#c", "#d", "#e"], "test": ["#f"]}, known)
    after = DataRows({"train": ["#c2", "#a", "#b2", "#g"], "test": ["#f", "#e"]}, known | edited)
    found = row_differences(before, after)
    train, test = found["train"], found["test"]
    assert (train.rows, train.same) == ((5, 4), 1)
    assert (train.removed.count, train.removed.examples) == (1, ("d",))
    assert (train.added.count, train.added.examples) == (1, ("g",))
    assert (train.changed.count, train.changed.examples) == (2, ("b", "c"))
    assert train.moved == {}
    assert (test.rows, test.same, test.removed.count, test.added.count) == ((1, 2), 1, 0, 0)
    assert test.moved["train"].to_json() == {"count": 1, "examples": ["e"]}
    assert not test.identical
    assert train.unread == test.unread == 0


def test_hashes_alone_tell_removed_and_added_rows() -> None:
    found = row_differences(DataRows({"train": ["#a", "#b"]}), DataRows({"train": ["#a", "#b2"]}))["train"]
    assert (found.removed.examples, found.added.examples, found.changed.count) == (("#b",), ("#b2",), 0)
    assert found.unread == 2


def test_the_same_document_under_another_task_is_another_row() -> None:
    before = DataRows({"train": ["#1"]}, {"#1": Row("a", "drugs", "text")})
    after = DataRows({"train": ["#2"]}, {"#2": Row("a", "diseases", "text")})
    found = row_differences(before, after)["train"]
    assert (found.changed.count, found.removed.examples, found.added.examples) == (
        0,
        ("a (drugs)",),
        ("a (diseases)",),
    )


def test_repeats_are_counted_and_order_is_told() -> None:
    found = row_differences(DataRows({"train": ["#a", "#a", "#b"]}), DataRows({"train": ["#a", "#b", "#b"]}))[
        "train"
    ]
    assert (found.same, found.removed.count, found.added.count) == (2, 1, 1)
    turned = row_differences(DataRows({"train": ["#a", "#b"]}), DataRows({"train": ["#b", "#a"]}))["train"]
    assert turned.identical
    assert turned.reordered


def test_a_part_that_one_run_lacks() -> None:
    found = row_differences(DataRows({"train": ["#a"]}), DataRows({"train": ["#a"], "test": ["#b"]}))
    assert found["test"].rows == (None, 1)
    assert (found["test"].added.count, found["train"].identical) == (1, True)


hashes = st.lists(st.sampled_from("abcdef"), max_size=12)


@given(
    st.dictionaries(st.sampled_from(["train", "test"]), hashes),
    st.dictionaries(st.sampled_from(["train", "test"]), hashes),
    st.booleans(),
)
def test_every_row_is_counted_once(
    before: dict[str, list[str]], after: dict[str, list[str]], named: bool
) -> None:
    # Two hashes stand for one document each, so that rows can change.
    known = {one: Row(str("abcdef".index(one) // 2), None, one) for one in "abcdef"} if named else {}
    found = row_differences(DataRows(before, known), DataRows(after, known))
    left: Counter[str] = Counter()
    for one in found.values():
        left.update({other: tally.count for other, tally in one.moved.items()})
    for part, one in found.items():
        assert one.same + one.removed.count + one.changed.count + left[part] == len(before.get(part, ()))
        came = sum(tally.count for tally in one.moved.values())
        assert one.same + one.added.count + one.changed.count + came == len(after.get(part, ()))
        assert len(one.removed.examples) <= 5
    same = {part: Counter(rows) for part, rows in before.items() if rows} == {
        part: Counter(rows) for part, rows in after.items() if rows
    }
    assert all(one.identical for one in found.values()) == same
