"""Rows that already have their part: which new ones join them, and which cannot without a leak."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from medspan.core import Example
from medspan.read.base import REJECTED_CHARACTERS
from medspan.split.groups import GROUP, ID, NEAR, TEXT, Label, Links
from medspan.split.leaks import Reach
from medspan.text.near_texts import Reached

_SAYS = {
    GROUP: "is of the same document group",
    ID: "has the same document id",
    TEXT: "has the same text",
    NEAR: "has nearly the same text",
}
_BEYOND = "belongs, by way of other rows, with"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that is in no part, why, and the rows (by part and place) that it belongs with."""

    example: Example
    reason: str
    against: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        place = self.example.place
        return {
            "file": place.file if place else None,
            "row": place.row if place else None,
            "id": self.example.id,
            "task": self.example.task,
            "reason": self.reason,
            "against": [{"part": part, "place": where} for part, where in self.against],
            "text": self.example.document.text[:REJECTED_CHARACTERS],
        }


class _Parts:
    """The parts that rows belong with directly, as far as their part is known."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._own: defaultdict[Label, set[str]] = defaultdict(set)
        self._near: defaultdict[int, set[str]] = defaultdict(set)
        self._reached = defaultdict[str, Reached](links.reached)

    def add(self, row: int, parts: Collection[str]) -> None:
        for label in self._links.labels(row):
            self._own[label].update(parts)
        for part in parts:
            for text in self._reached[part].tell(self._links.text(row)):
                self._near[text].add(part)

    def of(self, row: int) -> set[str]:
        labels = self._links.labels(row)
        found = set().union(*(self._own[label] for label in labels if label in self._own))
        return found | self._near.get(self._links.text(row), set())


def join_held(
    links: Links, rows: Sequence[Example], stands: Sequence[str | None], closed: Collection[str]
) -> tuple[list[str | None], dict[int, LeftOut]]:
    """The part of each row that has one or belongs with rows that have, and the rows that are left out.

    `stands` has the parts as given. From there on rows join the part of those that they belong with,
    in their order; one that belongs with several parts is left out, so that it brings nothing together,
    and so is all that belongs with a `closed` part or with old rows that leak themselves.
    """
    known, part_of = _Parts(links), list(stands)
    held = [at for at, part in enumerate(stands) if part is not None]
    for at in held:
        known.add(at, [part for part in (stands[at],) if part is not None])
    for at, parts in [(at, known.of(at)) for at in held]:
        known.add(at, parts)
    out: dict[int, set[str]] = {}
    waiting = [at for at, part in enumerate(stands) if part is None] if held else []
    joined = True
    while joined:
        joined = False
        for at in waiting:
            parts = known.of(at)
            if len(parts) == 1:
                known.add(at, parts)
                (part_of[at],) = parts
            if len(parts) > 1 or (parts and parts <= set(closed)):
                out[at], part_of[at] = parts, None
            joined |= bool(parts)
        waiting = [at for at in waiting if at not in out and part_of[at] is None]
    reaches = {
        part: Reach(links, [at for at in held if stands[at] == part])
        for part in dict.fromkeys(part for part in stands if part is not None)
    }
    return part_of, {at: _left_out(rows, at, parts, reaches) for at, parts in sorted(out.items())}


def _left_out(rows: Sequence[Example], at: int, parts: Collection[str], reaches: dict[str, Reach]) -> LeftOut:
    hits = [(part, reach(at)) for part, reach in reaches.items() if part in parts]
    against = tuple((part, str(rows[hit[1]].place or rows[hit[1]].id)) for part, hit in hits if hit)
    places = dict(against)
    said = [
        f"{_SAYS[hit[0]]} as {places[part]} of {part}" if hit else f"{_BEYOND} rows of {part}"
        for part, hit in hits
    ]
    return LeftOut(rows[at], " and ".join(said), against)
