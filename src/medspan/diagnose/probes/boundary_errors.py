"""Mentions with a word too many or too few."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register, said_of
from medspan.diagnose.boundaries import WHERE, Side, disagreement, side_of
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Lab
from medspan.diagnose.rescoring import data_path
from medspan.diagnose.residue import PLACES, answers_left, corrected, entity_errors, of_kinds, sides
from medspan.evaluate.errors import ItemError
from medspan.evaluate.match import listed

CAUSE = "boundary-errors"
KINDS = ("boundary-longer", "boundary-shorter", "boundary-partial")
DOMINATES = 0.4
LEAST = 0.03
OFTEN = 0.2
SAME = 0.6
NOTED = 0.3


@register
class BoundaryErrors(Probe):
    """Corrects the boundaries of mentions, and asks whether the references agree about boundaries.

    0.85 where boundaries make up `DOMINATES` of the entity errors, correcting them surely gains `LEAST` F1,
    and the references disagree about them (`boundaries.disagreement`). 0.65 without that origin where
    `OFTEN` of all reference mentions are hit, and `SAME` of the errors are at the same side and in the same
    direction. Else a note of at most 0.4 from `NOTED` of the errors on.

    Measured on healthy runs (135M) of ADE, BC5CDR and synthetic notes, 15 in all: share of the errors up to
    0.57 and gain 0.074 (ADE: `severe` left out, `refractory` taken in), reference mentions hit up to 0.10,
    the same side and direction in up to 0.56 of the errors where there are ten or more.
    """

    name: ClassVar[str] = "boundary-errors"
    hypothesis: ClassVar[str] = "mentions are found with a word too many or too few"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 27.5

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        answers, what = answers_left(case, lab)
        if not answers:
            yield Untold(CAUSE, lab.problem or "no stored predictions (--predicted)")
            return
        errors = entity_errors(answers, case.train)
        shifted = of_kinds(errors, KINDS)
        share = len(shifted) / len(errors) if errors else 0.0
        effect = corrected(answers, shifted)
        told = (
            f"{len(shifted)} of {len(errors)} entity errors ({share:.0%}) in {len(answers)} {what} overlap "
            "with a mention of their type without being it"
        )
        if share < NOTED or not shifted:
            yield Cleared(CAUSE, (told,))
            return
        places = Counter(side for error in shifted for side in _sides(error))
        same = places.most_common(1)[0][1] / sum(places.values())
        mentions = sum(len(listed(one.reference)) for one in answers if one.reference is not None)
        hit = sum(error.side == "missed" for error in shifted) / max(1, mentions)
        origin = disagreement(case.train, case.reference)
        low = effect.interval[0] if effect.interval is not None else 0.0
        confidence = min(0.4, share)
        if share >= DOMINATES and low >= LEAST and origin:
            confidence = 0.85
        elif share >= DOMINATES and low >= LEAST and hit >= OFTEN and same >= SAME:
            confidence = 0.65
        yield Suspicion(
            CAUSE,
            confidence,
            (told, *_said(shifted, answers, places), f"with right boundaries: {said_of(effect)}", *origin),
            f"medspan audit {data_path(case)}; agree on boundaries, correct the references and train again"
            if origin
            else "",
            effect,
        )


def _sides(error: ItemError) -> list[Side]:
    reference, predicted = sides(error)
    return [side for side, _ in side_of(reference.text, predicted.text)]


def _said(shifted: Sequence[ItemError], answers: Sequence[Example], places: Counter[Side]) -> Iterator[str]:
    yield "predictions have " + ", ".join(
        f"{WHERE[side]} ({count} times)" for side, count in places.most_common(4)
    )
    words = Counter[tuple[Side, str]]()
    for error in shifted:
        reference, predicted = sides(error)
        words.update(side_of(reference.text, predicted.text))
    often = [(side, text, count) for (side, text), count in words.most_common(5) if count > 1 and text]
    if often:
        yield "most often: " + ", ".join(
            f"{text!r} {'added' if side.endswith('more') else 'left out'} {count} times"
            for side, text, count in often
        )
    shown = [one for one in shifted if one.side == "missed"][:PLACES]
    if shown:
        yield "for example " + "; ".join(
            f"{sides(one)[1].text!r} for {sides(one)[0].text!r} ({answers[one.document].id})" for one in shown
        )
