"""What is wrong with answers once the faults of their making are taken off."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from medspan.core import Example, Mention, UnalignedMention
from medspan.diagnose.base import Effect
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Lab
from medspan.diagnose.rescoring import NOTHING, Counts, counts_of, unit_of
from medspan.evaluate.errors import ItemError, classify

Item = Mention | UnalignedMention
PLACES = 3
"""How many examples are shown."""


def answers_left(case: Case, lab: Lab) -> tuple[list[Example], str]:
    """The answers whose errors no fault of decoding explains, and what they are in words.

    All stored predictions, read again as training wrote them; where something explains them, the model's
    answers to the sample without it. Empty where there is neither a model nor a prediction.
    """
    scored = [one for one in case.predictions if one.reference is not None and one.predicted is not None]
    if case.tags or lab.problem is not None:
        return scored, "stored predictions"
    if lab.explanation.causes:
        return lab.answers(lab.mended), "answers decoded again as in training"
    if not scored:
        return list(lab.stored), "answers of the model"
    read = lab.mended.codec.parse
    return [
        one if one.raw is None else one.with_prediction(read(one.document, one.raw), one.raw, one.truncated)
        for one in scored
    ], "stored predictions"


def entity_errors(examples: Sequence[Example], training: Sequence[Example]) -> list[ItemError]:
    """The entity errors under the text match, each with its kind."""
    return [one for one in classify(examples, "text", training=training) if one.group == "entities"]


@dataclass(frozen=True, slots=True)
class Residue:
    """The entity errors of some kinds that are left in answers.

    `what`: what the answers are, in words. `share` of all entity errors. `effect`: entity F1 as it is, and if
    these errors were right.
    """

    answers: Sequence[Example]
    what: str
    errors: Sequence[ItemError]
    of: int
    effect: Effect

    @property
    def share(self) -> float:
        return len(self.errors) / self.of if self.of else 0.0

    @property
    def gain(self) -> float:
        """What correcting them surely gains: the lower end of the interval; 0 without one."""
        return self.effect.interval[0] if self.effect.interval is not None else 0.0

    def in_words(self, are: str) -> str:
        return (
            f"{len(self.errors)} of {self.of} entity errors ({self.share:.0%}) in {len(self.answers)} "
            f"{self.what} {are}"
        )


def residue_of(case: Case, lab: Lab, kinds: Collection[str]) -> Residue | None:
    """The errors of these kinds that have a counterpart, in the answers left; None without answers."""
    answers, what = answers_left(case, lab)
    if not answers:
        return None
    errors = entity_errors(answers, case.train)
    chosen = [one for one in errors if one.kind in kinds and one.other is not None]
    return Residue(answers, what, chosen, len(errors), _corrected(answers, chosen))


def _corrected(examples: Sequence[Example], errors: Sequence[ItemError]) -> Effect:
    """Entity F1 (text match) as it is, and if these errors were right; documents are drawn in pairs."""
    from medspan.evaluate.comparison import Sampling, paired_test

    before = counts_of(examples, "entities")
    gained: list[Counts] = [NOTHING] * len(before)
    for error in errors:
        right, spurious, missed = gained[error.document]
        if error.side == "missed":
            gained[error.document] = right + 1, spurious, missed + 1
        else:
            gained[error.document] = right, spurious + 1, missed
    after = [
        (cell[0] + more[0], cell[1] - more[1], cell[2] - more[2])
        for cell, more in zip(before, gained, strict=True)
    ]
    groups = [unit_of(one) for one in examples]
    test = paired_test(before, after, Sampling(permutations=1), groups)
    return Effect(f"entity F1 (text match, {len(examples)} documents)", *test.f1, test.interval)


def sides(error: ItemError) -> tuple[Item, Item]:
    """The reference's item and the predicted one of an error that has a counterpart."""
    assert isinstance(error.item, Mention | UnalignedMention)
    assert isinstance(error.other, Mention | UnalignedMention)
    return (error.item, error.other) if error.side == "missed" else (error.other, error.item)


def entity_f1(examples: Sequence[Example]) -> float | None:
    """Micro entity F1 (text match), that of relations where nobody lists an entity."""
    from medspan.evaluate import quick_scores

    scores = quick_scores(examples)["all"]
    return scores["entities"] if scores["entities"] is not None else scores["relations"]
