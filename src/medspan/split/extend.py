"""Which rows of a corpus an earlier split already holds."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from medspan.core import Example
from medspan.text import fold

_PROTECTED = {"test": 0, "validation": 1}
"""Where a row could take the place of several old ones, it is that of the part most worth protecting."""

Question = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Extension:
    """An earlier split brought up to date, and the rows that are new to it.

    `held` has the rows of each part in their old order, in their present form where the corpus has
    them. `changed` counts by part those whose text or annotations are no longer the same (of closed
    parts, which stay as they were, too); `only_old` those that the corpus does not have (any more).
    """

    held: dict[str, tuple[Example, ...]]
    new: tuple[Example, ...]
    changed: Mapping[str, int]
    only_old: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        return {
            "old": {part: len(rows) for part, rows in self.held.items()},
            "new": len(self.new),
            "changed": dict(self.changed),
            "only_old": dict(self.only_old),
        }


def match(
    old: Mapping[str, Sequence[Example]], rows: Iterable[Example], closed: Collection[str] = ()
) -> Extension:
    """Find the rows of an earlier split (`old`, by part) among `rows`.

    Two are the same row where task and text (letter case and white space aside) are the same and
    their document groups do not differ. Equal annotations are matched first. Rows of `closed` parts
    keep their old form.
    """
    present: defaultdict[Question, list[Example]] = defaultdict(list)
    for row in rows:
        present[_question(row)].append(row)
    for alike in present.values():
        alike.sort(key=_content)
    places = [(part, number) for part, its in old.items() for number in range(len(its))]
    places.sort(
        key=lambda place: (_PROTECTED.get(place[0], len(_PROTECTED)), _content(old[place[0]][place[1]]))
    )
    found: dict[tuple[str, int], Example] = {}
    for same in (_is_equal, _is_of_one_document):
        for part, number in places:
            candidates = present.get(_question(old[part][number]), [])
            if (part, number) in found or not candidates:
                continue
            chosen = next((row for row in candidates if same(row, old[part][number])), None)
            if chosen is not None:
                found[part, number] = chosen
                candidates.remove(chosen)
    changed = Counter(part for (part, number), row in found.items() if not _is_equal(row, old[part][number]))
    held = {
        part: tuple(
            row if part in closed else replace(found.get((part, number), row), split=part)
            for number, row in enumerate(its)
        )
        for part, its in old.items()
    }
    only_old = {
        part: sum((part, number) not in found for number in range(len(its))) for part, its in old.items()
    }
    new = tuple(replace(row, split=None) for alike in present.values() for row in alike)
    return Extension(held, new, {part: changed[part] for part in old}, only_old)


def _question(row: Example) -> Question:
    return fold(row.document.text), row.task


def _content(row: Example) -> tuple[str, str, str]:
    return row.document.text, row.document.group or "", repr(row.reference)


def _is_of_one_document(one: Example, other: Example) -> bool:
    groups = {one.document.group, other.document.group} - {None}
    return len(groups) < 2


def _is_equal(one: Example, other: Example) -> bool:
    return (
        _is_of_one_document(one, other)
        and one.document.text == other.document.text
        and one.reference == other.reference
    )
