"""Where a string stands in a text, and how it was found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.text import Alignment, align, is_word_aligned, occurrences

LETTERS = st.text("abAB -.", max_size=25)
STRINGS = st.text("abAB -.", min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("text", "string", "found"),
    [
        ("given clonidine today", "clonidine", Alignment(6, 15, "exact")),
        ("given clonidine today", " clonidine ", Alignment(6, 15, "exact")),
        ("given clonidine today", "Clonidine", Alignment(6, 15, "case")),
        ("100 mg alpha-methyldopa was", "alpha methyldopa", Alignment(7, 23, "hyphen")),
        ("100 mg alpha methyldopa was", "alpha-methyldopa", Alignment(7, 23, "hyphen")),
        ("100 mg alphamethyldopa was", "Alpha-Methyldopa", Alignment(7, 22, "hyphen")),
        ("100 mg alpha\u2013methyldopa was", "alpha-methyldopa", Alignment(7, 23, "hyphen")),
        ("caused by naloxone, then", "nalozone", None),
        ("caused by naloxone, then", "naloxones", Alignment(10, 18, "fuzzy")),
        ("severe gastrointestinal bleeding.", "gastrointestinal bleding", Alignment(7, 32, "fuzzy")),
        ("treated (diethylstilbestrol) for years", "diethylstilboestrol", Alignment(9, 27, "fuzzy")),
        ("treated with stilboestrol for years", "diethylstilbestrol", None),
        ("angiosarcoma of the liver", "metformin", None),
        ("anything", "", None),
        ("anything", "  ", None),
        ("", "anything", None),
    ],
)
def test_string_is_found_and_says_how(text: str, string: str, found: Alignment | None) -> None:
    assert align(text, string) == found


def test_one_letter_in_eight_is_below_the_threshold_and_a_lower_one_takes_it() -> None:
    assert align("by naloxone", "nalozone", threshold=85) == Alignment(3, 11, "fuzzy")


def test_place_on_word_boundaries_goes_before_one_within_a_word() -> None:
    assert align("anemia with no NO", "no") == Alignment(12, 14, "exact")
    assert align("nose and No", "no") == Alignment(9, 11, "case")
    assert align("alphabeta alpha-beta", "lpha") == Alignment(1, 5, "exact")


def test_string_that_stands_only_within_words_is_found_there() -> None:
    assert align("the antihypertensive effect", "hypertensive") == Alignment(8, 20, "exact")


def test_hyphen_kind_goes_before_a_verbatim_place_within_a_word() -> None:
    assert align("xCa2 and Ca-2", "Ca2") == Alignment(9, 13, "hyphen")


def test_string_of_separators_is_found_verbatim_only() -> None:
    assert align("a - b", "-") == Alignment(2, 3, "exact")
    assert align("a b", "-") is None


def test_characters_with_meaning_in_patterns_are_literal() -> None:
    assert align("[3H]-naloxone (x)", "[3H]-naloxone") == Alignment(0, 13, "exact")
    assert align("a.b", "a+b") is None


def test_occurrences_are_all_and_on_word_boundaries_where_there_are_any() -> None:
    assert occurrences("no, nose, no", "no") == ((0, 2), (10, 12))
    assert occurrences("nose", "no") == ((0, 2),)
    assert occurrences("a a a", "a a") == ((0, 3), (2, 5))
    assert occurrences("No", "no") == ()
    assert occurrences("a b", " ") == ()


@given(LETTERS, STRINGS)
def test_alignment_lies_within_the_text_and_says_the_truth(text: str, string: str) -> None:
    found = align(text, string)
    wanted = string.strip()
    if found is None:
        assert not wanted or wanted.lower() not in text.lower()
        return
    assert 0 <= found.start < found.end <= len(text)
    here = text[found.start : found.end]
    if found.kind == "exact":
        assert here == wanted
    elif found.kind == "case":
        assert here.lower() == wanted.lower()
        assert here != wanted
    elif found.kind == "hyphen":
        bare = [part.lower().replace("-", "").replace(" ", "") for part in (here, wanted)]
        assert bare[0] == bare[1]


@given(LETTERS, STRINGS)
def test_string_on_word_boundaries_is_exact_wherever_it_is_one(text: str, string: str) -> None:
    wanted = string.strip()
    if any(is_word_aligned(text, *place) for place in occurrences(f"{text} {wanted}", wanted)):
        found = align(f"{text} {wanted}", wanted)
        assert found is not None
        assert found.kind == "exact"


@given(LETTERS, STRINGS)
def test_occurrences_are_verbatim_and_in_order(text: str, string: str) -> None:
    places = occurrences(text, string)
    assert all(text[start:end] == string for start, end in places)
    assert list(places) == sorted(set(places))
    assert bool(places) == bool(string.strip() and string in text)
