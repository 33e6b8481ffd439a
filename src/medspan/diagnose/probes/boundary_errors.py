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
from medspan.diagnose.residue import PLACES, residue_of, sides
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
    and the references disagree about them (`boundaries.disagreement`); 0.7 where they make up `NOTED`.
    0.65 without that origin where they dominate, `OFTEN` of all reference mentions are hit, and `SAME` of the
    errors are at the same side and in the same direction. Else a note of at most 0.4 from `NOTED` on.

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
        found = residue_of(case, lab, KINDS)
        if found is None:
            yield Untold(CAUSE, lab.problem or "no stored predictions (--predicted)")
            return
        answers, shifted = found.answers, found.errors
        told = found.in_words("overlap with a mention of their type without being it")
        if found.share < NOTED or not shifted:
            yield Cleared(CAUSE, (told,))
            return
        places = Counter(side for error in shifted for side in _sides(error))
        same = places.most_common(1)[0][1] / sum(places.values())
        mentions = sum(len(listed(one.reference)) for one in answers if one.reference is not None)
        hit = sum(error.side == "missed" for error in shifted) / max(1, mentions)
        origin = disagreement(case.train, case.reference)
        dominates, gains = found.share >= DOMINATES, found.gain >= LEAST
        confidence = min(0.4, found.share)
        if gains and origin:
            # Other errors do not speak against an origin that the data show by themselves.
            confidence = 0.85 if dominates else 0.7
        elif dominates and gains and hit >= OFTEN and same >= SAME:
            confidence = 0.65
        yield Suspicion(
            CAUSE,
            confidence,
            (
                told,
                *_said(shifted, answers, places),
                f"with right boundaries: {said_of(found.effect)}",
                *origin,
            ),
            f"medspan audit {data_path(case)}; agree on boundaries, correct the references and train again"
            if origin
            else "",
            found.effect,
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
