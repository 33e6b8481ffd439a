"""Listed items that are not in their text as they are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row, string_of
from medspan.audit.grounding import (
    COSTLY,
    Item,
    case_of,
    is_blank,
    kind_of,
    not_verbatim,
    percentage,
    told_kinds,
)
from medspan.core import Finding, Severity

INVENTED = 0.001
"""From this share on, items that are nowhere in their text have a common cause: single slips are rarer."""


@register
class UngroundedReference(Check):
    """An error from 1% of the items on, or 0.1% that are nowhere in their text.

    An item written in another way (hyphens lost, another spelling) costs itself: what is copied from the
    text does not match the reference, and what matches is not in the text. One in a hundred takes a point
    of recall, as much as models differ by. An item that is nowhere costs more: there is nothing to learn
    it from but to write what was not read, so that far fewer are grave.
    """

    id: ClassVar[str] = "ungrounded-reference"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Items of the reference are not in their text as they are written there. A model learns to change "
        "or invent strings instead of copying them, and one that copies is marked wrong."
    )
    counted: ClassVar[str] = (
        "Listed items, blank ones aside, whose string is no substring of the row's text (letter case aside), "
        "of all listed items that are not blank; formats that list strings only. The kinds say what was "
        f"found instead. A warning below {COSTLY:.0%} of the items and {INVENTED:.1%} that are nowhere."
    )
    remedy: ClassVar[str] = "write every item as its text has it, and leave out those that are nowhere"

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            total = 0
            found: list[tuple[Row, Item]] = []
            for row in part.rows:
                if row.reference.scope == "string":
                    total += sum(not is_blank(string_of(item)) for item in row.listed)
                    found += ((row, item) for item in not_verbatim(row, row.listed))
            if found:
                yield self._finding(part, found, total)

    def _finding(self, part: Part, found: Sequence[tuple[Row, Item]], total: int) -> Finding:
        items = [item for _, item in found]
        nowhere = sum(kind_of(item) == "nowhere" for item in items)
        grave = len(items) >= COSTLY * total or nowhere >= INVENTED * total
        return self.finding(
            f"{len(items):,} of {total:,} items of {part.name} ({percentage(len(items), total)}) are not "
            f"verbatim in their text: {told_kinds(items)}",
            len(items),
            total,
            split=part.name,
            cases=(case_of(row, item) for row, item in found),
            severity="error" if grave else "warning",
            remedy=_remedy(len(items) - nowhere, nowhere),
        )


def _remedy(elsewise: int, nowhere: int) -> str:
    steps = []
    if elsewise:
        steps.append(
            "write those that are found as the text has them: medspan train does so by itself, and medspan "
            "convert IN OUT --to compact, which leaves out whatever it cannot hold, in the test part, too: "
            "relations with an end that the text lacks, above all (--losses FILE lists each)"
        )
    if nowhere:
        steps.append(
            "restore the text that those that are nowhere stood in (a title, or what was cut off: medspan "
            "audit PATH --original BEFORE), or take them out"
        )
    return "; ".join(steps)
