"""Texts of a case as a page shows them: marked, cut to what matters, and two of them word by word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Literal

AROUND = 90
"""Characters shown on either side of what is marked, to the next space."""
JOINED = 30
"""A gap of so few characters is shown rather than cut."""
MOST_WORDS = 1500
"""Longer differences between two texts are not compared word by word."""
LEAST_SHARED = 0.25
"""Below this share of common words two texts are told to be different ones, without marks."""

PieceKind = Literal["plain", "mark", "differs", "cut"]
_WORD = re.compile(r"\S+")
_SPACE = re.compile(r"\s")


@dataclass(frozen=True, slots=True)
class Span:
    """Characters `[start, end)` to be looked at; an empty one is a place where the other text has more."""

    start: int
    end: int
    kind: Literal["mark", "differs"] = "mark"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text of one kind; of kind `cut`, `left_out` characters stand there that are not shown."""

    text: str
    kind: PieceKind = "plain"
    left_out: int = 0


def excerpt(text: str, spans: Iterable[Span], most: int) -> list[Piece]:
    """`text` with its spans, in pieces; a text of more than `most` characters is cut around them.

    As many windows around spans are shown as `most` holds, from the first on, and one in any case;
    without a span the beginning is. Spans beyond the text are ignored.
    """
    known = sorted(
        (Span(max(0, span.start), min(span.end, len(text)), span.kind) for span in spans),
        key=lambda span: (span.start, span.end),
    )
    known = [span for span in known if span.start <= span.end]
    windows = [(0, len(text))] if len(text) <= most else _windows(text, known, most)
    pieces: list[Piece] = []
    shown_to = 0
    for start, end in windows:
        if start > shown_to:
            pieces.append(Piece("", "cut", start - shown_to))
        pieces += _pieces(text, start, end, known)
        shown_to = end
    if shown_to < len(text):
        pieces.append(Piece("", "cut", len(text) - shown_to))
    return pieces


def _windows(text: str, spans: Sequence[Span], most: int) -> list[tuple[int, int]]:
    """Half-open windows in order, apart from each other."""
    if not spans:
        return [(0, _space_before(text, most // 2))]
    looked_at = []
    for span in spans:
        # Of what is long itself, its ends are shown: where it begins and where it stops.
        ends = [(span.start, span.end)]
        if span.end - span.start > 2 * AROUND:
            ends = [(span.start, span.start), (span.end, span.end)]
        looked_at += [
            (_space_after(text, first - AROUND), _space_before(text, last + AROUND)) for first, last in ends
        ]
    wanted: list[tuple[int, int]] = []
    for start, end in sorted(looked_at):
        if wanted and start - wanted[-1][1] < JOINED:
            wanted[-1] = (wanted[-1][0], max(wanted[-1][1], end))
        else:
            wanted.append((start, end))
    windows: list[tuple[int, int]] = []
    left = most
    for start, end in wanted:
        if windows and left < end - start:
            break
        windows.append((start, min(end, start + most)))
        left -= end - start
    return windows


def _space_after(text: str, at: int) -> int:
    """The place after the first white space from `at` on; `at` where none is near."""
    found = _SPACE.search(text, max(0, at), max(0, at) + JOINED)
    return max(0, at) if at <= 0 or found is None else found.end()


def _space_before(text: str, at: int) -> int:
    """The place of the last white space up to `at`; `at` where none is near."""
    if at >= len(text):
        return len(text)
    places = [found.start() for found in _SPACE.finditer(text, max(0, at - JOINED), at)]
    return places[-1] if places else at


def _pieces(text: str, start: int, end: int, spans: Sequence[Span]) -> list[Piece]:
    """`text[start:end]` cut where a span begins or ends; a mark outweighs a difference."""
    here = [span for span in spans if span.start < end and span.end > start]
    bounds = {start, end} | {min(max(bound, start), end) for one in here for bound in (one.start, one.end)}
    pieces: list[Piece] = []
    for first, last in pairwise(sorted(bounds)):
        kinds = {span.kind for span in here if span.start <= first and last <= span.end}
        kind: PieceKind = "mark" if "mark" in kinds else "differs" if kinds else "plain"
        pieces.append(Piece(text[first:last], kind))
    return pieces


@dataclass(frozen=True, slots=True)
class Comparison:
    """What two texts differ in, and a few words on it."""

    told: str
    left: tuple[Span, ...] = ()
    right: tuple[Span, ...] = ()


def compare(left: str, right: str) -> Comparison:
    """Two texts word by word (runs without white space, letter case counting)."""
    if left == right:
        return Comparison("the same, character for character")
    words, others = _words(left), _words(right)
    ours, theirs = ([word for word, *_ in side] for side in (words, others))
    if ours == theirs:
        return Comparison("the same but for white space")
    first = next(
        (at for at, pair in enumerate(zip(ours, theirs, strict=False)) if pair[0] != pair[1]),
        min(len(ours), len(theirs)),
    )
    last = 0
    while last < min(len(ours), len(theirs)) - first and ours[-1 - last] == theirs[-1 - last]:
        last += 1
    middle, other = ours[first : len(ours) - last], theirs[first : len(theirs) - last]
    if max(len(middle), len(other)) > MOST_WORDS:
        return Comparison(f"too long to be compared word by word ({len(ours):,} and {len(theirs):,} words)")
    codes = SequenceMatcher(None, middle, other, autojunk=False).get_opcodes()
    differing = [code for code in codes if code[0] != "equal"]
    here = sum(code[2] - code[1] for code in differing)
    there = sum(code[4] - code[3] for code in differing)
    shared = len(ours) - here
    if shared < LEAST_SHARED * max(len(ours), len(theirs)):
        return Comparison(f"{shared:,} of {len(ours):,} and {len(theirs):,} words in common")
    spans = [_span(words, first + code[1], first + code[2]) for code in differing]
    beside = [_span(others, first + code[3], first + code[4]) for code in differing]
    told = f"in one text only: {here:,} words of the first, {there:,} of the second"
    if [word.lower() for word in ours] == [word.lower() for word in theirs]:
        told = f"{here:,} words differ in letter case"
    return Comparison(told, tuple(spans), tuple(beside))


_Word = tuple[str, int, int]


def _words(text: str) -> list[_Word]:
    return [(found.group(), found.start(), found.end()) for found in _WORD.finditer(text)]


def _span(words: Sequence[_Word], start: int, end: int) -> Span:
    """The characters of words `[start, end)`; of none, the place before word `start`."""
    if start < end:
        return Span(words[start][1], words[end - 1][2], "differs")
    at = words[start][1] if start < len(words) else words[-1][2] if words else 0
    return Span(at, at, "differs")
