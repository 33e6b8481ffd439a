"""Evaluated rows that stand in another split word for word, with their answers."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Row
from medspan.audit.targets import row_key
from medspan.core import Case, Finding, Severity


@register
class IdenticalRowLeak(Check):
    """The gravest kind of `document-leak`: the answer itself was seen."""

    id: ClassVar[str] = "identical-row-leak"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Rows of this split stand in the other one with the same question and the same answer: a model that "
        "has learnt them by heart gets them right."
    )
    counted: ClassVar[str] = (
        "Rows of the evaluated split whose task, text and target (letter case and white space aside) are "
        "those of a row of the other split, of all its rows."
    )
    remedy: ClassVar[str] = (
        "medspan audit DIR --fix --out NEW removes the copies from training; medspan split DIR --out NEW "
        "cuts anew, by documents, and with --keep test leaves an official test part as it is"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for later, earlier in data.pairs:
            known: dict[Hashable, Row] = {}
            for row in earlier.rows:
                known.setdefault(row_key(row), row)
            leaks = [(row, seen) for row in later.rows if (seen := known.get(row_key(row)))]
            if leaks:
                yield self.finding(
                    f"{len(leaks)} of {len(later)} rows of {later.name} ({len(leaks) / len(later):.1%}) "
                    f"stand in {earlier.name} too, with the same target",
                    len(leaks),
                    len(later),
                    split=later.name,
                    against=earlier.name,
                    cases=(
                        Case(f"the same row as {seen.place}", row.place, row.text, (), seen.place, seen.text)
                        for row, seen in leaks
                    ),
                )
