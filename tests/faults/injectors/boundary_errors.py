"""Annotators of training and validation took the neighbouring word into a mention, at times."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import ClassVar

from medspan.core import Mention

from ..injector import Injector, Stage, register
from ..notes import Notes, with_mentions

SHARE = {"mild": 0.5, "strong": 0.9}


@register
class BoundaryErrors(Injector):
    id = "boundary-errors"
    stages = (Stage.DATA,)
    doses: ClassVar = {
        dose: f"{share:.0%} of the mentions of training have a neighbouring word too many"
        for dose, share in SHARE.items()
    }

    def data(self, dose: str, notes: Notes, rng: random.Random) -> Notes:
        def widened(text: str, mention: Mention) -> Mention:
            return wider(text, mention) if rng.random() < SHARE[dose] else mention

        return replace(
            notes,
            train=tuple(with_mentions(note, widened) for note in notes.train),
            validation=tuple(with_mentions(note, widened) for note in notes.validation),
        )


def wider(text: str, mention: Mention) -> Mention:
    """The mention with the next word of its sentence; at the end of a sentence, with the one before."""
    after = text[mention.end :]
    if after.startswith(" "):
        word = after[1:].split(" ")[0].rstrip(".")
        return Mention.at(text, mention.start, mention.end + 1 + len(word), mention.type)
    before = text[: mention.start].rstrip(" ")
    start = before.rfind(" ") + 1
    if not before or before.endswith("."):
        return mention
    return Mention.at(text, start, mention.end, mention.type)
