"""The files of a folder, read as far as they can be: what is broken is noted and counts as not there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from medspan.diagnose.foreign.model_card import ModelCard, read_model_card
from medspan.diagnose.foreign.pickled_arguments import PickledArguments, read_pickled_arguments

MOST_BYTES = 32 << 20
"""Files of settings are read up to this size: whatever is larger holds no settings."""

CHECKPOINT_HOMES = ("outputs", "checkpoints", "results")
_STEP = re.compile(r"checkpoint-(\d+)")

TRAINING_ARGS = "training_args.bin"
CARD = "README.md"


class Folder:
    """A run's folder. `notes` collects what could not be read; each file is read once."""

    def __init__(self, path: Path):
        self.path = path
        self.notes: list[str] = []
        self._read: dict[Path, Any] = {}

    def name(self, path: Path) -> str:
        """A path relative to the folder where it lies in it."""
        return str(path.relative_to(self.path)) if path.is_relative_to(self.path) else str(path)

    def note(self, line: str) -> None:
        if line not in self.notes:
            self.notes.append(line)

    def has(self, name: str) -> bool:
        return (self.path / name).is_file()

    def mapping(self, path: Path | str) -> dict[str, Any] | None:
        """The object in a JSON or YAML file (relative names: of this folder); None where there is none."""
        path = self.path / path
        if path not in self._read:
            self._read[path] = self._mapping(path)
        found: dict[str, Any] | None = self._read[path]
        return found

    def text(self, path: Path | str) -> str | None:
        """The text of a file; None where it is missing or too large."""
        path = self.path / path
        try:
            if not path.is_file():
                return None
            if path.stat().st_size > MOST_BYTES:
                self.note(f"{self.name(path)} is larger than {MOST_BYTES >> 20} MB and was not read")
                return None
            return path.read_text(encoding="utf-8-sig", errors="replace")
        except OSError as error:
            self.note(f"{self.name(path)} cannot be read: {error.strerror or error}")
            return None

    def configs(self, needed: Iterable[str], some: Iterable[str]) -> list[tuple[str, dict[str, Any]]]:
        """The YAML files that hold all keys of `needed` and one of `some`, with their names."""
        needed, some = set(needed), set(some)
        files = sorted({*self.path.glob("*.yaml"), *self.path.glob("*.yml")})
        found = [(file.name, self.mapping(file)) for file in files]
        return [(name, data) for name, data in found if data and needed <= set(data) and some & set(data)]

    @cached_property
    def card(self) -> ModelCard:
        """The model card, README.md; an empty one where there is none."""
        card = read_model_card(self.text(CARD) or "")
        for line in card.notes:
            self.note(f"{CARD}: {line}")
        return card

    @cached_property
    def arguments(self) -> PickledArguments | None:
        """The training arguments of the folder, else those of its last checkpoint."""
        steps = [place for _, place in checkpoint_folders(self.path)]
        for place in (self.path, *reversed(steps)):
            file = place / TRAINING_ARGS
            if file.is_file():
                found, why = read_pickled_arguments(file)
                if found is not None:
                    return found
                self.note(f"{self.name(file)} was not understood ({why}); nothing of it is used")
        return None

    def _mapping(self, path: Path) -> dict[str, Any] | None:
        text = self.text(path)
        if text is None:
            return None
        try:
            value = _yaml(text) if path.suffix in (".yaml", ".yml") else json.loads(text)
        except (ValueError, RecursionError) as error:
            reason = " ".join(str(error).split())[:120]
            self.note(f"{self.name(path)} is broken ({reason}); it is left out")
            return None
        if isinstance(value, dict):
            return {str(key): one for key, one in value.items()}
        self.note(f"{self.name(path)} holds {'nothing' if not value else 'no keys'}; it is left out")
        return None


def checkpoint_folders(path: Path) -> list[tuple[int, Path]]:
    """The `checkpoint-N` of a run by their steps: the folder itself, those in it, else in its `outputs/`.

    `checkpoints/` and `results/` are looked into likewise.
    """
    for home in (path, *(path / name for name in CHECKPOINT_HOMES)):
        places = [*([path] if home == path else []), *home.glob("checkpoint-*")]
        found = [(int(match.group(1)), one) for one in places if (match := _STEP.fullmatch(one.name))]
        if found:
            return sorted(found)
    return []


def _yaml(text: str) -> Any:
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ValueError(str(error)) from None
