"""Tasks that make up different shares of the splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data
from medspan.audit.shares import CERTAIN, GRAVE, LARGE, drifts
from medspan.core import Case, Finding, Severity


@register
class TaskShareDrift(Check):
    """See `medspan.audit.shares` for the test."""

    id: ClassVar[str] = "task-share-drift"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "A task makes up another share of this split than of the other. What is rare in training is learnt "
        "late, and a score over all rows weighs the tasks otherwise than training did."
    )
    counted: ClassVar[str] = (
        f"Tasks whose share of the rows differs by more than {LARGE:.0%} of all rows, and not by chance "
        f"(two proportions, p < {CERTAIN} over all tasks), of all tasks. An error from {GRAVE:.0%} on."
    )
    remedy: ClassVar[str] = "medspan split DIR --out NEW shares every task out evenly"

    def run(self, data: Data) -> Iterator[Finding]:
        tasks = {
            part.name: Counter(row.task for row in part.rows if row.task is not None) for part in data.parts
        }
        for later, earlier in data.pairs:
            here, there = tasks[later.name], tasks[earlier.name]
            found = drifts(here, len(later), there, len(earlier))
            if found:
                yield self.finding(
                    f"shares of tasks in {later.name} against {earlier.name}: {', '.join(map(str, found))}",
                    len(found),
                    len(set(here) | set(there)),
                    split=later.name,
                    against=earlier.name,
                    cases=(Case(f"{drift} of the rows") for drift in found),
                    severity="error" if found[0].difference >= GRAVE else None,
                )
