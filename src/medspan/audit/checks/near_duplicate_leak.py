"""Evaluated texts that a model has seen before but for a few words."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Row
from medspan.audit.leaks import seen_documents, under_task
from medspan.audit.near_rows import Near
from medspan.core import Case, Finding, Severity
from medspan.text.similarity import differing_places


@register
class NearDuplicateLeak(Check):
    """Nearly the same text in two splits, where `document-leak` sees two documents."""

    id: ClassVar[str] = "near-duplicate-leak"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Nearly the same text stands in two splits: cut at another place, with another title, with a few "
        "words exchanged. Its annotations are nearly the same, too, so scores on it measure memory."
    )
    counted: ClassVar[str] = (
        "Rows of the evaluated split whose text has a near-duplicate in the other split (the sets of "
        "their runs of five words, letter case and punctuation aside, have a Jaccard similarity of 0.8 or "
        "more), of all its rows. Rows that document-leak counts are not counted again."
    )
    remedy: ClassVar[str] = (
        "split by documents: medspan split DIR --out NEW keeps near-duplicates in one part; with --keep test "
        "an official test part stays as it is, and what is nearly in it is left out of the others; scores "
        "made on this split are not to be trusted"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for later, earlier in data.pairs:
            seen = {row for row, _ in seen_documents(later, earlier)}
            rest = [row for row in later.rows if row not in seen]
            near = data.near_rows.nearest(rest, earlier.rows)
            leaks = [(row, near[row.text_key]) for row in rest if row.text_key in near]
            if not leaks:
                continue
            message = (
                f"{len(leaks)} of {len(later)} rows of {later.name} ({len(leaks) / len(later):.1%}) have "
                f"nearly the text of a row of {earlier.name}"
            )
            if seen:
                total = len(seen) + len(leaks)
                message += (
                    f"; with the {len(seen)} that have their document there, {total} "
                    f"({total / len(later):.1%}) leak"
                )
            yield self.finding(
                message,
                len(leaks),
                len(later),
                split=later.name,
                against=earlier.name,
                cases=(_case(row, near) for row, near in leaks),
            )


def _case(row: Row, near: Near) -> Case:
    seen = near.row
    # Rounded down: what differs is never said to be the same.
    percent = math.floor(near.similarity * 100 + 1e-9)
    what = f"nearly the text of {seen.place}{under_task(row, seen)}: of all runs of five words in the two "
    what += "all stand in both" if percent == 100 else f"{percent}% stand in both"
    marks = differing_places(row.text, seen.text)
    return Case(what, row.place, row.text, marks, seen.place, seen.text)
