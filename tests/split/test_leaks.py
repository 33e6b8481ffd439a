from __future__ import annotations

from medspan.split.groups import Links
from medspan.split.leaks import Leak, Reach, leaks_between

from .conftest import distinct, row, words


def test_rows_of_a_part_that_belong_with_another_are_counted_by_pair() -> None:
    rows = [
        row("a", words(0, 30), group="7"),
        row("b", words(100, 130)),
        row("c", words(200, 230), group="7"),
        row("d", words(100, 130).title()),
        row("e", words(100, 131)),
        row("f", words(900, 930)),
    ]
    parts = ["train", "train", "test", "test", "validation", "test"]
    assert leaks_between(Links(rows), parts) == (
        Leak("validation", "train", 1, 1),
        Leak("test", "train", 2, 3),
        Leak("test", "validation", 1, 3),
    )
    assert leaks_between(Links(rows), ["train", None, "test", "test", None, "test"]) == (
        Leak("test", "train", 1, 3),
    )


def test_what_is_near_by_way_of_a_third_row_is_no_leak_itself() -> None:
    rows = [row("a", words(0, 20)), row("b", words(0, 24)), row("c", words(0, 28))]
    assert leaks_between(Links(rows), ["train", None, "test"]) == ()
    assert leaks_between(Links(rows), ["train", "test", "test"]) == (Leak("test", "train", 1, 2),)


def test_nothing_leaks_where_nothing_is_shared() -> None:
    rows = distinct(4)
    assert leaks_between(Links(rows), ["train", "train", "test", "other"]) == ()


def test_the_plainest_reason_is_told() -> None:
    rows = [
        row("a", words(0, 30), group="7"),
        row("b", words(0, 30), group="7"),
        row("c", words(0, 30), group="8"),
        row("d", words(0, 31)),
        row("e", words(500, 530)),
    ]
    reach = Reach(Links(rows), [0])
    assert [reach(at) for at in range(1, 5)] == [("group", 0), ("text", 0), ("near-duplicate", 0), None]
