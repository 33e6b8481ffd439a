"""Entity and relation types that rows hold in different shares of the splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part
from medspan.audit.shares import CERTAIN, LARGE, drifts
from medspan.core import Case, Finding, Severity


@register
class TypeShareDrift(Check):
    """Rows of tasks are compared task by task: other shares of tasks are `task-share-drift`."""

    id: ClassVar[str] = "type-share-drift"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "An entity or relation type occurs in another share of this split's rows than of the other's. The "
        "score of a rare type rests on few cases, and micro averages weigh types otherwise than training did."
    )
    counted: ClassVar[str] = (
        f"Types whose share of the rows with at least one differs by more than {LARGE:.0%} of the rows, and "
        f"not by chance (two proportions, p < {CERTAIN} over all types), of all types; rows of one task "
        "with rows of the same task."
    )
    remedy: ClassVar[str] = (
        "medspan split DIR --out NEW shares types out evenly; with an official split, look at scores by type"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        held = {part.name: _types(part) for part in data.parts}
        sizes = {part.name: Counter(row.task for row in part.rows) for part in data.parts}
        for later, earlier in data.pairs:
            here, there = held[later.name], held[earlier.name]
            found = [
                drift
                for task in sorted({*here, *there}, key=str)
                for drift in drifts(
                    here.get(task, Counter()),
                    sizes[later.name][task],
                    there.get(task, Counter()),
                    sizes[earlier.name][task],
                )
            ]
            found.sort(key=lambda drift: (-drift.difference, drift.name))
            if found:
                names = {name for counts in (*here.values(), *there.values()) for name in counts}
                drifting = {drift.name for drift in found}
                yield self.finding(
                    f"{len(drifting)} of {len(names)} types have another share of the rows in {later.name} "
                    f"than in {earlier.name}: {', '.join(map(str, found[:5]))}",
                    len(drifting),
                    len(names),
                    split=later.name,
                    against=earlier.name,
                    cases=(Case(f"{drift} of the rows") for drift in found),
                )


def _types(part: Part) -> dict[str | None, Counter[str]]:
    """By task, how many rows hold each type."""
    found: dict[str | None, Counter[str]] = {}
    for row in part.rows:
        types = {item.type for item in row.listed}
        types |= {relation.type for relation in row.reference.relations}
        found.setdefault(row.task, Counter()).update(types)
    return found
