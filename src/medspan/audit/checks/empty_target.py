"""Rows whose reference says that there is nothing to find."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row, string_of
from medspan.audit.grounding import is_blank, percentage
from medspan.core import Case, Finding, Severity


@register
class EmptyTarget(Check):
    """A few are honest negatives and teach a model to stay silent; many are lost annotations.

    An error where every row of a split is empty and another split says something: there is nothing to
    learn, or to score. Texts that nobody annotated anywhere are no fault.
    """

    id: ClassVar[str] = "empty-target"
    severity: ClassVar[Severity] = "info"
    meaning: ClassVar[str] = (
        "Rows without any mention or relation. Honest negatives teach a model to stay silent; rows that lost "
        "their annotation teach it to miss what is there."
    )
    counted: ClassVar[str] = (
        "Rows whose reference has no relation, nothing unread, and no mention but blank ones, of all rows. "
        "An error where that is every row of a split, and not of all splits."
    )
    remedy: ClassVar[str] = (
        "read some of them: honest negatives are worth keeping, lost annotations are to be restored; medspan "
        "audit PATH --fix --out DIR removes rows without a text only, and blank answers where the format has "
        "words for nothing found"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        found = [(part, [row for row in part.rows if _is_empty(row)]) for part in data.parts]
        annotated = any(len(empty) < len(part) for part, empty in found)
        for part, empty in found:
            if empty:
                yield self._finding(part, empty, annotated)

    def _finding(self, part: Part, empty: Sequence[Row], annotated: bool) -> Finding:
        by_task = Counter(row.task for row in empty if row.task is not None)
        tasks = ", ".join(f"{task} {count:,}" for task, count in sorted(by_task.items()))
        return self.finding(
            f"{len(empty):,} of {len(part):,} rows of {part.name} ({percentage(len(empty), len(part))}) have "
            f"an empty target{f': {tasks}' if tasks else ''}",
            len(empty),
            len(part),
            split=part.name,
            cases=(Case("nothing to find", row.place, row.text) for row in empty),
            severity="error" if annotated and len(empty) == len(part) else "info",
        )


def _is_empty(row: Row) -> bool:
    reference = row.reference
    if reference.relations or reference.unparsed:
        return False
    if reference.scope == "mention":
        return not row.listed
    return all(is_blank(string_of(item)) for item in row.listed)
