"""Ids are counted the same in memory and beyond it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.read import identity
from medspan.read.identity import Occurrences


@given(st.lists(st.text(max_size=3)), st.integers(0, 4))
def test_counts_are_those_of_a_list(names: list[str], limit: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(identity, "IN_MEMORY", limit)
        seen = Occurrences()
        for place, name in enumerate(names):
            assert seen.count(name) == names[: place + 1].count(name)


def test_the_second_of_a_name_gets_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(identity, "IN_MEMORY", 1)
    seen = Occurrences()
    assert [seen.unique(name) for name in ("a", "b", "a", "\ud800", "a")] == [
        "a",
        "b",
        "a#2",
        "\ud800",
        "a#3",
    ]


@given(st.lists(st.sampled_from(["a", "a#2", "a#3", "a#2#2", "b"]), max_size=12))
def test_no_id_is_given_twice(names: list[str]) -> None:
    seen = Occurrences()
    given_ids = [seen.unique(name) for name in names]
    assert len(set(given_ids)) == len(given_ids)
    assert all(one.startswith(name) for one, name in zip(given_ids, names, strict=True))
