"""The answers say more than was read from them: another format's parser stood behind the score."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Effect, Need, Probe, Said, Suspicion, Untold, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Kind, Lab, effect_of
from medspan.evaluate.outcome import KINDS
from medspan.format import FormatCard
from medspan.format.codec import Codec
from medspan.format.reading import reading_codec, readings

CAUSE = "parser-mismatch"
READ = 0.5
"""Share of the answers that a format must read whole to be the one that they are in."""

MISSED, MANY = 3, 10
"""Items of a kind of which none was read; and so many that it is sure."""


@register
class ParserMismatch(Probe):
    """Reads the stored texts again: as the card says, and as every instruction format.

    Certain (0.97) where another reading of the same texts raises F1 surely, since nothing but the reading
    differs; 0.9 where none of a kind of item was read, and the card's own format reads `MANY` or more; 0.7
    where it reads `MISSED`.
    """

    name: ClassVar[str] = "parser-mismatch"
    hypothesis: ClassVar[str] = "what the model wrote was read with another format's parser"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data", "texts")
    cost: ClassVar[float] = 2.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        stored = [one for one in case.predictions if one.raw is not None]
        spoken = [one for one in stored if (one.raw or "").strip()]
        if not spoken:
            yield Untold(CAUSE, "all generated texts are blank")
            return
        best: tuple[Effect, str, float] | None = None
        missed: Said | None = None
        for name, codec, whole in _codecs(case, spoken):
            again = [_read(one, codec) for one in stored]
            for kind in KINDS:
                effect = effect_of(stored, again, kind)
                missed = missed or _missed(case, name, kind, stored, again)
                if best is None or (effect.difference or 0.0) > (best[0].difference or 0.0):
                    best = effect, name, whole
        if best is None:
            yield Cleared(CAUSE, ("no instruction format reads the answers better than they were read",))
            return
        effect, name, whole = best
        if effect.difference is None or effect.difference <= 0 or not effect.sure:
            # What other faults have left may score as low, read or not.
            yield missed or Cleared(
                CAUSE, (f"read again as {name}, the stored texts give the same: {said_of(effect)}",)
            )
            return
        lost = sum(_unread(one) for one in stored)
        told = (
            f"the same texts read as {name} ({whole:.0%} of them read whole): {said_of(effect)}",
            f"nothing was read from {lost} of {len(stored)} answers; the first: {_first(stored)!r}",
        )
        yield Suspicion(CAUSE, 0.97, told, _remedy(name), effect, True)


def _missed(
    case: Case, name: str, kind: Kind, stored: Sequence[Example], again: Sequence[Example]
) -> Said | None:
    """A suspicion where nothing of a kind was read, and the format that the card states reads a lot."""
    found = sum(len(_items(one, kind)) for one in again)
    of_card = isinstance(case.card, FormatCard) and case.card.format == name
    if not of_card or found < MISSED or any(_items(one, kind) for one in stored):
        return None
    effect = effect_of(stored, again, kind)
    told = (
        f"no {kind} were read from {len(stored)} answers, and {name}, in which the model was trained, reads "
        f"{found} in them",
        said_of(effect),
    )
    return Suspicion(CAUSE, 0.9 if found >= MANY else 0.7, told, _remedy(name), effect)


def _items(example: Example, kind: Kind) -> Sequence[object]:
    found = example.predicted
    return () if found is None else found.mentions if kind == "entities" else found.relations


def _codecs(case: Case, spoken: list[Example]) -> Iterator[tuple[str, Codec, float]]:
    """The formats that may be that of the answers: the card's, and those that read most of them whole."""
    pairs = [(one.document, one.raw or "") for one in spoken]
    found = {one.format: one for one in readings(pairs, case.schema)}
    if isinstance(case.card, FormatCard):
        own = found.get(case.card.format)
        yield case.card.format, case.card.codec(), 0.0 if own is None else own.whole
    for name, reading in found.items():
        stated = isinstance(case.card, FormatCard) and case.card.format == name
        if reading.whole >= READ and not stated:
            yield name, reading_codec(name, case.schema, [text for _, text in pairs]), reading.whole


def _read(example: Example, codec: Codec) -> Example:
    assert example.raw is not None
    return example.with_prediction(codec.parse(example.document, example.raw), example.raw, example.truncated)


def _unread(example: Example) -> bool:
    found = example.predicted
    return found is None or not (found.mentions or found.unaligned or found.relations)


def _first(stored: list[Example]) -> str:
    text = next((one.raw for one in stored if _unread(one) and (one.raw or "").strip()), stored[0].raw) or ""
    return text[:80]


def _remedy(name: str) -> str:
    return f"{CAUSES[CAUSE].remedy}: here --format {name}"
