"""Which folder holds the adapter, and which checkpoints there are.

`Trainer.save_model` and `save_pretrained` write adapter_config.json and adapter_model.safetensors (older
PEFT: adapter_model.bin); the Hugging Face Trainer writes `checkpoint-N`, and into each trainer_state.json
the best one so far (`best_model_checkpoint`, with the path that it had then).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medspan.diagnose.foreign.base import local_folder
from medspan.diagnose.foreign.folder import Folder, checkpoint_folders

CONFIG = "adapter_config.json"
WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")
FINAL = ("adapter", "lora_model", "final_adapter", "final_checkpoint", "final_model", "final")
"""Folders into which users save the end of a training; `lora_model` is what Unsloth's notebooks say."""

STATE = "trainer_state.json"
_STEP = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True, slots=True)
class ChosenAdapter:
    """`folder` holds weights, or is None; `config` is the folder whose adapter_config.json is read."""

    folder: Path | None
    config: Path | None
    reason: str = ""


def checkpoints_of(folder: Path) -> tuple[tuple[int, Path], ...]:
    """The checkpoints of a run that hold an adapter, by step."""
    return tuple((step, place) for step, place in checkpoint_folders(folder) if has_weights(place))


def best_step(folder: Folder) -> int | None:
    """The step of the best checkpoint by the furthest trainer state that names one; None without."""
    for state, _ in trainer_states(folder):
        named = _STEP.search(str(state.get("best_model_checkpoint") or ""))
        if named:
            return int(named.group(1))
        step = state.get("best_global_step")
        if isinstance(step, int) and not isinstance(step, bool) and step > 0:
            return step
    return None


def trainer_states(folder: Folder) -> list[tuple[dict[str, Any], str]]:
    """The readable trainer states of a folder and its checkpoints with their names, the furthest first."""
    files = [
        place / STATE for place in (folder.path, *(place for _, place in checkpoint_folders(folder.path)))
    ]
    read = [(state, folder.name(file)) for file in files if (state := folder.mapping(file)) is not None]
    return sorted(read, key=lambda one: _steps_done(one[0]), reverse=True)


def choose_adapter(folder: Folder, named: Iterable[str]) -> ChosenAdapter:
    """The adapter that a user of the folder would load.

    That of the folder itself, a folder for the end of the training in it (`FINAL`), one that the run's files
    name, the best checkpoint, the last one: the first of these with weights.
    """
    path, best = folder.path, best_step(folder)
    candidates = [(path, "the folder itself")]
    candidates += [(path / name, f"{name}/, saved at the end") for name in FINAL]
    for name in named:
        place = local_folder(name, path)
        if place is not None:
            candidates.append((place, f"named by the run's arguments ({name})"))
    checkpoints = checkpoints_of(path)
    chosen = [place for step, place in checkpoints if step == best]
    candidates += [(place, "the best checkpoint by trainer_state.json") for place in chosen]
    candidates += [(place, "the last checkpoint") for _, place in checkpoints[-1:]]
    for place, reason in candidates:
        if has_weights(place):
            return ChosenAdapter(place, place, reason)
    config = next((place for place, _ in candidates if (place / CONFIG).is_file()), None)
    return ChosenAdapter(None, config)


def log_folder(path: Path, adapter: Path | None) -> Path | None:
    """The folder with the training's log: the run's own, that of its checkpoints, or the adapter's."""
    checkpoints = [place.parent for _, place in checkpoint_folders(path)[-1:]]
    places = [path, *checkpoints, *([adapter] if adapter else [])]
    return next((place for place in places if _has_log(place)), None)


def _has_log(place: Path) -> bool:
    names = (STATE, "trainer_log.jsonl")
    return any((place / name).is_file() for name in names) or any(place.glob(f"checkpoint-*/{STATE}"))


def has_weights(folder: Path) -> bool:
    """Whether a folder holds an adapter with its weights."""
    return (folder / CONFIG).is_file() and any((folder / name).is_file() for name in WEIGHTS)


def _steps_done(state: dict[str, Any]) -> int:
    done = state.get("global_step")
    return done if isinstance(done, int) else 0
