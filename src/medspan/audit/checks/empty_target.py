"""Rows whose reference says that there is nothing to find."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data
from medspan.core import Case, Finding, Severity


@register
class EmptyTarget(Check):
    """A few are honest negatives and teach a model to stay silent; many are lost annotations."""

    id: ClassVar[str] = "empty-target"
    severity: ClassVar[Severity] = "info"
    meaning: ClassVar[str] = (
        "Rows without any mention or relation. Honest negatives teach a model to stay silent; rows that lost "
        "their annotation teach it to miss what is there."
    )
    counted: ClassVar[str] = (
        "Rows whose reference has no mention, no relation and nothing unread, of all rows."
    )
    remedy: ClassVar[str] = (
        "read a few of them; medspan audit --fix --out DIR removes the rows without a text or a target"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            empty = [
                row
                for row in part.rows
                if not (
                    row.reference.mentions
                    or row.reference.unaligned
                    or row.reference.relations
                    or row.reference.unparsed
                )
            ]
            if empty:
                cases = (Case("nothing to find", row.place, row.text) for row in empty)
                message = f"{len(empty)} of {len(part)} rows of {part.name} have an empty target"
                yield self.finding(message, len(empty), len(part), split=part.name, cases=cases)
