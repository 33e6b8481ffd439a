"""A task whose F1 stays 0 while another one is learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.core import Example
from medspan.train.alarm import Alarm, Look, Raised, register
from medspan.train.alarms.task_missing import tasks_of

LATE = 0.5
"""Share of the planned steps before which a hard task may well be at 0."""
LEARNT = 0.2
FEWEST = 5
"""Reference items in the validation sample: none found of fewer may be chance."""
SCARCE = 0.25
"""A training share below this part of the validation share is too little of a task."""

Kind = tuple[str, str]


@register
class TaskAtZero(Alarm):
    name: ClassVar[str] = "task-at-zero"
    causes: ClassVar[tuple[str, ...]] = ("undertrained", "split-imbalance")
    looks_at: ClassVar[str] = (
        "at evaluations from half of the steps on: F1 of 0 for the second time in a row, of a task "
        "(entities, relations) with 5 reference items or more, while another one has 0.2 or more; "
        "`split-imbalance` if training has far less of the task than validation"
    )
    remedy: ClassVar[str] = (
        "look whether its labels follow from the texts (medspan audit), and train longer, or on more of it"
    )

    def at_evaluation(self, look: Look) -> Iterator[Raised]:
        if look.progress < LATE or len(look.evaluations) < 2:
            return
        before, now = (_scores(line) for line in look.evaluations[-2:])
        support = _support(look.found)
        zero = [kind for kind, f1 in now.items() if f1 == 0 == before.get(kind) and support[kind] >= FEWEST]
        learnt = {kind: f1 for kind, f1 in now.items() if f1 is not None and f1 >= LEARNT}
        if not zero or not learnt:
            return
        best = max(learnt, key=lambda kind: (learnt[kind], kind))
        scarce = [task for task in sorted({_task(kind) for kind in zero}) if _is_scarce(look, task)]
        told = ", ".join(f"{_named(kind)} (0 of {support[kind]} found)" for kind in zero)
        rare = (
            f"; training has too few rows of {', '.join(scarce)} ({_shares(look, scarce)})" if scarce else ""
        )
        yield self.raised(
            f"F1 is 0 at this evaluation and the one before for {told}, while {_named(best)} has "
            f"{learnt[best]:.3f}{rare}",
            cause="split-imbalance" if scarce else "undertrained",
            remedy="split again with even shares: medspan split DIR --out NEW" if scarce else "",
            at_zero=", ".join(map(_named, zero)),
            best=_named(best),
            best_f1=learnt[best],
        )


def _scores(line: dict[str, object]) -> dict[Kind, float | None]:
    """F1 by task and kind; of all rows together where they name no task."""
    scores = line["scores"]
    assert isinstance(scores, dict)
    tasks = [task for task in scores if task != "all"] or ["all"]
    return {(task, kind): f1 for task in tasks for kind, f1 in scores[task].items()}


def _support(examples: Sequence[Example]) -> Counter[Kind]:
    found: Counter[Kind] = Counter()
    for example in examples:
        reference = example.reference
        if reference is not None:
            task = example.task or "all"
            found[task, "entities"] += len(reference.mentions) + len(reference.unaligned)
            found[task, "relations"] += len(reference.relations)
    return found


def _task(kind: Kind) -> str:
    """The task under which `tasks_of` counts rows."""
    return kind[1] if kind[0] == "all" else kind[0]


def _named(kind: Kind) -> str:
    return kind[1] if kind[0] == "all" else f"{kind[0]} ({kind[1]})"


def _parts(look: Look, task: str) -> tuple[float, float]:
    """The share of a task's rows in the training part and in the validation part."""
    training = look.training
    parts = (training.examples, training.validation)
    trained, validated = (tasks_of(part)[task] / max(1, len(part)) for part in parts)
    return trained, validated


def _is_scarce(look: Look, task: str) -> bool:
    trained, validated = _parts(look, task)
    return trained < SCARCE * validated


def _shares(look: Look, tasks: Sequence[str]) -> str:
    told = []
    for task in tasks:
        trained, validated = _parts(look, task)
        told.append(f"{trained:.1%} of the rows, in validation {validated:.1%}")
    return "; ".join(told)
