"""A task that the training part or the validation part lacks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.core import Example
from medspan.train.alarm import Alarm, Raised, Start, register

CHANCE = 0.001
"""Probability of finding none of a task in a validation part drawn at random, below which it is no chance."""


@register
class TaskMissing(Alarm):
    name: ClassVar[str] = "task-missing"
    causes: ClassVar[tuple[str, ...]] = ("task-missing-from-split",)
    looks_at: ClassVar[str] = (
        "before the first step: tasks of the rows (where rows name none: entities, relations) that are "
        "validated and not trained, or trained and not validated although chance would have given some"
    )
    remedy: ClassVar[str] = "rows were cut without shuffling: medspan split DIR --out NEW shares tasks evenly"

    def before(self, start: Start) -> Iterator[Raised]:
        train, validation = start.training.examples, start.training.validation
        if not train or not validation:
            return
        trained, validated = tasks_of(train), tasks_of(validation)
        untrained = sorted(validated.keys() - trained.keys())
        unseen = sorted(trained.keys() - validated.keys())
        unseen = [task for task in unseen if (1 - trained[task] / len(train)) ** len(validation) < CHANCE]
        if not untrained and not unseen:
            return
        said = [f"{', '.join(untrained)} is validated, but has no training row"] if untrained else []
        said += [f"validation has no row of {', '.join(unseen)}, so no score shows it"] if unseen else []
        yield self.raised(
            f"{'; '.join(said)} (rows in training: {_counted(trained)}; in validation: "
            f"{_counted(validated)})",
            not_trained=", ".join(untrained) or None,
            not_validated=", ".join(unseen) or None,
            training_rows=_counted(trained),
            validation_rows=_counted(validated),
        )


def tasks_of(examples: Sequence[Example]) -> Counter[str]:
    """How many examples ask each task; those that name none ask `entities` and `relations` that they hold."""
    found: Counter[str] = Counter()
    for example in examples:
        reference = example.reference
        if example.task is not None:
            found[example.task] += 1
        elif reference is not None:
            found["entities"] += bool(reference.mentions or reference.unaligned)
            found["relations"] += bool(reference.relations)
    return +found


def _counted(tasks: Counter[str]) -> str:
    return ", ".join(f"{task} {count}" for task, count in sorted(tasks.items())) or "none"
