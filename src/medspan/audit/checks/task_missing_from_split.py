"""Tasks that one split asks and another never does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part
from medspan.core import Case, Finding, Severity


@register
class TaskMissingFromSplit(Check):
    """Where no row names a task, the tasks are `entities` and `relations`, by what references hold."""

    id: ClassVar[str] = "task-missing-from-split"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "A split has no row of a task that another split has. A task without training rows is not learnt; "
        "one without evaluated rows has no score, and checkpoints are chosen without regard to it."
    )
    counted: ClassVar[str] = (
        "Tasks that have rows in some split and none in this one, of all tasks. Where rows name no task: "
        "entities and relations, which a split has if any of its references holds one."
    )
    remedy: ClassVar[str] = (
        "rows were cut without shuffling, or a part was forgotten: medspan split DIR --out NEW shares every "
        "task out evenly"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        if len(data.parts) < 2:
            return
        held = {part.name: _tasks(part) for part in data.parts}
        every = sorted({task for tasks in held.values() for task in tasks})
        for part in data.parts:
            missing = [task for task in every if task not in held[part.name]]
            if missing:
                cases = []
                for task in missing:
                    places = ", ".join(
                        f"{name} {tasks[task]}" for name, tasks in held.items() if task in tasks
                    )
                    cases.append(Case(f"{task}: no row in {part.name}; rows elsewhere: {places}"))
                yield self.finding(
                    f"{part.name} has no row of {', '.join(missing)} ({len(missing)} of {len(every)} tasks)",
                    len(missing),
                    len(every),
                    split=part.name,
                    cases=cases,
                )


def _tasks(part: Part) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in part.rows:
        reference = row.reference
        if row.task is not None:
            asked = [row.task]
        else:
            asked = ["entities"] if reference.mentions or reference.unaligned else []
            asked += ["relations"] if reference.relations else []
        for task in asked:
            found[task] = found.get(task, 0) + 1
    return found
