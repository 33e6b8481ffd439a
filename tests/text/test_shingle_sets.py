from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.text import shingle_sets as module
from medspan.text.shingle_sets import BITMAP_BITS, shingle_sets
from medspan.text.similarity import shingles

# Few words, so that runs recur; some that differ where the hash takes another block of eight bytes.
LONG = ["x" * 7, "x" * 8, "x" * 7 + "y", "x" * 9, "x" * 16, "x" * 15 + "y", "x" * 17]
WORDS = ["a", "B", "b", "Straße", "naïve", "İ", "ΣΑΣ", "_", "5-HT", *LONG]
TEXTS = st.lists(st.sampled_from([*WORDS, "", ".", "\x00", "\ud800", "\u00a0"]), max_size=12).map(" ".join)
ANY_TEXTS = st.text(st.characters(codec=None), max_size=40)


def members(text: str, size: int = 5) -> set[int]:
    sets = shingle_sets([text], size)
    return set(sets.values.tolist())


@given(st.lists(st.one_of(TEXTS, ANY_TEXTS), max_size=12), st.integers(1, 6))
def test_hashes_stand_for_the_shingles(texts: list[str], size: int) -> None:
    sets = shingle_sets(texts, size)
    expected = [shingles(text, size) for text in texts]
    assert sets.lengths.tolist() == list(map(len, expected))
    pairs = np.array(list(combinations(range(len(texts)), 2)), dtype=np.int64).reshape(-1, 2)
    shared = sets.shared(pairs[:, 0], pairs[:, 1])
    assert shared.tolist() == [len(expected[one] & expected[other]) for one, other in pairs]


@given(st.lists(TEXTS, max_size=12), st.integers(0, 3))
def test_bitmaps_never_differ_by_more_than_the_sets(texts: list[str], size: int) -> None:
    sets = shingle_sets(texts, size + 1)
    expected = [shingles(text, size + 1) for text in texts]
    for one, other in combinations(range(len(texts)), 2):
        differing = int(np.bitwise_count(sets.bitmaps[one] ^ sets.bitmaps[other]).sum())
        apart = len(expected[one] ^ expected[other])
        assert differing <= apart
        assert differing % 2 == apart % 2


def test_bitmaps_of_long_texts_tell_them_apart() -> None:
    texts = [" ".join(f"{name}{at}" for at in range(100 + number)) for number, name in enumerate("abcdefgh")]
    sets = shingle_sets(texts, 5)
    assert BITMAP_BITS == 256
    for one, other in combinations(range(8), 2):
        differing = int(np.bitwise_count(sets.bitmaps[one] ^ sets.bitmaps[other]).sum())
        # About 200 of 256 bits are turned at random: 101 are expected to differ, give or take 7.
        assert 70 < differing < 130
        assert differing % 2 == (one + other) % 2


def test_neither_order_nor_company_nor_batch_changes_a_hash(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [" ".join(f"w{at * step % 90}" for at in range(60)) for step in range(1, 40)]
    alone = [members(text) for text in texts]
    for characters in (1, 1000, 10**6):
        monkeypatch.setattr(module, "_BATCH_CHARACTERS", characters)
        sets = shingle_sets(texts[::-1], 5)
        found = [set(part.tolist()) for part in np.split(sets.values, sets.starts[1:-1])]
        assert found[::-1] == alone


def test_the_same_words_in_another_order_are_other_shingles() -> None:
    assert len({frozenset(members(text)) for text in ("a b c d e", "e b c d a", "b a c d e", "a b c d")}) == 4


def test_hashes_are_ascending_and_distinct_within_a_text() -> None:
    sets = shingle_sets(["a b c a b c a b c a b c", "", "a a a a a a a a a a"], 3)
    assert sets.lengths.tolist() == [3, 0, 1]
    assert (np.diff(sets.values[:3].astype(object)) > 0).all()


def test_only_keeps_the_sets_asked_for_in_their_order() -> None:
    sets = shingle_sets(["a b c d e f", "", "g h i j k", "l m"], 5)
    some = sets.only(np.array([3, 1, 0]))
    assert some.lengths.tolist() == [1, 0, 2]
    assert set(some.values[1:].tolist()) == members("a b c d e f")


def test_no_texts_and_texts_without_words_are_empty_sets() -> None:
    assert len(shingle_sets([], 5)) == 0
    assert shingle_sets(["", " .\n"], 5).lengths.tolist() == [0, 0]
