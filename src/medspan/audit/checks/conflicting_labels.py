"""The same question with different answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Row, string_of
from medspan.audit.targets import said, same_question
from medspan.core import Case, Concept, Endpoint, Finding, Severity
from medspan.text import fold


@register
class ConflictingLabels(Check):
    """Over all splits together: the copies may stand in different ones."""

    id: ClassVar[str] = "conflicting-labels"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "The same text stands in several rows with different answers to the same task, as when two corpora "
        "with their own guidelines are put together. No model can be right about both."
    )
    counted: ClassVar[str] = (
        "Texts (letter case and white space aside; by task) whose rows have different sets of entities or "
        "relations, in whatever order, of the texts that stand in more than one row, over all splits."
    )
    remedy: ClassVar[str] = (
        "decide which row is right, and remove the other; of merged corpora keep one for the texts that they "
        "share"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        several = [rows for rows in same_question(data.rows).values() if len(rows) > 1]
        conflicts = [rows for rows in several if len({said(row.reference) for row in rows}) > 1]
        if conflicts:
            splits = ", ".join(dict.fromkeys(row.split for rows in conflicts for row in rows))
            yield self.finding(
                f"{len(conflicts)} of {len(several)} texts that stand in more than one row (in {splits}) "
                "have different targets",
                len(conflicts),
                len(several),
                cases=map(_case, conflicts),
            )


def _case(rows: list[Row]) -> Case:
    first = rows[0]
    other = next(row for row in rows if said(row.reference) != said(first.reference))
    ours, theirs = _listed(first), _listed(other)
    return Case(
        f"here {_some(ours - theirs)}; there {_some(theirs - ours)}",
        first.place,
        first.text,
        (),
        other.place,
        other.text,
    )


def _listed(row: Row) -> set[str]:
    def named(end: Endpoint) -> str:
        return end.id if isinstance(end, Concept) else fold(string_of(end))

    listed = {f"[{item.type}] {fold(string_of(item))}" for item in row.listed}
    return listed | {
        f"{named(one.head)} --[{one.type}]--> {named(one.tail)}" for one in row.reference.relations
    }


def _some(listed: set[str]) -> str:
    shown = sorted(listed)[:3]
    return ", ".join(shown) + (f" and {len(listed) - 3} more" if len(listed) > 3 else "") or "nothing more"
