"""Atomic checkpoints, the chosen adapter, and resuming."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

from medspan.train.state import StepStats, Training

STATE = "medspan_state.pt"


class Checkpoints:
    """Saves `checkpoints/step-N` at each evaluation and keeps `adapter/` at the best step so far.

    A checkpoint is written beside its place and renamed, so that one that exists is whole.
    """

    def on_start(self, training: Training) -> None:
        return

    def on_step(self, training: Training, stats: StepStats) -> None:
        if not training.due_for_evaluation:
            return
        if training.is_main:
            saved = save(training)
            if training.best_step in (training.step, None):
                publish(saved, training.folder / "adapter")
            self._prune(training)
        training.accelerator.wait_for_everyone()

    def on_end(self, training: Training) -> None:
        return

    @staticmethod
    def _prune(training: Training) -> None:
        steps = saved_steps(training.folder)
        keep = {*steps[-training.config.save_total_limit :], training.best_step}
        for step in steps:
            if step not in keep:
                shutil.rmtree(checkpoint_folder(training.folder, step))


def checkpoint_folder(folder: Path, step: int) -> Path:
    return folder / "checkpoints" / f"step-{step}"


def saved_steps(folder: Path) -> list[int]:
    """Steps of the whole checkpoints of a run, in order."""
    found = (folder / "checkpoints").glob("step-*")
    return sorted(
        int(path.name[5:]) for path in found if path.name[5:].isdigit() and (path / STATE).is_file()
    )


def save(training: Training) -> Path:
    """Write the checkpoint of the present step: adapter, format card, optimizer, generator, history."""
    import torch

    target = checkpoint_folder(training.folder, training.step)
    work = target.with_name(f".step-{training.step}.tmp")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    training.method.save(training.model, work)
    training.method.card.save(work)
    training.method.tokenizer.save_pretrained(work)
    torch.save(
        {
            "step": training.step,
            "tokens": training.tokens,
            "seconds": training.seconds,
            "best_step": training.best_step,
            "best_metric": training.best_metric,
            "optimizer": training.optimizer.state_dict(),
            "rng": torch.get_rng_state(),
            "cuda_rng": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
            "history": training.history,
        },
        work / STATE,
    )
    (work / "trainer_state.json").write_text(json.dumps(_trainer_state(training), indent=1) + "\n", "utf-8")
    shutil.rmtree(target, ignore_errors=True)
    work.rename(target)
    return target


def _trainer_state(training: Training) -> dict[str, Any]:
    """The Hugging Face Trainer's file, so that its tools read our checkpoints."""
    best = training.best_step
    return {
        "global_step": training.step,
        "max_steps": training.total_steps,
        "epoch": training.epoch,
        "num_train_epochs": training.config.num_train_epochs,
        "train_batch_size": training.config.per_device_train_batch_size,
        "best_metric": training.best_metric,
        "best_model_checkpoint": None if best is None else f"checkpoints/step-{best}",
        "log_history": training.history,
    }


def publish(checkpoint: Path, adapter: Path) -> None:
    """Put the adapter of a checkpoint in place of the chosen one, without its optimizer state."""
    work = adapter.with_name(f".{adapter.name}.tmp")
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(checkpoint, work, ignore=shutil.ignore_patterns(STATE))
    old = adapter.with_name(f".{adapter.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if adapter.exists():
        os.replace(adapter, old)
    os.replace(work, adapter)
    shutil.rmtree(old, ignore_errors=True)


def restore(training: Training, step: int) -> None:
    """Put a training back to where the checkpoint of `step` was saved."""
    import torch

    folder = checkpoint_folder(training.folder, step)
    training.method.restore(training.model, folder)
    state = torch.load(folder / STATE, weights_only=True)
    training.optimizer.load_state_dict(state["optimizer"])
    torch.set_rng_state(state["rng"])
    if torch.cuda.is_available() and len(state["cuda_rng"]) == torch.cuda.device_count():
        torch.cuda.set_rng_state_all(state["cuda_rng"])
    for name in ("step", "tokens", "seconds", "best_step", "best_metric", "history"):
        setattr(training, name, state[name])
    # The run may have been cut off between the checkpoint and the chosen adapter.
    chosen = checkpoint_folder(training.folder, step if training.best_step is None else training.best_step)
    if training.is_main and chosen.is_dir():
        publish(chosen, training.folder / "adapter")
