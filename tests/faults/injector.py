"""What an injector is, and the register of all of them.

An injector makes one fault as it happens to people. It knows nothing of how faults are found.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Any, ClassVar

from .decoding import Decoding
from .notes import Notes, Plan


class Stage(StrEnum):
    """Where a fault comes in; the first two are part of a training, the others follow it."""

    DATA = "data before training"
    TRAINING = "training"
    EVALUATION = "evaluation"
    FOLDER = "run folder"


class Injector:
    """One fault of the catalogue, in doses; each method leaves alone what is not overridden."""

    id: ClassVar[str]
    stages: ClassVar[tuple[Stage, ...]]
    doses: ClassVar[Mapping[str, str]]
    """What each dose does, in words; `strong` is always there."""
    hides: ClassVar[bool] = False
    """Whether the fault hides the truth without lowering the score, and so always counts."""

    @property
    def trains(self) -> bool:
        """Whether a training of its own is needed."""
        return Stage.DATA in self.stages or Stage.TRAINING in self.stages

    def plan(self, dose: str, plan: Plan) -> Plan:
        """The plan of the notes."""
        return plan

    def data(self, dose: str, notes: Notes, rng: random.Random) -> Notes:
        """The parts as the user trains and tests on them."""
        return notes

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        """The configuration of the training."""
        return config

    def training(self, dose: str, seed: int) -> AbstractContextManager[None]:
        """What holds while the training runs."""
        return nullcontext()

    def trained(self, dose: str, run: Path) -> None:
        """Change the run folder after its training, before its evaluation."""

    def decoding(self, dose: str, how: Decoding) -> Decoding:
        """How the test part is decoded and read."""
        return how

    def folder(self, dose: str, run: Path, rng: random.Random) -> None:
        """Change the run folder after its evaluation."""


REGISTER: dict[str, Injector] = {}


def register(kind: type[Injector]) -> type[Injector]:
    """Class decorator: the fault can be injected under its id."""
    if kind.id in REGISTER:
        raise ValueError(f"two injectors of {kind.id}")
    if "strong" not in kind.doses:
        raise ValueError(f"{kind.id} has no strong dose")
    REGISTER[kind.id] = kind()
    return kind
