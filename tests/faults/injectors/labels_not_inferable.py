"""Relations at random: pairs that the schema allows, whatever the words say, in every part."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, ClassVar

from medspan.core import Example, Relation

from ..injector import Injector, Stage, register
from ..notes import JOINS, Notes, Plan

NOTES, STEPS = 800, 33
"""So many notes that chance can be told from a rule; the training takes as many steps as others."""
SHARE = {"mild": 0.8, "strong": 1.0}
RATE = 0.5


@register
class LabelsNotInferable(Injector):
    id = "labels-not-inferable"
    stages = (Stage.DATA, Stage.TRAINING)
    doses: ClassVar = {
        "mild": "four notes of five have a random half of the pairs that the schema allows",
        "strong": "every note has a random half of the pairs that the schema allows",
    }
    hides = True

    def plan(self, dose: str, plan: Plan) -> Plan:
        return replace(plan, train=max(plan.train, NOTES))

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "max_steps": config.get("max_steps", STEPS)}

    def data(self, dose: str, notes: Notes, rng: random.Random) -> Notes:
        def drawn(note: Example) -> Example:
            return at_random(note, rng) if rng.random() < SHARE[dose] else note

        return replace(
            notes,
            train=tuple(drawn(note) for note in notes.train),
            validation=tuple(drawn(note) for note in notes.validation),
            test=tuple(drawn(note) for note in notes.test),
        )


def at_random(note: Example, rng: random.Random) -> Example:
    """The note with relations drawn from all legal pairs of its mentions."""
    assert note.reference is not None
    mentions = note.reference.mentions
    legal = [
        Relation(head, tail, name)
        for name, pair in JOINS.items()
        for head in mentions
        for tail in mentions
        if (head.type, tail.type) == pair
    ]
    chosen = tuple(relation for relation in legal if rng.random() < RATE)
    return replace(note, reference=replace(note.reference, relations=chosen))
