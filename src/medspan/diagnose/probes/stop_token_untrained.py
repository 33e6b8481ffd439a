"""The answer has no end: the stop token was in no target, or in none with a loss."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from medspan.core import Annotation, Concept, Example, Mention, UnalignedMention
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Lab
from medspan.diagnose.without_model import in_short
from medspan.format import Codec
from medspan.text import fold

CAUSE = "stop-token-untrained"
LEARNT = 0.5
"""Median probability of the stop token after a reference answer from which on it counts as learnt."""
RUNS_ON = 0.3
"""Share of answers that do not end, from which on a model runs on."""


@register
class StopTokenUntrained(Probe):
    """Reads the reference answers and looks at the stop token's probability where they end.

    0.95 where it is not learnt and answers cut off where they begin to repeat themselves score surely
    higher; 0.85 where it is not learnt and answers run to the limit; 0.4 where it is merely improbable.
    """

    name: ClassVar[str] = "stop-token-untrained"
    hypothesis: ClassVar[str] = "the model never learnt to end an answer"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data", "adapter")
    cost: ClassVar[float] = 23.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if case.tags:
            yield Cleared(CAUSE, ("the model tags, and writes no answers",))
            return
        if lab.problem is not None:
            yield from self._without_model(case, lab.problem)
            return
        rows = [one for one in (case.train_sample or case.sample) if one.reference is not None][:16]
        stops = [one.stop for one in lab.targets(lab.mended, rows)]
        middle = median(stops)
        told = f"probability of the stop token after a reference answer: median {middle:.3f} of {len(stops)}"
        if middle >= LEARNT:
            yield Cleared(CAUSE, (told,))
            return
        # The stored answers themselves, where nothing else is wrong with them.
        as_stored = bool(case.predictions) and not lab.explanation.causes
        answers = lab.stored if as_stored else lab.answers(lab.mended)
        endless = [one for one in answers if one.truncated]
        effect = lab.effect(answers, [_ended(one, lab.mended.codec) for one in answers])
        evidence = (
            told,
            f"{len(endless)} of {len(answers)} answers run to the limit; the first ends "
            f"{(endless or answers)[0].raw or ''!r:.120}",
            f"cut off where they begin to repeat themselves: {said_of(effect)}",
        )
        harm = effect.difference is not None and effect.difference > 0 and effect.sure
        runs_on = len(endless) >= RUNS_ON * len(answers)
        yield Suspicion(
            CAUSE,
            0.95 if harm else 0.85 if runs_on else 0.4,
            evidence,
            CAUSES[CAUSE].remedy,
            effect,
            harm,
            explains=("type-confusion", "boundary-errors", "undertrained"),
        )

    @staticmethod
    def _without_model(case: Case, problem: str) -> Iterator[Said]:
        """From the texts alone: answers that repeat themselves to the limit."""
        texts = [one for one in case.predictions if one.raw is not None]
        loops = [one for one in texts if _loops(one.raw or "")]
        if not texts or len(loops) < RUNS_ON * len(texts):
            yield Untold(CAUSE, problem)
            return
        told = (
            f"{len(loops)} of {len(texts)} answers repeat themselves to their end ({in_short(problem)}); "
            "the first: "
        )
        first = (loops[0].raw or "")[-100:]
        yield Suspicion(CAUSE, 0.7, (f"{told}{first!r}",))


def _loops(text: str) -> bool:
    """Whether the last lines or items of a text are the same few over and over."""
    pieces = [
        fold(piece) for piece in text.replace(";", "\n").replace(",", "\n").splitlines() if piece.strip()
    ]
    return len(pieces) >= 8 and len(set(pieces[-8:])) <= 4 and len(set(pieces)) <= 0.6 * len(pieces)


def _ended(example: Example, codec: Codec) -> Example:
    """The answer up to the first line that says nothing new, or nothing that the format can read."""
    raw = example.raw or ""
    kept, known = "", 0
    for line in raw.splitlines(keepends=True):
        longer = codec.parse(example.document, kept + line)
        items = {fold(str(key)) for key in _keys(longer)}
        repeats = len(list(_keys(longer))) > len(items)
        if longer.unparsed or (repeats and len(items) == known):
            break
        kept, known = kept + line, len(items)
    return example.with_prediction(codec.parse(example.document, kept), kept, False)


def _keys(annotation: Annotation) -> Iterator[tuple[str, ...]]:
    listed: tuple[Mention | UnalignedMention, ...] = (*annotation.mentions, *annotation.unaligned)
    for item in listed:
        yield item.type, item.text
    for relation in annotation.relations:
        ends = [end.id if isinstance(end, Concept) else end.text for end in (relation.head, relation.tail)]
        yield relation.type, *ends
