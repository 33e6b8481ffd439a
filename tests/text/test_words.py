"""Where words begin and end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.text import fold, is_word_aligned, word_chunks


def test_chunks_are_words_and_single_other_characters() -> None:
    assert word_chunks("5-HT2A, \u03b2_x\n ") == ["5", "-", "HT2A", ",", " ", "\u03b2_x", "\n", " "]
    assert word_chunks("") == []


@pytest.mark.parametrize(
    ("start", "end", "aligned"),
    [(0, 3, True), (0, 2, False), (1, 3, False), (4, 7, False), (4, 9, True), (3, 4, True), (0, 11, True)],
)
def test_word_boundaries(start: int, end: int, aligned: bool) -> None:
    assert is_word_aligned("abc-def_\u03b2 x", start, end) is aligned


@given(st.text(max_size=40))
def test_chunks_join_to_the_text_and_end_on_word_boundaries(text: str) -> None:
    chunks = word_chunks(text)
    assert "".join(chunks) == text
    at = 0
    for chunk in chunks:
        assert is_word_aligned(text, at, at + len(chunk))
        at += len(chunk)


def test_fold_lowers_and_folds_white_space() -> None:
    assert fold("  Renal\n\tFAILURE ") == "renal failure"
