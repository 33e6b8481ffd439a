"""Stored answers that stand beside other documents than those that they answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import ClassVar

from medspan.core import Annotation, Example, Mention, UnalignedMention
from medspan.diagnose.base import Effect, Need, Probe, Said, Suspicion, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Lab

CAUSE = "data-changed"
STRINGS = 2
"""Least different strings of an answer that is looked for in other texts: one string stands in many."""
LEAST, SHARE = 4, 0.2
"""How many answers must belong to another document, and which share of those that say enough."""
MOST = 0.6
"""Share of the answers that are not at home which must have another one, each its own: what a model invents
stands in some other text at times, too."""


@register
class AnswersDisplaced(Probe):
    """Looks for stored answers whose strings stand in another document of the part, and not in their own.

    0.97, confirmed, where they surely score better beside the documents that hold their strings.
    """

    name: ClassVar[str] = "answers-displaced"
    hypothesis: ClassVar[str] = "stored answers stand beside other documents than those that they answer"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data", "predictions")
    cost: ClassVar[float] = 0.8

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        speaking = [one for one in case.sample if len(_strings(one)) >= STRINGS]
        if len(speaking) < LEAST:
            return
        strays = [one for one in speaking if not _holds(one.document.text, _strings(one), 0.5)]
        homes = _homes(strays, case.predictions)
        # Nothing is excluded otherwise: answers stand beside their own documents whatever else has changed.
        if len(homes) < max(LEAST, SHARE * len(speaking), MOST * len(strays)):
            return
        effect = _effect(case, lab, homes)
        if not effect.sure or (effect.difference or 0.0) <= 0:
            return
        told = (
            f"{len(homes)} of {len(speaking)} stored answers that name {STRINGS} strings or more have few or "
            f"none from their own document, and all from one other of {case.scored}{_further(case, homes)}",
            said_of(effect) + ", beside the documents that hold their strings",
        )
        yield Suspicion(CAUSE, 0.97, told, _REMEDY, effect, True, explains=_SIGNS)


_REMEDY = (
    "pair answers with documents by an id that the generating script writes beside each answer, not by their "
    "order; where the data was sorted or split anew since, score against the file that was answered"
)
_SIGNS = tuple(
    cause for cause, info in CAUSES.items() if info.stage in ("evaluation", "environment", "residue")
)
"""Read after prompts of other documents, answers look as if anything had gone wrong."""


def _predicted(one: Example) -> Annotation:
    return one.predicted or Annotation()


def _strings(one: Example) -> frozenset[str]:
    """What an answer names, in small letters."""
    found = _predicted(one)
    ends = [end for relation in found.relations for end in (relation.head, relation.tail)]
    named = [*found.mentions, *found.unaligned, *ends]
    texts = (item.text for item in named if isinstance(item, Mention | UnalignedMention))
    return frozenset(text.casefold() for text in texts if text.strip())


def _holds(text: str, strings: frozenset[str], share: float) -> bool:
    folded = text.casefold()
    return sum(string in folded for string in strings) >= share * len(strings)


def _homes(strays: Sequence[Example], rows: Sequence[Example]) -> list[tuple[Example, Example]]:
    """The answers with the one row whose text holds all their strings; a row that two claim is nobody's."""
    claims: list[tuple[Example, Example]] = []
    for stray in strays:
        found = [one for one in rows if _holds(one.document.text, _strings(stray), 1.0)]
        if len(found) == 1:
            claims.append((stray, found[0]))
    count = Counter(id(home) for _, home in claims)
    return [(stray, home) for stray, home in claims if count[id(home)] == 1]


def _further(case: Case, homes: Sequence[tuple[Example, Example]]) -> str:
    """By how many rows answers have moved, where most have moved alike."""
    places = {id(one): place for place, one in enumerate(case.predictions)}
    moved, count = Counter(places[id(home)] - places[id(stray)] for stray, home in homes).most_common(1)[0]
    if count < MOST * len(homes):
        return ", in no order"
    rows = "row" if abs(moved) == 1 else "rows"
    return f": {count} of them from that {abs(moved)} {rows} {'further on' if moved > 0 else 'before'}"


def _effect(case: Case, lab: Lab, homes: Sequence[tuple[Example, Example]]) -> Effect:
    """F1 of the sampled answers where they stand, and where their strings do."""
    known = {id(stray): home for stray, home in homes}
    moved = [
        one if home is None else replace(home, predicted=_placed(_predicted(one), home.document.text))
        for one, home in ((one, known.get(id(one))) for one in case.sample)
    ]
    return lab.effect(case.sample, moved)


def _placed(found: Annotation, text: str) -> Annotation:
    """The annotation with its strings at their first places in the text of another document."""

    def place(item: object) -> object:
        if not isinstance(item, Mention | UnalignedMention):
            return item
        start = text.casefold().find(item.text.casefold())
        end = start + len(item.text)
        # Letters that change their number when they are folded leave no place to point to.
        if start < 0 or text[start:end].casefold() != item.text.casefold():
            return UnalignedMention(item.type, item.text, "not-in-text", item.concepts)
        return Mention.at(text, start, end, item.type)

    placed = [place(one) for one in (*found.mentions, *found.unaligned)]
    relations = tuple(replace(one, head=place(one.head), tail=place(one.tail)) for one in found.relations)  # type: ignore[arg-type]
    return replace(
        found,
        mentions=tuple(one for one in placed if isinstance(one, Mention)),
        unaligned=tuple(one for one in placed if isinstance(one, UnalignedMention)),
        relations=relations,
    )
