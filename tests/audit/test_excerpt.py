"""Cutting a text around its marks, and comparing two texts word by word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from medspan.audit.excerpt import LEAST_SHARED, MOST_WORDS, Piece, Span, compare, excerpt

TEXT = "".join(f"word{number} " for number in range(300))

TEXTS = st.text(st.sampled_from("ab é\n"), max_size=900)
SPANS = st.lists(
    st.builds(
        lambda start, length, kind: Span(start, start + length, kind),
        st.integers(-50, 1000),
        st.integers(0, 400),
        st.sampled_from(["mark", "differs"]),
    ),
    max_size=6,
)


def placed(pieces: list[Piece]) -> list[tuple[int, Piece]]:
    """The pieces with the character of the text that each begins at."""
    at = 0
    found = []
    for piece in pieces:
        found.append((at, piece))
        at += len(piece.text) + piece.left_out
    return [*found, (at, Piece(""))]


def marked(pieces: list[Piece], kind: str) -> list[str]:
    return [piece.text for piece in pieces if piece.kind == kind]


@given(TEXTS, SPANS, st.integers(1, 600))
def test_every_character_is_shown_at_its_place_or_counted_as_left_out(
    text: str, spans: list[Span], most: int
) -> None:
    pieces = placed(excerpt(text, spans, most))
    assert pieces[-1][0] == len(text)
    for at, piece in pieces[:-1]:
        assert (piece.kind == "cut") == (piece.left_out > 0)
        assert piece.text == text[at : at + len(piece.text)]
        assert piece.text or piece.left_out


@given(TEXTS, SPANS, st.integers(1, 600))
def test_exactly_the_characters_of_spans_are_marked(text: str, spans: list[Span], most: int) -> None:
    inside = {
        kind: {at for span in spans if span.kind == kind for at in range(span.start, span.end)}
        for kind in ("mark", "differs")
    }
    for start, piece in placed(excerpt(text, spans, most))[:-1]:
        for at in range(start, start + len(piece.text)):
            if at in inside["mark"]:
                assert piece.kind == "mark"
            else:
                assert piece.kind == ("differs" if at in inside["differs"] else "plain")


@given(TEXTS, SPANS, st.integers(1, 600))
def test_no_more_is_shown_than_was_asked_for(text: str, spans: list[Span], most: int) -> None:
    shown = sum(len(piece.text) for piece in excerpt(text, spans, most))
    assert shown <= most or shown == len(text) <= most
    assert (shown == len(text)) or len(text) > most


def test_a_short_text_is_shown_whole() -> None:
    assert excerpt("aspirin and rash", [Span(0, 7)], 100) == [Piece("aspirin", "mark"), Piece(" and rash")]


def test_a_long_text_is_cut_around_its_marks_at_spaces() -> None:
    first, second = TEXT.index("word100"), TEXT.index("word200")
    pieces = excerpt(TEXT, [Span(second, second + 7), Span(first, first + 7)], 600)
    assert marked(pieces, "mark") == ["word100", "word200"]
    assert [piece.kind for piece in pieces] == [
        *("cut", "plain", "mark", "plain"),
        *("cut", "plain", "mark", "plain", "cut"),
    ]
    for piece in pieces:
        assert set(piece.text.split()) <= set(TEXT.split())


def test_without_a_mark_the_beginning_is_shown() -> None:
    shown, cut = excerpt(TEXT, [], 100)
    assert TEXT.startswith(shown.text)
    assert 20 <= len(shown.text) <= 50
    assert cut == Piece("", "cut", len(TEXT) - len(shown.text))


def test_of_a_long_mark_both_ends_are_shown() -> None:
    pieces = excerpt(TEXT, [Span(400, 1800)], 400)
    shown = placed(pieces)
    starts = {at for at, piece in shown if piece.kind == "mark"}
    ends = {at + len(piece.text) for at, piece in shown if piece.kind == "mark"}
    assert 400 in starts
    assert 1800 in ends
    assert marked(pieces, "cut") == ["", "", ""]


def test_a_mark_within_a_long_one_is_shown_too() -> None:
    inner = TEXT.index("word150")
    pieces = placed(excerpt(TEXT, [Span(400, 1800, "differs"), Span(inner, inner + 7)], 600))
    assert [at for at, piece in pieces if piece.kind == "mark"] == [inner]
    assert 1800 in {at + len(piece.text) for at, piece in pieces if piece.kind == "differs"}


def test_a_short_gap_is_shown_rather_than_cut() -> None:
    for gap, cuts in ((170, 2), (260, 3)):
        pieces = excerpt(TEXT, [Span(600, 607), Span(607 + gap, 614 + gap)], 800)
        assert len(marked(pieces, "cut")) == cuts


def test_one_window_is_shown_however_little_is_asked_for() -> None:
    at = TEXT.index("word150")
    pieces = excerpt(TEXT, [Span(at, at + 7), Span(at + 900, at + 907)], 150)
    assert marked(pieces, "mark") == ["word150"]


def test_differing_words_are_marked_on_both_sides() -> None:
    left, right = "He took  aspirin for pain in May", "He took ibuprofen for pain in late May"
    found = compare(left, right)
    assert marked(excerpt(left, found.left, 200), "differs") == ["aspirin"]
    assert marked(excerpt(right, found.right, 200), "differs") == ["ibuprofen", "late"]
    assert found.told == "in one text only: 1 words of the first, 2 of the second"
    # Where only the other side has more, the place is kept, so that both sides are cut alike.
    assert [span.start for span in found.left] == [left.index("aspirin"), left.index("May")]


def test_what_is_the_same_is_told() -> None:
    assert compare("a b", "a b").told == "the same, character for character"
    assert compare("a b", "a\n b").told == "the same but for white space"
    told = compare("Pain and rash, no fever", "pain and rash, no Fever")
    assert told.told == "2 words differ in letter case"
    assert len(told.left) == len(told.right) == 2


def test_different_texts_are_not_marked_from_end_to_end() -> None:
    shared = " ".join(f"s{number}" for number in range(24))
    one, other = (f"{shared} {' '.join(f'{side}{number}' for number in range(76))}" for side in "lr")
    assert compare(one, other).told == "24 of 100 and 100 words in common"
    assert compare(one, other).left == ()
    assert LEAST_SHARED * 100 > 24
    assert compare(f"{one} the end", f"{other} the end").left != ()


def test_texts_too_long_to_compare_are_told_as_such() -> None:
    one, other = (" ".join(f"{side}{number}" for number in range(MOST_WORDS + 1)) for side in "lr")
    assert compare(one, other).told == "too long to be compared word by word (1,501 and 1,501 words)"
    # What is common at both ends costs nothing.
    found = compare(f"{one} left {one}", f"{one} right {one}")
    assert marked(excerpt(f"{one} left {one}", found.left, 400), "differs") == ["left"]


@given(st.lists(st.sampled_from(["a", "b", "c"])), st.lists(st.sampled_from(["a", "b", "c"])))
def test_what_is_not_marked_is_the_same_on_both_sides(left: list[str], right: list[str]) -> None:
    one, other = " ".join(left), " ".join(right)
    found = compare(one, other)
    if found.told.startswith("in one text only"):
        rest = [
            [
                word
                for piece in excerpt(text, spans, 10_000)
                if piece.kind == "plain"
                for word in piece.text.split()
            ]
            for text, spans in ((one, found.left), (other, found.right))
        ]
        assert rest[0] == rest[1]
