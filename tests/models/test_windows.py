"""Windows cover every token once, each as far from an edge as can be."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.models.windows import Window, windows


@given(st.integers(0, 500), st.integers(2, 60), st.data())
def test_windows_cover_each_token_once_with_context(length: int, size: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, size - 1))
    made = windows(length, size, overlap)
    assert [at for window in made for at in range(window.keep_start, window.keep_end)] == list(range(length))
    assert all(window.end - window.start <= size for window in made)
    assert all(w.start <= w.keep_start <= w.keep_end <= w.end for w in made)
    assert all(left.end - right.start >= overlap for left, right in pairwise(made))
    for window in made:
        for at in range(window.keep_start, window.keep_end):
            others = [depth(other, at, length) for other in made if other.start <= at < other.end]
            assert depth(window, at, length) >= max(others) - 1


def depth(window: Window, at: int, length: int) -> int:
    """How far a token is from the nearer edge at which its window cuts the text."""
    left = at - window.start if window.start else length
    right = window.end - 1 - at if window.end < length else length
    return min(left, right)


def test_a_short_text_is_one_window_and_a_bad_overlap_is_refused() -> None:
    assert len(windows(10, 10, 3)) == 1
    with pytest.raises(ValueError, match="overlap of 10"):
        windows(30, 10, 10)
