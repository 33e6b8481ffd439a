"""Evaluated documents that a model has seen before, under any task or row."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Row
from medspan.audit.leaks import seen_documents, under_task
from medspan.core import Case, Finding, Severity


@register
class DocumentLeak(Check):
    """The same document in two splits, told by its group or its text."""

    id: ClassVar[str] = "document-leak"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "The same document stands in two splits, perhaps under another task or in another row. Scores on it "
        "measure memory: a model that recalls the document is rewarded, and one that overfits looks good."
    )
    counted: ClassVar[str] = (
        "Rows of the evaluated split whose text (letter case and white space aside) or document group (PMID) "
        "occurs in the other split, of all its rows."
    )
    remedy: ClassVar[str] = (
        "split by documents: medspan split DIR --out NEW keeps every document in one part; with --keep test "
        "an official test part stays as it is, and rows of its documents are left out of the others; scores "
        "made on this split are not to be trusted"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for later, earlier in data.pairs:
            leaks = seen_documents(later, earlier)
            if not leaks:
                continue
            share = len(leaks) / len(later)
            yield self.finding(
                f"{len(leaks)} of {len(later)} rows of {later.name} ({share:.1%}) have their document in "
                f"{earlier.name}",
                len(leaks),
                len(later),
                split=later.name,
                against=earlier.name,
                cases=(_case(row, seen) for row, seen in leaks),
            )


def _case(row: Row, seen: Row) -> Case:
    same = "the same text" if row.text_key == seen.text_key else f"the same document {row.group}"
    what = f"{same} as {seen.place}{under_task(row, seen)}"
    return Case(what, row.place, row.text, (), seen.place, seen.text)
