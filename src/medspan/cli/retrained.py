"""Trainings for `medspan diagnose --retrain`: a run's configuration with some keys changed, beside it."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from medspan.cli.console import Report
from medspan.core import ConfigError, InputError

if TYPE_CHECKING:
    from medspan.diagnose.against.retrain import Train
    from medspan.train import TrainConfig

SUFFIX = "-retrained"


def trainer_for(run: Path, note: Report, *, quiet: bool) -> Train:
    """What trains `run` again; InputError where medspan did not train it."""
    path = run / "config.yaml"
    if not path.is_file():
        raise InputError(
            f"--retrain: {run} has no config.yaml, so it cannot be trained again",
            cause="another trainer made it, or only its adapter was copied",
            remedy="leave --retrain out, and change one setting at a time in that trainer",
        )

    def trained(name: str, changes: Mapping[str, Any]) -> Path:
        from medspan.train import train

        folder = Path(f"{run}{SUFFIX}") / name
        config = changed_config(path, changes, folder)
        if _finished(folder, config):
            note(f"{folder} was trained already, and is used again")
            return folder
        return train(config, resume=(folder / "config.yaml").is_file(), report=note, bar=not quiet)

    return trained


def changed_config(path: Path, changes: Mapping[str, Any], folder: Path) -> TrainConfig:
    """The configuration with keys (dotted) changed, to be trained into `folder`."""
    from medspan.train import load_config, make_config

    data = load_config(path).model_dump()
    for key, value in {**changes, "output_dir": str(folder)}.items():
        place = data
        *outer, last = key.split(".")
        for part in outer:
            place = place[part]
        place[last] = value
    return make_config(data)


def _finished(folder: Path, config: TrainConfig) -> bool:
    """Whether the folder holds this training, done; ConfigError where it holds another one."""
    if not (folder / "config.yaml").is_file():
        return False
    held = yaml.safe_load((folder / "config.yaml").read_text("utf-8"))
    if held != config.model_dump():
        raise ConfigError(
            f"{folder} holds a training with other settings",
            cause="the run was compared with another one before, or its configuration was edited",
            remedy=f"move that folder away, or remove it (rm -r {shlex.quote(str(folder))})",
        )
    try:
        record = json.loads((folder / "record.json").read_text("utf-8"))
    except (OSError, ValueError):
        return False
    return bool((record.get("trained") or {}).get("finished")) and (folder / "adapter").is_dir()
