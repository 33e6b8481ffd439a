"""Rows that ask the same as an earlier row of their split."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row
from medspan.audit.near_rows import Near
from medspan.audit.targets import row_key, same_question
from medspan.core import Case, Finding, Severity
from medspan.text.similarity import differing_places

_THIN_OUT = (
    "nothing, if each is a note of its own: medspan split keeps them in one part; where they are versions of "
    "one note, keep one of them"
)


@register
class DuplicateExample(Check):
    """Within one split; between splits it is a leak.

    Rows with nearly the text of another one are told in the message, or, where no row repeats another, as
    a finding of their own, for information: each of them may be worth its place, but they are no
    independent cases.
    """

    id: ClassVar[str] = "duplicate-example"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "The same question about the same text stands in a split more than once. In training it counts "
        "double and is memorised first; in an evaluated split it is scored twice."
    )
    counted: ClassVar[str] = (
        "Rows whose task and text (letter case and white space aside) are those of an earlier row of the "
        "same split, of all its rows. The message says how many have the same target, too, and how many more "
        "have nearly the text of another row of their task (5-word Jaccard similarity of 0.8 or more). Where "
        "there are only such, these are counted, for information."
    )
    remedy: ClassVar[str] = (
        "medspan audit DIR --fix --out NEW removes those with the same target; those with another one are "
        "listed as conflicting-labels"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            asked = same_question(part.rows)
            repeated = [(row, rows[0]) for rows in asked.values() for row in rows[1:]]
            near = _nearly(data, asked)
            if repeated:
                yield self._of_repeated(part, repeated, len(near))
            elif near:
                yield self.finding(
                    f"{len(near)} of {len(part)} rows of {part.name} have nearly the text of another row of "
                    "their task; none has the very same",
                    len(near),
                    len(part),
                    split=part.name,
                    cases=(_near_case(row, other) for row, other in near.items()),
                    remedy=_THIN_OUT,
                    severity="info",
                )

    def _of_repeated(self, part: Part, repeated: Sequence[tuple[Row, Row]], near: int) -> Finding:
        alike = sum(row_key(row) == row_key(first) for row, first in repeated)
        more = f"; {near} more have nearly the text of another row" if near else ""
        return self.finding(
            f"{len(repeated)} of {len(part)} rows of {part.name} repeat the text and task of an earlier "
            f"row ({alike} with the same target){more}",
            len(repeated),
            len(part),
            split=part.name,
            cases=(
                Case(f"repeats {first.place}", row.place, row.text, (), first.place, first.text)
                for row, first in repeated
            ),
        )


def _nearly(data: Data, asked: Mapping[tuple[str | None, bytes], Sequence[Row]]) -> dict[Row, Near]:
    """The first row of each text that is nearly another one of the same task, with the nearest such."""
    by_task: defaultdict[str | None, list[Row]] = defaultdict(list)
    for (task, _), rows in asked.items():
        by_task[task].append(rows[0])
    found: dict[Row, Near] = {}
    for rows in by_task.values():
        nearest = data.near_rows.nearest(rows, rows)
        found.update({row: nearest[row.text_key] for row in rows if row.text_key in nearest})
    return found


def _near_case(row: Row, near: Near) -> Case:
    other = near.row
    marks = differing_places(row.text, other.text)
    return Case(f"nearly the text of {other.place}", row.place, row.text, marks, other.place, other.text)
