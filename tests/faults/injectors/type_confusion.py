"""Annotators of training and validation took diseases for symptoms and symptoms for diseases, at times."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import ClassVar

from medspan.core import Mention

from ..injector import Injector, Stage, register
from ..notes import Notes, with_mentions

SHARE = {"mild": 0.35, "strong": 0.6}
OTHER = {"Disease": "Symptom", "Symptom": "Disease"}


@register
class TypeConfusion(Injector):
    id = "type-confusion"
    stages = (Stage.DATA,)
    doses: ClassVar = {
        dose: f"{share:.0%} of the diseases and symptoms of training have each other's type"
        for dose, share in SHARE.items()
    }

    def data(self, dose: str, notes: Notes, rng: random.Random) -> Notes:
        def swapped(text: str, mention: Mention) -> Mention:
            if mention.type not in OTHER or rng.random() >= SHARE[dose]:
                return mention
            return replace(mention, type=OTHER[mention.type])

        return replace(
            notes,
            train=tuple(with_mentions(note, swapped) for note in notes.train),
            validation=tuple(with_mentions(note, swapped) for note in notes.validation),
        )
