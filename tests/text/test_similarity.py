from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.text.similarity import differing_places, jaccard, near_groups, near_repeats, shingles


def words(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last))


def test_shingles_are_runs_of_five_folded_words() -> None:
    assert shingles("The Cat, the dog\tand a") == {
        ("the", "cat", "the", "dog", "and"),
        ("cat", "the", "dog", "and", "a"),
    }
    assert shingles("two words") == {("two", "words")}
    assert shingles(" . ") == frozenset()


def test_jaccard_counts_by_hand() -> None:
    # 6 and 7 shingles, 5 in common.
    assert jaccard(shingles(words(0, 10)), shingles(words(1, 12))) == 5 / 8
    assert jaccard(frozenset(), frozenset()) == 0.0


def test_a_pair_exactly_at_the_threshold_is_found_and_one_below_is_not() -> None:
    # 10 shingles and the first 8 of them: 0.8.
    assert near_groups([words(0, 14), words(0, 12)], 0.8) == [(0, 1)]
    assert near_groups([words(0, 14), words(0, 11)], 0.8) == []


def test_punctuation_case_and_space_do_not_tell_texts_apart_and_blank_texts_match_nothing() -> None:
    texts = ["", "One two three, four five six.", "", "one TWO\nthree four five six", "..."]
    assert near_groups(texts) == [(1, 3)]


def test_shared_boilerplate_alone_makes_no_pair() -> None:
    boilerplate = words(0, 12)
    texts = [f"{boilerplate} {words(100 * n, 100 * n + 12)}" for n in range(1, 30)]
    assert near_groups(texts) == []


@pytest.mark.parametrize("threshold", [0.0, -1.0, 1.01])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(ValueError, match="threshold"):
        near_groups(["a"], threshold)


@given(
    st.lists(st.lists(st.sampled_from("abc"), max_size=9).map(" ".join), max_size=8),
    st.sampled_from([0.1, 1 / 3, 0.5, 0.8, 1.0]),
    st.integers(1, 3),
)
def test_the_filter_finds_exactly_what_comparing_all_pairs_finds(
    texts: list[str], threshold: float, size: int
) -> None:
    sets = [shingles(text, size) for text in texts]
    expected = [
        at
        for at in range(len(texts))
        if any(jaccard(sets[at], sets[before]) >= threshold for before in range(at))
    ]
    assert near_repeats(texts, threshold, size=size) == expected


def test_groups_are_joined_by_chains_of_pairs() -> None:
    # Twelve runs each: moved by two words 10 of 14 are shared, moved by four 8 of 16.
    texts = [words(0, 16), words(2, 18), "apart", words(4, 20), "Apart!"]
    assert near_groups(texts, 0.7) == [(0, 1, 3), (2, 4)]
    assert near_repeats(texts, 0.7) == [1, 3, 4]
    # The second has no near-duplicate before it, though it hangs together with the first.
    assert near_repeats([texts[0], texts[3], texts[1]], 0.7) == [2]


def test_words_outside_shared_runs_are_marked() -> None:
    text = "Alpha one two three four five, six beta SEVEN eight nine ten eleven gamma delta."
    other = "one two three four five six x seven eight nine ten Eleven"
    marked = [text[start:end] for start, end in differing_places(text, other)]
    assert marked == ["Alpha", "beta", "gamma delta"]
    assert differing_places(text, text.upper()) == ()
    assert differing_places(text, "") == ((0, len(text) - 1),)
    assert differing_places("short text", "Short text.") == ()
    assert differing_places("...", other) == ()
