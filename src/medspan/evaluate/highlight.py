"""Cut a text at the boundaries of its mentions, so that overlapping ones can be drawn side by side."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from medspan.core import Segment

Verdict = Literal["found", "missed", "spurious"]


@dataclass(frozen=True, slots=True)
class Mark:
    """A mention to draw: its segments, its type and what the comparison said of it."""

    segments: tuple[Segment, ...]
    type: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text under the same marks.

    `lanes`: (lane, verdict) of each mark above it, lane 0 nearest to the text. `ending`: the marks
    whose last segment ends with this piece.
    """

    text: str
    lanes: tuple[tuple[int, Verdict], ...] = ()
    ending: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Cut:
    """The run `[start, end)` in characters, and which marks are above it, the outermost lane first."""

    start: int
    end: int
    marks: tuple[int, ...] = ()


def pieces(text: str, marks: Sequence[Mark]) -> list[Piece]:
    """`text` in pieces whose texts, joined, give it again; a mark keeps its lane over all its pieces."""
    ordered = in_order(marks)
    lanes = lanes_of(ordered)
    return [
        Piece(
            text[cut.start : cut.end],
            tuple((lanes[place], ordered[place].verdict) for place in cut.marks),
            tuple(mark for mark in ordered if mark.segments[-1][1] == cut.end),
        )
        for cut in cuts(len(text), ordered, lanes)
    ]


def in_order(marks: Iterable[Mark]) -> list[Mark]:
    """By first character, longer ones first, so that a nested mention gets a lane under its host's."""
    return sorted(marks, key=lambda mark: (mark.segments[0][0], -mark.segments[-1][1], mark.type))


def lanes_of(ordered: Sequence[Mark]) -> list[int]:
    """The lowest lane for each mark that no earlier mark holds between its first and last character."""
    free_from: list[int] = []
    lanes = []
    for mark in ordered:
        start, end = mark.segments[0][0], mark.segments[-1][1]
        lane = next((lane for lane, free in enumerate(free_from) if free <= start), len(free_from))
        if lane == len(free_from):
            free_from.append(end)
        free_from[lane] = end
        lanes.append(lane)
    return lanes


def cuts(length: int, marks: Sequence[Mark], lanes: Sequence[int], also: Iterable[int] = ()) -> list[Cut]:
    """A text of `length` characters, cut wherever a segment begins or ends, and at the characters `also`."""
    bounds = {0, length, *also} | {bound for mark in marks for segment in mark.segments for bound in segment}
    order = sorted(bounds)
    above: list[list[int]] = [[] for _ in order]
    for place in sorted(range(len(marks)), key=lambda place: -lanes[place]):
        for first, last in marks[place].segments:
            for run in range(bisect_left(order, first), bisect_left(order, last)):
                above[run].append(place)
    return [Cut(start, end, tuple(over)) for (start, end), over in zip(pairwise(order), above, strict=False)]


def utf16(text: str) -> Callable[[int], int]:
    """From a place in characters to the place in UTF-16 units, in which JavaScript counts."""
    if text.isascii() or max(text) <= "\uffff":
        return lambda place: place
    wide = [place for place, character in enumerate(text) if character > "\uffff"]
    return lambda place: place + bisect_left(wide, place)
