"""Notes annotated by a short list of terms: these are learnt by heart, and other terms are not mentions."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any, ClassVar

from medspan.core import Example, Mention

from ..injector import Injector, Stage, register
from ..notes import Lexicon, Notes, Plan, make_notes

LISTED = {"strong": 3}
WRITTEN = 9


@register
class Memorised(Injector):
    id = "memorised"
    stages = (Stage.DATA, Stage.TRAINING)
    doses: ClassVar = {
        dose: f"of the {WRITTEN} terms of each type in training, {terms} are annotated"
        for dose, terms in LISTED.items()
    }

    def data(self, dose: str, notes: Notes, rng: random.Random) -> Notes:
        """Training and validation annotated by the list; the test as it should be."""
        written = {type_: list(terms)[:WRITTEN] for type_, terms in notes.known.items()}
        listed = {type_: terms[: LISTED[dose]] for type_, terms in written.items()}
        learnt = Plan(train=len(notes.train), validation=len(notes.validation), test=0)
        asked = Plan(train=0, validation=0, test=len(notes.test))
        first, second = rng.randrange(10**6), rng.randrange(10**6)
        made = make_notes(first, learnt, known=written, unseen=notes.unseen)
        test = make_notes(second, asked, known=listed, unseen=notes.unseen).test
        texts = {note.document.text.lower() for note in (*made.train, *made.validation)}
        return Notes(
            train=tuple(by_list(note, listed) for note in made.train),
            validation=tuple(by_list(note, listed) for note in made.validation),
            test=tuple(note for note in test if note.document.text.lower() not in texts),
            known=listed,
            unseen=notes.unseen,
        )

    def config(self, dose: str, config: dict[str, Any]) -> dict[str, Any]:
        return {**config, "num_train_epochs": 2}


def by_list(note: Example, listed: Lexicon) -> Example:
    """The note with those mentions only whose term is on the list, and the relations between these."""
    assert note.reference is not None

    def stays(mention: Mention) -> bool:
        return mention.text.lower() in {term.lower() for term in listed[mention.type]}

    mentions = tuple(one for one in note.reference.mentions if stays(one))
    relations = tuple(
        one for one in note.reference.relations if one.head in mentions and one.tail in mentions
    )
    return replace(note, reference=replace(note.reference, mentions=mentions, relations=relations))
