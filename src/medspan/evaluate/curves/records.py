"""From logged entries to curves: which keys are read, and what becomes of steps that come twice."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medspan.evaluate.curves.carrier import Curves, F1Curve, Point, Series

STEP = ("step", "global_step", "current_steps", "steps", "iteration")
LOSS = ("loss", "train_loss", "training_loss")
VALIDATION_LOSS = ("validation_loss", "eval_loss", "val_loss", "valid_loss")
RATE = ("learning_rate", "lr")
NORM = ("grad_norm", "gradient_norm")
READ = {*STEP, *LOSS, *VALIDATION_LOSS, *RATE, *NORM, "epoch", "scores", "total_steps"}
ALARM = {"alarm", "message", "remedy", "figures"}
"""What medspan writes of an alarm (docs/alarms.md): words, no curve."""
AT_END = "train_runtime"
"""The Hugging Face Trainer's summary of a finished training; its `train_loss` is a mean over all steps."""

_VALIDATION = re.compile(r"^(eval|validation|valid|val)[_/](.+)$")
_F1 = re.compile(r"(?<![a-z0-9])f1(?![a-z0-9])|(?<![a-z0-9])f1_?score(?![a-z0-9])", re.IGNORECASE)

F1Name = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Record:
    """One logged entry at its step. `missing` names keys of interest that are null or no number."""

    step: int
    values: Mapping[str, float] = field(default_factory=dict)
    f1: Mapping[F1Name, float] = field(default_factory=dict)
    named_losses: Mapping[str, float] = field(default_factory=dict)
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    ends: bool = False


def step_named(row: Mapping[str, Any]) -> bool:
    return any(key in row for key in STEP)


def step_of(row: Mapping[str, Any]) -> int | None:
    """The step that an entry names; None where it names none that is a whole number from 0 on."""
    return next((whole_number(row[key]) for key in STEP if key in row), None)


def whole_number(value: Any) -> int | None:
    """A whole number from 0 on; None for anything else."""
    number = _number(value)
    if number is None or not math.isfinite(number) or number < 0 or number != int(number):
        return None
    return int(number)


def record_of(row: Mapping[str, Any], step: int) -> Record:
    """What is read of an entry; numbers may be strings, as some trainers write them."""
    values: dict[str, float] = {}
    missing: list[str] = []
    ends = AT_END in row
    wanted = {"loss": LOSS, "validation_loss": VALIDATION_LOSS, "learning_rate": RATE, "grad_norm": NORM}
    for name, keys in {**wanted, "epoch": ("epoch",)}.items():
        key = next((key for key in keys if key in row and not (ends and key == "train_loss")), None)
        if key is None:
            continue
        number = _number(row[key])
        if number is not None:
            values[name] = number
        elif not (name == "validation_loss" and row[key] is None and "scores" in row):
            # medspan writes null for a validation loss that is undefined: that one is not missing.
            missing.append(key)
    f1, named_losses, used = _validation(row)
    unused = tuple(
        key for key in row if key not in READ and key not in used and not ("alarm" in row and key in ALARM)
    )
    return Record(step, values, f1, named_losses, tuple(missing), unused, ends)


def _validation(row: Mapping[str, Any]) -> tuple[dict[F1Name, float], dict[str, float], set[str]]:
    """F1 by (task, kind), losses of named validation sets, and the keys that these came from."""
    f1: dict[F1Name, float] = {}
    losses: dict[str, float] = {}
    used: set[str] = set()
    scores = row.get("scores")
    if isinstance(scores, Mapping):
        for task, kinds in scores.items():
            for kind, value in kinds.items() if isinstance(kinds, Mapping) else ():
                if (number := _number(value)) is not None and math.isfinite(number):
                    f1[str(task), str(kind)] = number
    for key, value in row.items():
        found = _VALIDATION.match(key)
        number = _number(value)
        if not found or key in VALIDATION_LOSS or number is None:
            continue
        name = found.group(2)
        if _F1.search(name) and math.isfinite(number):
            f1["all", name] = number
            used.add(key)
        elif name.endswith("_loss"):
            losses[name.removesuffix("_loss")] = number
            used.add(key)
    return f1, losses, used


def assemble(
    source: str, kind: str, records: Sequence[Record], known: Mapping[str, int | None], notes: Iterable[str]
) -> Curves:
    """The curves of the entries of a log, in the order in which they were written."""
    told = list(notes)
    kept = _without_replaced(records, told)
    values = _by_step(kept, told)
    f1 = _f1_curves(kept, told)
    missing = sorted({key for record in kept for key in record.missing})
    for key in missing:
        steps = [record.step for record in kept if key in record.missing]
        told.append(
            f"{key} is no number at {_steps(steps)}: left out (some writers put null in place of NaN)"
        )
    validation = values["validation_loss"] or _mean_of_named(kept, told)
    planned = known["planned_steps"]
    curves = Curves(
        source=source,
        kind=kind,
        loss=values["loss"],
        validation_loss=validation,
        learning_rate=values["learning_rate"],
        grad_norm=values["grad_norm"],
        f1=f1,
        epochs=values["epoch"],
        chosen_step=known["chosen_step"],
        planned_steps=planned,
        unused=tuple(sorted({key for record in kept for key in record.unused})),
    )
    if planned and 0 < curves.last_step < planned:
        told.append(
            f"the log ends at step {curves.last_step} of {planned} planned: the run was stopped, failed, or "
            "is under way"
        )
    return _with_notes(curves, told)


def _with_notes(curves: Curves, notes: Sequence[str]) -> Curves:
    from dataclasses import replace

    return replace(curves, notes=tuple(notes))


def _without_replaced(records: Sequence[Record], notes: list[str]) -> list[Record]:
    """Entries without those that a resumed or restarted run did again: the later ones count.

    Training steps are logged in their order, so one that goes back says that all later steps are done
    again. Evaluations may come late (some are scored beside the training); they replace nothing.
    """
    kept: list[Record] = []
    reached = -1
    for record in records:
        if "loss" in record.values and not record.ends:
            if record.step < reached:
                gone = [one for one in kept if one.step >= record.step]
                kept = [one for one in kept if one.step < record.step]
                notes.append(
                    f"the log goes back from step {reached} to {record.step}: a resumed or restarted run; "
                    f"{len(gone)} earlier entries ({_steps(sorted({one.step for one in gone}))}) are "
                    "replaced: the later ones count"
                )
            reached = record.step
        kept.append(record)
    return kept


def _by_step(records: Sequence[Record], notes: list[str]) -> dict[str, Series]:
    """Each value by step; of two at one step the later counts, but for an evaluation after the end."""
    found: dict[str, dict[int, float]] = {
        name: {} for name in ("loss", "validation_loss", "learning_rate", "grad_norm", "epoch")
    }
    twice: dict[str, set[int]] = defaultdict(set)
    after = False
    for record in records:
        for name, value in record.values.items():
            before = found[name].get(record.step)
            if before is not None and name != "epoch" and str(before) != str(value):
                if after and name == "validation_loss":
                    notes.append(
                        f"a second evaluation of step {record.step}, after the end of the training, is left "
                        "out: the trainer may have loaded its best checkpoint by then"
                    )
                    continue
                twice[name].add(record.step)
            found[name][record.step] = value
        after = after or record.ends
    for name, steps in twice.items():
        notes.append(f"{name} has two values at {_steps(sorted(steps))}: the later ones count")
    return {name: _series(values) for name, values in found.items()}


def _f1_curves(records: Sequence[Record], notes: list[str]) -> tuple[F1Curve, ...]:
    found: dict[F1Name, dict[int, float]] = defaultdict(dict)
    after = False
    for record in records:
        for name, value in record.f1.items():
            if not (after and record.step in found[name]):
                found[name][record.step] = value
        after = after or record.ends
    curves = []
    for (task, kind), values in found.items():
        most, least = max(values.values()), min(values.values())
        if least < 0 or most > 100:
            notes.append(f"{kind} runs from {least:g} to {most:g}, which is no F1: left out")
            continue
        if most > 1:
            notes.append(f"{kind} reaches {most:g}: taken for percent")
            values = {step: value / 100 for step, value in values.items()}
        curves.append(F1Curve(task, kind, _series(values)))
    return tuple(curves)


def _mean_of_named(records: Sequence[Record], notes: list[str]) -> Series:
    """The mean of the losses of several named validation sets, at the steps that have all of them."""
    found: dict[str, dict[int, float]] = defaultdict(dict)
    for record in records:
        for name, value in record.named_losses.items():
            found[name][record.step] = value
    if not found:
        return ()
    names = sorted(found)
    shared = set.intersection(*(set(values) for values in found.values()))
    if len(names) > 1:
        notes.append(f"the validation loss is the mean over {len(names)} sets: {', '.join(names)}")
    return _series({step: sum(found[name][step] for name in names) / len(names) for step in shared})


def _series(values: Mapping[int, float]) -> Series:
    return tuple(Point(step, values[step]) for step in sorted(values))


def _steps(steps: Sequence[int]) -> str:
    if len(steps) == 1:
        return f"step {steps[0]}"
    return f"{len(steps)} steps from {steps[0]} to {steps[-1]}"


def _number(value: Any) -> float | None:
    """A number, or one written as a string; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None
