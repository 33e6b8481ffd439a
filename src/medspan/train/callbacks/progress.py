"""A progress bar with loss, tokens per second and the time left."""

from __future__ import annotations

from typing import Any

from medspan.train.state import StepStats, Training


class ProgressBar:
    """Drawn on standard error, by the main process only."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._rate = 0.0

    def on_start(self, training: Training) -> None:
        if not training.is_main:
            return
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        self._bar = Progress(
            TextColumn("train"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[facts]}"),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=Console(stderr=True),
        )
        self._task = self._bar.add_task(
            "train", total=training.total_steps, completed=training.step, facts=""
        )
        self._bar.start()

    def on_step(self, training: Training, stats: StepStats) -> None:
        if self._bar is None:
            return
        now = stats.tokens / stats.seconds
        self._rate = now if not self._rate else 0.9 * self._rate + 0.1 * now
        self._bar.update(
            self._task,
            completed=training.step,
            facts=f"epoch {training.epoch:.1f}  loss {stats.loss:.3f}  {self._rate:,.0f} tokens/s",
        )

    def on_end(self, training: Training) -> None:
        if self._bar is not None:
            self._bar.stop()
