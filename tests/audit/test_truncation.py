"""Texts that were cut off."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit.truncation import FEWEST_WORDS, beginning, broken_off, crowd, pile_up, wholes_of

words = st.lists(st.sampled_from(["a", "bb", "c", "dd", "e", "f", "g", "hh"]), min_size=0, max_size=14)
texts = words.map(" ".join)


def is_piece(text: str, original: str) -> bool:
    return text != original and text in original


@given(st.lists(texts, max_size=6), st.lists(texts, max_size=6))
def test_beginnings_and_whole_words_of_an_original_are_found(some: list[str], originals: list[str]) -> None:
    found = wholes_of(some, originals)
    for text, original in found.items():
        assert is_piece(text, original)
        assert text not in originals
        assert len(text.split()) >= FEWEST_WORDS
    for text in set(some) - set(originals) - set(found):
        within = [original for original in originals if f" {text} " in f" {original} "]
        assert len(text.split()) < FEWEST_WORDS or not within


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_piece_may_begin_and_end_within_a_word(start: int, end: int) -> None:
    original = "aspirin reduced the pain of most patients after two hours at the hospital of the town"
    piece = original[start : max(start, len(original) - end)].strip()
    found = wholes_of([piece], ["something else altogether", original])
    if len(piece.split()) >= FEWEST_WORDS and piece != original:
        assert found == {piece: original}
    else:
        assert found == {}


def test_a_text_that_breaks_off_holds_most_of_the_other() -> None:
    text = "aspirin reduced the pain of most patients"
    longer, longest = f"{text} after two hours", f"{text} after two hours at the hospital of the town"
    assert broken_off([longest, text, longer]) == {text: longer, longer: longest}
    title = "aspirin for pain: a case report"
    assert broken_off([title, f"{title}. {longest}"]) == {}
    assert broken_off(["aspirin helps", "aspirin helps some"]) == {}
    assert broken_off([text, text]) == {}


@given(st.lists(texts, max_size=8))
def test_what_breaks_off_begins_as_what_goes_on(some: list[str]) -> None:
    expected = {}
    for text in set(some):
        longer = [other for other in some if other != text and other.startswith(text)]
        nearest = min(longer, key=lambda other: (len(other), other), default="")
        if len(text.split()) >= FEWEST_WORDS and 2 * len(text) >= len(nearest) > 0:
            expected[text] = nearest
    assert broken_off(some) == expected
    for text, other in expected.items():
        assert beginning(text) == beginning(other)


def test_of_a_crowd_it_is_told_who_makes_it() -> None:
    shown = lengths(1, 1800)
    pile = pile_up(shown)
    assert pile is not None
    cut = {key: length for key, length in shown.items() if length > 1650}
    assert crowd(cut, pile)
    assert crowd(shown, pile)
    assert not crowd({key: length for key, length in shown.items() if key not in cut}, pile)
    assert not crowd({}, pile)


def lengths(seed: int, limit: int | None) -> dict[bytes, int]:
    chance = random.Random(seed)
    drawn = [int(chance.gauss(1500, 450)) for _ in range(1000)]
    shown = [max(100, length) for length in drawn]
    cut = [length if limit is None or length <= limit else limit - chance.randrange(150) for length in shown]
    return {number.to_bytes(2, "big"): length for number, length in enumerate(cut)}


def test_lengths_that_were_cut_crowd_below_the_limit() -> None:
    for seed in range(10):
        shown = lengths(seed, 1800)
        crowd = pile_up(shown)
        assert crowd is not None
        assert crowd.longest == max(shown.values()) <= 1800
        assert crowd.near == sum(length > crowd.least for length in shown.values()) > crowd.before


def test_lengths_that_thin_out_or_hardly_differ_do_not() -> None:
    for seed in range(20):
        assert pile_up(lengths(seed, None)) is None
    assert pile_up({bytes([number]): 300 + number % 7 for number in range(250)}) is None
    assert pile_up({}) is None
