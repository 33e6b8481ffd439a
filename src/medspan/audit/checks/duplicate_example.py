"""Rows that ask the same as an earlier row of their split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data
from medspan.audit.targets import row_key, same_question
from medspan.core import Case, Finding, Severity


@register
class DuplicateExample(Check):
    """Within one split; between splits it is a leak."""

    id: ClassVar[str] = "duplicate-example"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "The same question about the same text stands in a split more than once. In training it counts "
        "double and is memorised first; in an evaluated split it is scored twice."
    )
    counted: ClassVar[str] = (
        "Rows whose task and text (letter case and white space aside) are those of an earlier row of the "
        "same split, of all its rows. The message says how many have the same target, too."
    )
    remedy: ClassVar[str] = (
        "medspan audit DIR --fix --out NEW removes those with the same target; those with another one are "
        "listed as conflicting-labels"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            repeated = [(row, rows[0]) for rows in same_question(part.rows).values() for row in rows[1:]]
            if not repeated:
                continue
            alike = sum(row_key(row) == row_key(first) for row, first in repeated)
            yield self.finding(
                f"{len(repeated)} of {len(part)} rows of {part.name} repeat the text and task of an earlier "
                f"row ({alike} with the same target)",
                len(repeated),
                len(part),
                split=part.name,
                cases=(
                    Case(f"repeats {first.place}", row.place, row.text, (), first.place, first.text)
                    for row, first in repeated
                ),
            )
