"""Cut a text at the boundaries of its mentions, so that overlapping ones can be drawn side by side."""

from __future__ import annotations

from collections.abc import Sequence
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


def pieces(text: str, marks: Sequence[Mark]) -> list[Piece]:
    """`text` in pieces whose texts, joined, give it again; a mark keeps its lane over all its pieces."""
    ordered = sorted(marks, key=lambda mark: (mark.segments[0][0], -mark.segments[-1][1], mark.type))
    lanes = _lanes(ordered)
    bounds = {0, len(text)} | {bound for mark in marks for segment in mark.segments for bound in segment}
    cuts = sorted(bounds)
    found = []
    for start, end in pairwise(cuts):
        above = [
            (lane, mark.verdict)
            for mark, lane in zip(ordered, lanes, strict=True)
            if any(first <= start and end <= last for first, last in mark.segments)
        ]
        ending = tuple(mark for mark in ordered if mark.segments[-1][1] == end)
        found.append(Piece(text[start:end], tuple(sorted(above, reverse=True)), ending))
    return found


def _lanes(ordered: Sequence[Mark]) -> list[int]:
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
