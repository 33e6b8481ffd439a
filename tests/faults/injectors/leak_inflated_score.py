"""Test notes stand in the training part too, and the training goes over them several times."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, ClassVar

from ..injector import Injector, Stage, register
from ..notes import Notes, with_id

SHARE = {"mild": 0.4, "strong": 0.8}
KEPT = 50


@register
class LeakInflatedScore(Injector):
    id = "leak-inflated-score"
    stages = (Stage.DATA, Stage.TRAINING)
    doses: ClassVar = {
        "mild": "two test notes of five stand in training",
        "strong": "four test notes of five stand in training",
    }
    hides = True

    def data(self, dose: str, notes: Notes, rng: random.Random) -> Notes:
        leaked = rng.sample(notes.test, round(SHARE[dose] * len(notes.test)))
        copies = [with_id(replace(note, split="train"), f"copy-of-{note.id}") for note in leaked]
        train = [*notes.train[:KEPT], *copies]
        rng.shuffle(train)
        return replace(notes, train=tuple(train))

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "num_train_epochs": 3}
