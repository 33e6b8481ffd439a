"""`log.jsonl`: one line per logged step and per evaluation."""

from __future__ import annotations

import json
from typing import Any

from medspan.train.state import StepStats, Training


class LogFile:
    """Means over the steps since the last line; evaluations are added by the validation callback."""

    def __init__(self) -> None:
        self._since: list[StepStats] = []

    def on_start(self, training: Training) -> None:
        path = training.folder / "log.jsonl"
        if not training.is_main or not path.exists():
            return
        # After a resume, lines past the checkpoint belong to steps that are done again.
        lines = path.read_text(encoding="utf-8").splitlines()
        kept = [line for line in lines if line.strip() and _step_of(line) <= training.step]
        path.write_text("".join(line + "\n" for line in kept), encoding="utf-8")

    def on_step(self, training: Training, stats: StepStats) -> None:
        self._since.append(stats)
        if training.step % training.config.logging_steps and training.step != training.total_steps:
            return
        seconds = sum(step.seconds for step in self._since)
        tokens = sum(step.tokens for step in self._since)
        write_line(
            training,
            {
                "step": training.step,
                "epoch": round(training.epoch, 4),
                "loss": sum(step.loss for step in self._since) / len(self._since),
                "grad_norm": max(step.grad_norm for step in self._since),
                "learning_rate": stats.learning_rate,
                "tokens_per_second": round(tokens / seconds, 1),
                "seconds": round(training.seconds, 1),
            },
        )
        self._since = []

    def on_end(self, training: Training) -> None:
        return


def write_line(training: Training, line: dict[str, Any]) -> None:
    """Append a line to the log and to the history that checkpoints carry."""
    training.history.append(line)
    if training.is_main:
        with (training.folder / "log.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _step_of(line: str) -> int:
    try:
        return int(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return 0
