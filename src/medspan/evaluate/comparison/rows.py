"""Which rows of the data were added, removed, changed or moved between two runs."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

EXAMPLES = 5
"""How many rows are named for each count."""


@dataclass(frozen=True, slots=True)
class Row:
    """What a row is, beyond its hash: the id of its document, the task, and the text."""

    id: str
    task: str | None
    text: str

    def name(self) -> str:
        return self.id if self.task is None else f"{self.id} ({self.task})"


@dataclass(frozen=True, slots=True)
class DataRows:
    """The row hashes of each part of a run's data, in order, and what is known of the rows."""

    hashes: Mapping[str, Sequence[str]]
    known: Mapping[str, Row] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows, and the names of some of them (hashes where the rows could not be read)."""

    count: int
    examples: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        return {"count": self.count, "examples": list(self.examples)}


@dataclass(frozen=True, slots=True)
class PartDifference:
    """What became of the rows of one part from the first run to the second.

    `changed`: the same document (id and task, or task and text) with another text or reference.
    `moved`: {other part: rows that stood there in the first run and stand in this part now}; such rows
    are not among the added ones, nor among those removed from the part that they left. `rows` counts
    the part's rows in either run, None where a run has no such part. `unread`: removed or added rows of
    which only the hash is known, so that a changed row among them looks like one removed and one added.
    """

    rows: tuple[int | None, int | None]
    same: int
    removed: Tally
    added: Tally
    changed: Tally
    moved: Mapping[str, Tally]
    reordered: bool
    unread: int

    @property
    def identical(self) -> bool:
        return not (self.removed.count or self.added.count or self.changed.count or self.moved)

    def to_json(self) -> dict[str, Any]:
        return {
            "rows": list(self.rows),
            "same": self.same,
            "removed": self.removed.to_json(),
            "added": self.added.to_json(),
            "changed": self.changed.to_json(),
            "moved_from": {part: tally.to_json() for part, tally in self.moved.items()},
            "reordered": self.reordered,
            "unread": self.unread,
        }


def row_differences(first: DataRows, second: DataRows) -> dict[str, PartDifference]:
    """For each part that either run has, what became of its rows. Rows that repeat are counted each time."""
    splits = list(dict.fromkeys([*first.hashes, *second.hashes]))
    before = {split: Counter(first.hashes.get(split, ())) for split in splits}
    after = {split: Counter(second.hashes.get(split, ())) for split in splits}
    gone = {split: before[split] - after[split] for split in splits}
    new = {split: after[split] - before[split] for split in splits}
    moved: dict[str, dict[str, Counter[str]]] = {split: {} for split in splits}
    for split in splits:
        for other in splits:
            travelled = new[split] & gone[other]
            if split != other and travelled:
                moved[split][other] = travelled
                new[split] = new[split] - travelled
                gone[other] = gone[other] - travelled
    found: dict[str, PartDifference] = {}
    for split in splits:
        changed = _changed(gone[split], new[split], first.known, second.known)
        removed = gone[split] - Counter(one for one, _ in changed)
        added = new[split] - Counter(other for _, other in changed)
        rows = [list(run.hashes[split]) if split in run.hashes else None for run in (first, second)]
        found[split] = PartDifference(
            rows=(_length(rows[0]), _length(rows[1])),
            same=(before[split] & after[split]).total(),
            removed=_tally(removed, first.known),
            added=_tally(added, second.known),
            changed=_tally(Counter(one for one, _ in changed), first.known),
            moved={
                other: _tally(hashes, {**second.known, **first.known})
                for other, hashes in moved[split].items()
            },
            reordered=before[split] == after[split] and rows[0] != rows[1],
            unread=_unread(removed, first.known) + _unread(added, second.known),
        )
    return found


def _changed(
    gone: Counter[str], new: Counter[str], before: Mapping[str, Row], after: Mapping[str, Row]
) -> list[tuple[str, str]]:
    """Pairs of hashes, one gone and one new, of what is the same document."""
    pairs: list[tuple[str, str]] = []
    left, right = sorted(gone.elements()), sorted(new.elements())
    for by_text in (False, True):
        waiting: dict[tuple[str | None, str], list[str]] = defaultdict(list)
        strange = [one for one in right if one not in after]
        for one in reversed(right):
            if one in after:
                waiting[_name(after[one], by_text)].append(one)
        alone: list[str] = []
        for one in left:
            partners = waiting.get(_name(before[one], by_text)) if one in before else None
            if partners:
                pairs.append((one, partners.pop()))
            else:
                alone.append(one)
        left = alone
        right = sorted([*strange, *(one for partners in waiting.values() for one in partners)])
    return pairs


def _name(row: Row, by_text: bool) -> tuple[str | None, str]:
    return row.task, row.text if by_text else row.id


def _tally(hashes: Counter[str], known: Mapping[str, Row]) -> Tally:
    names = sorted(known[one].name() if one in known else one for one in hashes.elements())
    return Tally(len(names), tuple(names[:EXAMPLES]))


def _unread(hashes: Counter[str], known: Mapping[str, Row]) -> int:
    return sum(count for one, count in hashes.items() if one not in known)


def _length(rows: list[str] | None) -> int | None:
    return None if rows is None else len(rows)
