"""The training loop: batches, loss on target tokens, clipped gradients, schedule. Nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Sequence
from typing import Any

from medspan.train.alarm import AlarmStop
from medspan.train.alarms.diverged import not_finite
from medspan.train.config import TrainConfig
from medspan.train.data import Encoded, batches
from medspan.train.state import Callback, StepStats, Training


def learning_rate_at(config: TrainConfig, step: int, total_steps: int) -> float:
    """The learning rate of the step numbered `step` from 0: linear warm-up, then the schedule down to 0."""
    warmup = math.ceil(config.warmup_ratio * total_steps)
    if step < warmup:
        return config.learning_rate * (step + 1) / warmup
    if config.lr_scheduler_type == "constant":
        return config.learning_rate
    done = (step - warmup) / max(1, total_steps - warmup)
    if config.lr_scheduler_type == "cosine":
        return config.learning_rate * 0.5 * (1 + math.cos(math.pi * done))
    return config.learning_rate * (1 - done)


def steps_in_epoch(examples: int, config: TrainConfig, processes: int) -> int:
    """Optimizer steps that one pass over the data takes."""
    micro = math.ceil(examples / config.per_device_train_batch_size)
    return math.ceil(micro / (config.gradient_accumulation_steps * processes))


def run(training: Training, callbacks: Sequence[Callback]) -> None:
    """Train from `training.step` to `training.total_steps`."""
    for callback in callbacks:
        callback.on_start(training)
    for group in _groups(training):
        start = time.monotonic()
        stats = _step(training, group, start)
        training.step += 1
        training.tokens += stats.tokens
        training.seconds += stats.seconds
        for callback in callbacks:
            callback.on_step(training, stats)
    for callback in callbacks:
        callback.on_end(training)


def _groups(training: Training) -> Iterator[list[list[Encoded]]]:
    """For each step still to do, its micro-batches over all processes; the same after a resume."""
    config = training.config
    size = config.gradient_accumulation_steps * training.accelerator.num_processes
    step = 0
    epoch = 0
    while step < training.total_steps:
        made = list(
            batches(training.train, config.per_device_train_batch_size, seed=config.seed, epoch=epoch)
        )
        for first in range(0, len(made), size):
            if step >= training.total_steps:
                return
            if step >= training.step:
                yield made[first : first + size]
            step += 1
        epoch += 1


def _step(training: Training, group: list[list[Encoded]], start: float) -> StepStats:
    import torch

    accelerator = training.accelerator
    rate = learning_rate_at(training.config, training.step, training.total_steps)
    for settings in training.optimizer.optimizer.param_groups:
        settings["lr"] = rate
    # Every process sees the whole group, so the number of target tokens needs no exchange, and a
    # process with a batch less in the last group of an epoch repeats one with weight zero.
    # Without any, the loss is 0, and `targets-masked` says so.
    wanted = max(1, sum(example.target_tokens for batch in group for example in batch))
    processes, rank = accelerator.num_processes, accelerator.process_index
    # Each process computes as often as every other one, or the others would wait for it for ever.
    mine = [(batch, 1.0) for batch in group[rank::processes]]
    mine += [(group[0], 0.0)] * (math.ceil(len(group) / processes) - len(mine))
    total = torch.zeros((), device=accelerator.device)
    for batch, weight in mine:
        loss = training.loss(*training.method.collate(batch, accelerator.device))
        total += loss.detach() * weight
        # DistributedDataParallel averages gradients over processes; the loss is a sum over tokens.
        accelerator.backward(loss * weight * processes / wanted)
    norm = float(accelerator.clip_grad_norm_(training.optimizer.parameters, training.config.max_grad_norm))
    mean = float(accelerator.reduce(total, "sum")) / wanted
    _check_finite(training, mean, norm, rate)
    training.optimizer.step()
    tokens = sum(example.tokens for batch in group for example in batch)
    return StepStats(mean, norm, rate, tokens, time.monotonic() - start)


def _check_finite(training: Training, loss: float, norm: float, rate: float) -> None:
    if math.isfinite(loss) and math.isfinite(norm):
        return
    # No step is left to take, whether alarms are to stop the training or not.
    raise AlarmStop(not_finite(loss, norm, rate), training.step + 1)


def validation_loss(training: Training, encoded: Sequence[Encoded]) -> float | None:
    """Mean loss of a target token over `encoded`; None where there is no example."""
    import torch

    if not encoded:
        return None
    size = training.config.per_device_train_batch_size
    ordered = sorted(encoded, key=lambda example: example.tokens)
    total: Any = 0.0
    count = 0
    # Only one process is here: what wraps the loss for several would wait for the others.
    loss = training.accelerator.unwrap_model(training.loss)
    training.model.eval()
    with torch.no_grad():
        for first in range(0, len(ordered), size):
            batch = ordered[first : first + size]
            total += float(loss(*training.method.collate(batch, training.accelerator.device)))
            count += sum(example.target_tokens for example in batch)
    training.model.train()
    return float(total / count)
