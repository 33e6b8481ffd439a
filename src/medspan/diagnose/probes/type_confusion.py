"""The right strings under wrong types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Lab
from medspan.diagnose.labels import disagreement
from medspan.diagnose.rescoring import data_path
from medspan.diagnose.residue import PLACES, residue_of, sides
from medspan.evaluate.errors import ItemError

CAUSE = "type-confusion"
DOMINATES = 0.4
LEAST = 0.03
LARGE = 0.15
SAME = 0.6
NOTED = 0.3


@register
class TypeConfusion(Probe):
    """Corrects the types of wrongly typed mentions, and asks whether the references agree about types.

    0.85 where the kind makes up `DOMINATES` of the entity errors, correcting them surely gains `LEAST` F1,
    and the references themselves hold the confusion (`labels.disagreement`): a twentieth of the training
    mentions have a string that is mostly of another type, or so many of the scored references' mentions
    stand in training under another type; 0.7 where it makes up `NOTED` of them. 0.65 without that origin
    where it dominates, the gain is surely `LARGE` and `SAME` of the errors exchange the same two types.
    Else a note of at most 0.4 from `NOTED` of them on.

    Measured on 13 healthy runs of five corpora (135M): share of the errors up to 0.59, gain up to 0.094
    (a run of 25 steps), the same two types in 0.30 to 1.00 of the errors; references that disagree about
    types: up to 0.001 within training, up to 0.007 between training and the scored part.
    """

    name: ClassVar[str] = "type-confusion"
    hypothesis: ClassVar[str] = "strings are found, and put under the wrong types"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 27.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        found = residue_of(case, lab, (CAUSE,))
        if found is None:
            yield Untold(CAUSE, lab.problem or "no stored predictions (--predicted)")
            return
        confused = found.errors
        told = found.in_words("are right strings under a wrong type")
        if found.share < NOTED or not confused:
            yield Cleared(CAUSE, (told,))
            return
        exchanged = Counter(tuple(one.type for one in sides(error)) for error in confused)
        pairs = Counter[frozenset[str]]()
        for types, count in exchanged.items():
            pairs[frozenset(types)] += count
        same = pairs.most_common(1)[0][1] / len(confused)
        origin = disagreement(case.train, case.reference)
        confidence = min(0.4, found.share)
        if found.gain >= LEAST and origin:
            # Other errors do not speak against an origin that the data show by themselves.
            confidence = 0.85 if found.share >= DOMINATES else 0.7
        elif found.share >= DOMINATES and found.gain >= LARGE and same >= SAME:
            confidence = 0.65
        yield Suspicion(
            CAUSE,
            confidence,
            (
                told,
                *_said(exchanged, confused, found.answers),
                f"with right types: {said_of(found.effect)}",
                *origin,
            ),
            f"medspan audit {data_path(case)}; then correct the types in the references and train again"
            if origin
            else "",
            found.effect,
        )


def _said(
    exchanged: Counter[tuple[str, ...]], confused: Sequence[ItemError], answers: Sequence[Example]
) -> Iterator[str]:
    yield "predicted for reference: " + ", ".join(
        f"{pair[1]} for {pair[0]} {count} times" for pair, count in exchanged.most_common(4)
    )
    shown = [one for one in confused if one.side == "missed"][:PLACES]
    if shown:
        yield "for example " + "; ".join(
            f"{one.item.text!r} ({answers[one.document].id})"  # type: ignore[union-attr]
            f" is {sides(one)[0].type} and was predicted as {sides(one)[1].type}"
            for one in shown
        )
