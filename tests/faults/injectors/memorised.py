"""Training notes of a few terms, over and over: these are found in the test, others are not."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, ClassVar

from ..injector import Injector, Stage, register
from ..notes import Notes, Plan, make_notes

TERMS = {"strong": 3}


@register
class Memorised(Injector):
    id = "memorised"
    stages = (Stage.DATA, Stage.TRAINING)
    doses: ClassVar = {
        dose: f"all training notes are written with {terms} terms of each type"
        for dose, terms in TERMS.items()
    }

    def data(self, dose: str, notes: Notes, rng: random.Random) -> Notes:
        """Training and validation of few terms; in the test part, half of the terms are these."""
        few = {type_: list(terms)[: TERMS[dose]] for type_, terms in notes.known.items()}
        count = len(notes.train)
        plan = Plan(train=count, validation=len(notes.validation), test=len(notes.test))
        made = make_notes(rng.randrange(10**6), plan, known=few, unseen=notes.unseen)
        return replace(made, known=few)

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "learning_rate": 4.0e-3}
