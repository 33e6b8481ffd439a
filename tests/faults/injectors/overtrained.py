"""A training that goes on and on with a few notes, and the last checkpoint taken in place of the best."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

from ..injector import Injector, Stage, register

NOTES = {"strong": 4}
EPOCH, STEPS, EVERY = 33, 72, 24
RATE = 4.0e-3


@register
class Overtrained(Injector):
    id = "overtrained"
    stages = (Stage.TRAINING, Stage.FOLDER)
    doses: ClassVar = {
        dose: f"{STEPS - EPOCH} of {STEPS} steps on the same {notes} notes, and the last checkpoint"
        for dose, notes in NOTES.items()
    }

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        return {
            **config,
            "max_steps": STEPS,
            "learning_rate": RATE,
            "lr_scheduler_type": "constant",
            "eval_steps": EVERY,
            "eval_samples": 16,
        }

    def training(self, dose: str, seed: int) -> AbstractContextManager[None]:
        return _few_after_an_epoch(NOTES[dose])

    def trained(self, dose: str, run: Path) -> None:
        take_last_checkpoint(run)


@contextmanager
def _few_after_an_epoch(notes: int) -> Iterator[None]:
    """While it lasts, epochs after the first are of the first few examples only, as from a stale cache."""
    from medspan.train import loop

    plain = loop.batches

    def batches(examples: Sequence[Any], batch_size: int, *, seed: int, epoch: int) -> Iterator[list[Any]]:
        return plain(examples[:notes] if epoch else examples, batch_size, seed=seed, epoch=epoch)

    with patch.object(loop, "batches", batches):
        yield


def take_last_checkpoint(run: Path) -> None:
    """Put the last checkpoint's adapter in place of the chosen one, as one does who copies the newest."""
    last = max((run / "checkpoints").glob("step-*"), key=lambda path: int(path.name[5:]))
    shutil.rmtree(run / "adapter")
    shutil.copytree(last, run / "adapter", ignore=shutil.ignore_patterns("*.pt"))
