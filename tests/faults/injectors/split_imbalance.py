"""Rows cut in the order of the file: the task of the test is hardly in training, or not at all."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import ClassVar

from medspan.core import Example

from ..injector import Injector, Stage, register
from ..notes import Notes, without_relations

LEFT = {"mild": 0.06, "strong": 0.0}


@register
class SplitImbalance(Injector):
    id = "split-imbalance"
    stages = (Stage.DATA,)
    doses: ClassVar = {
        "mild": "the rows of the task `relations` are 6% of training and all of the test",
        "strong": "the task `relations` is all of the test, and training has no row of it",
    }

    def data(self, dose: str, notes: Notes, rng: random.Random) -> Notes:
        few = set(rng.sample(range(len(notes.train)), round(LEFT[dose] * len(notes.train))))
        train = [
            of_task(note, "relations" if at in few else "entities") for at, note in enumerate(notes.train)
        ]
        return replace(
            notes,
            train=tuple(train),
            validation=tuple(of_task(note, "relations") for note in notes.validation),
            test=tuple(of_task(note, "relations") for note in notes.test),
        )


def of_task(note: Example, task: str) -> Example:
    """The note as a row of a task: `entities` lists no relations, `relations` no entities."""
    assert note.reference is not None
    document = replace(note.document, task=task)
    if task == "entities":
        return without_relations(replace(note, document=document))
    return replace(note, document=document, reference=replace(note.reference, mentions=()))
