"""Every K steps, a validation sample is really extracted and scored, by task, beside its loss."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from typing import Any

from medspan.core import Example
from medspan.evaluate import quick_scores
from medspan.train.callbacks.log import write_line
from medspan.train.loop import validation_loss
from medspan.train.state import StepStats, Training


class Validation:
    """Scores the model in training and remembers the best step; `on_scores` hears each result."""

    def __init__(self, on_scores: Any = None):
        self._on_scores = on_scores
        self._sample: list[Example] = []
        self._encoded: Sequence[Any] = ()

    def on_start(self, training: Training) -> None:
        size = training.config.eval_samples or training.method.eval_samples
        self._sample = sample_by_task(training.validation, size, training.config.seed)
        if self._sample:
            # Validation examples over the length limit count in the scores; only their loss is left out.
            # A document that the model cannot read stops the run now, not at the first evaluation.
            training.method.extractor(training.model, "check").check(self._sample)
            self._encoded = training.method.encode(self._sample, 2**30, "skip").examples

    def on_step(self, training: Training, stats: StepStats) -> None:
        if not self._sample or not training.due_for_evaluation:
            return
        if training.is_main:
            self._evaluate(training)
        training.accelerator.wait_for_everyone()

    def on_end(self, training: Training) -> None:
        return

    def _evaluate(self, training: Training) -> None:
        start = time.monotonic()
        loss = validation_loss(training, self._encoded)
        training.model.eval()
        found, facts = training.method.validate(training.model, f"step {training.step}", self._sample)
        scores = quick_scores(found)
        training.model.train()
        training.evaluated = found
        metric = chosen_metric(training.config.metric_for_best_model, scores, loss)
        if metric is not None and (training.best_metric is None or metric >= training.best_metric):
            training.best_metric, training.best_step = metric, training.step
        line = {
            "step": training.step,
            "epoch": round(training.epoch, 4),
            "validation_loss": loss,
            "scores": scores,
            "documents": len(self._sample),
            "metric": metric,
            **facts,
            "evaluation_seconds": round(time.monotonic() - start, 1),
        }
        write_line(training, line)
        if self._on_scores:
            self._on_scores(line)


def sample_by_task(examples: Sequence[Example], size: int, seed: int) -> list[Example]:
    """A seeded sample of at most `size` with tasks as even as they allow, in the order of the data."""
    by_task: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        by_task.setdefault(example.task or "", []).append(index)
    order = random.Random(seed)
    queues = [order.sample(indices, len(indices)) for _, indices in sorted(by_task.items())]
    chosen: list[int] = []
    while len(chosen) < size and any(queues):
        for queue in queues:
            if queue and len(chosen) < size:
                chosen.append(queue.pop())
    return [examples[index] for index in sorted(chosen)]


def chosen_metric(name: str, scores: dict[str, dict[str, float | None]], loss: float | None) -> float | None:
    """The number by which checkpoints are compared, greater being better; None where it is undefined.

    `f1` is the mean of the entity and relation micro F1 that are defined.
    """
    if name == "loss":
        return None if loss is None else -loss
    overall = scores.get("all", {})
    if name != "f1":
        return overall.get("entities" if name == "entity_f1" else "relations")
    defined = [value for value in (overall.get("entities"), overall.get("relations")) if value is not None]
    return sum(defined) / len(defined) if defined else None
