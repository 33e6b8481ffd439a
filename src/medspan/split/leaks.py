"""Which rows of one part have their document, or nearly their text, in another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from medspan.read.splits import SPLITS
from medspan.split.groups import NEAR, Label, Links


@dataclass(frozen=True, slots=True)
class Leak:
    """`count` of the `total` rows of `part` belong with a row of the part `against`."""

    part: str
    against: str
    count: int
    total: int

    def to_json(self) -> dict[str, Any]:
        return {"part": self.part, "against": self.against, "count": self.count, "of": self.total}


class Reach:
    """What the rows of a part belong with directly."""

    def __init__(self, links: Links, rows: Iterable[int]) -> None:
        self._links = links
        self._own: dict[Label, int] = {}
        self._near: dict[int, int] = {}
        reached = links.reached()
        for at in rows:
            for label in links.labels(at):
                self._own.setdefault(label, at)
            self._near |= dict.fromkeys(reached.tell(links.text(at)), at)

    def __call__(self, row: int) -> tuple[str, int] | None:
        """The reason and the first row of the part that `row` belongs with; None where there is none."""
        for label in self._links.labels(row):
            if label in self._own:
                return label[0], self._own[label]
        nearly = self._near.get(self._links.text(row))
        return None if nearly is None else (NEAR, nearly)


def leaks_between(links: Links, part_of: Sequence[str | None]) -> tuple[Leak, ...]:
    """The leaks between parts, given the part of each row (None: in no part); pairs without one left out.

    Each part is counted against those before it in the order train, validation, test, then by name.
    """
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for at, part in enumerate(part_of):
        if part is not None:
            rows[part].append(at)
    names = sorted(rows, key=lambda name: (SPLITS.index(name) if name in SPLITS else len(SPLITS), name))
    return tuple(_leaks(links, rows, names))


def _leaks(links: Links, rows: dict[str, list[int]], names: Sequence[str]) -> Iterator[Leak]:
    for number, against in enumerate(names[:-1]):
        reach = Reach(links, rows[against])
        for part in names[number + 1 :]:
            count = sum(reach(at) is not None for at in rows[part])
            if count:
                yield Leak(part, against, count, len(rows[part]))
