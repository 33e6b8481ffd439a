"""The alarms of a training: heard once each, written down, and with `strict` the end of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from medspan.train.alarm import AlarmStop, Look, Raised, Start, all_alarms
from medspan.train.callbacks.checkpoint import save, saved_steps
from medspan.train.callbacks.log import write_line
from medspan.train.state import StepStats, Training

SPOILS_WEIGHTS = ("diverged",)
"""Alarms at which the weights of the moment are no place to go on from."""


class Alarms:
    """Asks every alarm; comes last among the callbacks, so that a run it stops has its checkpoint.

    `heard` are the lines of the alarms so far, those before a resume too: each id is heard once. `strict`
    stops at any, also at one that was heard before the resume.
    """

    def __init__(self, report: Callable[[str], None], *, strict: bool = False):
        self.heard: list[dict[str, Any]] = []
        self._alarms = all_alarms()
        self._report = report
        self._strict = strict

    def on_start(self, training: Training) -> None:
        path = training.folder / "log.jsonl"
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        self.heard = [line for line in map(json.loads, filter(None, lines)) if "alarm" in line]
        start = Start(training)
        self._hear(training, [raised for alarm in self._alarms for raised in alarm.before(start)])

    def on_step(self, training: Training, stats: StepStats) -> None:
        self._hear(training, [raised for alarm in self._alarms for raised in alarm.at_step(training, stats)])
        if not training.due_for_evaluation or not training.validation:
            return
        found: list[Raised] = []
        if training.is_main and training.evaluated:
            look = Look(training, training.evaluated)
            found = [raised for alarm in self._alarms for raised in alarm.at_evaluation(look)]
        if self._strict and training.accelerator.num_processes > 1:
            # Only one process evaluates, and all must stop.
            from accelerate.utils import broadcast_object_list

            box = [found]
            broadcast_object_list(box)
            found = box[0]
        self._hear(training, found)

    def on_end(self, training: Training) -> None:
        return

    def note(self, training: Training, raised: Raised, step: int) -> None:
        """Write an alarm down and tell it, unless it was heard before."""
        if any(line["alarm"] == raised.id for line in self.heard):
            return
        line = raised.line(step)
        self.heard.append(line)
        write_line(training, line)
        if training.is_main:
            self._report(f"alarm at step {step}, {raised.id}: {raised.message}. What to do: {raised.remedy}.")

    def _hear(self, training: Training, found: Iterable[Raised]) -> None:
        found = list(found)
        for raised in found:
            self.note(training, raised, training.step)
        if not found or not self._strict:
            return
        step = training.step
        spoilt = any(raised.id in SPOILS_WEIGHTS for raised in found)
        if training.is_main and step and not spoilt and step not in saved_steps(training.folder):
            save(training)
        raise AlarmStop(found[0], step)
