"""Too many steps on too few notes, and the last checkpoint taken in place of the best."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from ..injector import Injector, Stage, register
from ..notes import Plan

NOTES = {"strong": 36}
STEPS = 90


@register
class Overtrained(Injector):
    id = "overtrained"
    stages = (Stage.TRAINING, Stage.FOLDER)
    doses: ClassVar = {
        dose: f"{notes} notes, {STEPS} steps at a constant learning rate of 4e-3, and the last checkpoint"
        for dose, notes in NOTES.items()
    }

    def plan(self, dose: str, plan: Plan) -> Plan:
        return replace(plan, train=NOTES[dose])

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        return {
            **config,
            "max_steps": STEPS,
            "learning_rate": 4.0e-3,
            "lr_scheduler_type": "constant",
            "eval_steps": 18,
            "eval_samples": 16,
        }

    def trained(self, dose: str, run: Path) -> None:
        take_last_checkpoint(run)


def take_last_checkpoint(run: Path) -> None:
    """Put the last checkpoint's adapter in place of the chosen one, as one does who copies the newest."""
    last = max((run / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))
    shutil.rmtree(run / "adapter")
    shutil.copytree(last, run / "adapter", ignore=shutil.ignore_patterns("*.pt"))
