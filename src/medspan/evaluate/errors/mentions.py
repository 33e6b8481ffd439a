"""The kind of each missed and each spurious mention of a document."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from medspan.core import Mention, UnalignedMention
from medspan.evaluate.errors.kinds import ErrorSide
from medspan.evaluate.errors.labels import Labels
from medspan.evaluate.errors.standing import Standing, largest_overlap
from medspan.evaluate.errors.strings import (
    casefolded,
    defines_abbreviation,
    differ_in_case,
    differ_in_characters,
    similarity,
)
from medspan.evaluate.match import Outcome
from medspan.evaluate.overlaps import Place
from medspan.evaluate.sides import Side
from medspan.text import fold

Item = Mention | UnalignedMention
Judgement = tuple[str, Item | None]
"""A kind, and the counterpart on the other side if there is one."""

_WORD = re.compile(r"\S+")


@dataclass(slots=True)
class MentionJudge:
    """Tells the kinds of the entity errors of one document.

    `outcome`'s items must stand in an order that depends on nothing but themselves: of several equally
    good counterparts the first is taken. Counterparts in place are other errors, since what overlaps
    only with a mention that is right is missed or spurious in its own right; so are the
    counterparts by string of what stands in the text, under the strict match. Kinds that hang on the
    whole set (`annotation-inconsistency`) are not told here.
    """

    standing: Standing
    outcome: Outcome[Item]
    labels: Labels

    def judge(self, item: Item, side: ErrorSide) -> Judgement:
        """The kind of one error: the first in order of precedence that holds."""
        pair = self.standing.pair
        errors = self.outcome.missed if side == "spurious" else self.outcome.spurious
        whole = pair.reference if side == "spurious" else pair.predicted
        same_type, other_type = self._overlapping(item, errors)
        if same_type is not None:
            mine, its, other = same_type
            places = (its, mine) if side == "spurious" else (mine, its)
            return boundary_kind(*places, self.standing.text), other
        others = [*errors, *(one for one, _ in whole.items)]
        confused = next((one for one in others if self._stands_as(item, one, whole)), None)
        if confused is not None:
            return "type-confusion", confused
        if other_type is not None:
            return "boundary-and-type", other_type[2]
        by_string = self._by_string(item, errors, others)
        if by_string is not None:
            return by_string
        if isinstance(item, UnalignedMention):
            return "ungrounded", None
        return ("spurious-grounded" if side == "spurious" else "missed"), None

    def _overlapping(
        self, item: Item, errors: Sequence[Item]
    ) -> tuple[tuple[Place, Place, Item] | None, tuple[Place, Place, Item] | None]:
        """The error with the largest overlap of the same type, and that of another one, with the places."""
        mine = self.standing.of_item(item)
        best: list[tuple[int, Place, Place, Item] | None] = [None, None]
        for other in errors if mine else ():
            overlap = largest_overlap(mine, self.standing.of_item(other))
            column = int(other.type != item.type)
            before = best[column]
            if overlap is not None and (before is None or overlap[0] > before[0]):
                best[column] = (*overlap, other)
        same, another = (found and (found[1], found[2], found[3]) for found in best)
        return same, another

    def _stands_as(self, item: Item, other: Item, its_side: Side) -> bool:
        """Whether the match would take the two for the same, were it not for their types."""
        if other.type == item.type:
            return False
        if self.standing.how == "text":
            return fold(item.text) == fold(other.text)
        if isinstance(item, Mention) and isinstance(other, Mention):
            if item.segments == other.segments:
                return True
            return its_side.annotation.scope == "string" and item.text == other.text
        return type(item) is type(other) and fold(item.text) == fold(other.text)

    def _by_string(self, item: Item, errors: Sequence[Item], others: Sequence[Item]) -> Judgement | None:
        """The first of the kinds that compare strings, over counterparts of the same type.

        Under the strict match a string that stands in the text is wrong by its place: that another form
        of it is right elsewhere says nothing, so that only errors are its counterparts.
        """
        mine = item.text
        by_place = self.standing.how == "strict" and _is_copied(item)
        others = [one for one in (errors if by_place else others) if one.type == item.type]
        for kind, differ in (
            ("special-character", differ_in_characters),
            ("letter-case", differ_in_case),
        ):
            for other in others:
                if differ(mine, other.text):
                    return kind, other
        for other in others:
            if self._names_the_same(item, other):
                return "abbreviation-or-synonym", other
        written = _as_written(item)
        nearest: tuple[float, Item] | None = None
        for other in others:
            if _is_copied(item) and _is_copied(other):
                continue
            near = similarity(written, _as_written(other))
            if near and casefolded(written) != casefolded(_as_written(other)):
                nearest = (near, other) if nearest is None or near > nearest[0] else nearest
        return ("near-miss-copy", nearest[1]) if nearest else None

    def _names_the_same(self, item: Item, other: Item) -> bool:
        if casefolded(item.text) == casefolded(other.text):
            return False
        ours, theirs = self.labels.concepts(item), self.labels.concepts(other)
        if ours and theirs:
            return not ours.isdisjoint(theirs)
        lower = self.standing.lower
        return "(" in lower and defines_abbreviation(lower, item.text, other.text)


def _is_copied(item: Item) -> bool:
    """Whether the string stands in the text as it was written, case, hyphens and spaces aside."""
    return isinstance(item, Mention) and item.aligned_by != "fuzzy"


def _as_written(item: Item) -> str:
    return item.source_text or item.text if isinstance(item, Mention) else item.text


def boundary_kind(reference: Place, predicted: Place, text: str) -> str:
    """The kind of two places of one type that overlap without being the same."""

    def lies_within(start: int, end: int, place: Place) -> bool:
        return all(any(first <= at < last for first, last in place) for at in range(start, end))

    if all(lies_within(start, end, predicted) for start, end in reference):
        return "boundary-longer"
    words = [
        (start + word.start(), start + word.end())
        for start, end in reference
        for word in _WORD.finditer(text[start:end])
    ]
    has_words = any(lies_within(*word, predicted) for word in words)
    within = all(lies_within(start, end, reference) for start, end in predicted)
    return "boundary-partial" if has_words or not within else "boundary-shorter"
