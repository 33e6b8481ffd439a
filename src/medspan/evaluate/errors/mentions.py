"""The kind of each missed and each spurious mention of a document."""

from __future__ import annotations

import re

from medspan.core import UnalignedMention
from medspan.evaluate.errors.counterparts import Counterparts, Item, is_copied
from medspan.evaluate.errors.kinds import ErrorSide
from medspan.evaluate.errors.labels import Labels
from medspan.evaluate.errors.standing import Standing
from medspan.evaluate.match import Outcome
from medspan.evaluate.overlaps import Place

Judgement = tuple[str, Item | None]
"""A kind, and the counterpart on the other side if there is one."""

_WORD = re.compile(r"\S+")


class MentionJudge:
    """Tells the kinds of the entity errors of one document.

    `outcome`'s items must stand in an order that depends on nothing but themselves: of several equally
    good counterparts the first is taken. Counterparts in place are other errors, since what overlaps
    only with a mention that is right is missed or spurious in its own right; so are the
    counterparts by string of what stands in the text, under the strict match. Kinds that hang on the
    whole set (`annotation-inconsistency`) are not told here.
    """

    def __init__(self, standing: Standing, outcome: Outcome[Item], labels: Labels) -> None:
        pair = standing.pair
        self._standing = standing
        self._others: dict[ErrorSide, Counterparts] = {
            "spurious": Counterparts(standing, labels, outcome.missed, pair.reference),
            "missed": Counterparts(standing, labels, outcome.spurious, pair.predicted),
        }

    def judge(self, item: Item, side: ErrorSide) -> Judgement:
        """The kind of one error: the first in order of precedence that holds."""
        others = self._others[side]
        same_type, other_type = others.overlapping(item)
        if same_type is not None:
            mine, its, other = same_type
            places = (its, mine) if side == "spurious" else (mine, its)
            return boundary_kind(*places, self._standing.text), other
        confused = others.of_another_type(item)
        if confused is not None:
            return "type-confusion", confused
        if other_type is not None:
            return "boundary-and-type", other_type[2]
        by_string = self._by_string(item, others)
        if by_string is not None:
            return by_string
        if isinstance(item, UnalignedMention):
            return "ungrounded", None
        return ("spurious-grounded" if side == "spurious" else "missed"), None

    def _by_string(self, item: Item, others: Counterparts) -> Judgement | None:
        """The first of the kinds that compare strings, over counterparts of the same type.

        Under the strict match a string that stands in the text is wrong by its place: that another form
        of it is right elsewhere says nothing, so that only errors are its counterparts.
        """
        by_place = self._standing.how == "strict" and is_copied(item)
        strings = others.strings(item.type, errors=by_place)
        if strings is None:
            return None
        for kind, look_up in (
            ("special-character", strings.of_other_characters),
            ("letter-case", strings.of_other_case),
            ("abbreviation-or-synonym", strings.of_another_name),
            ("near-miss-copy", strings.nearly_copied),
        ):
            other = look_up(item)
            if other is not None:
                return kind, other
        return None


def boundary_kind(reference: Place, predicted: Place, text: str) -> str:
    """The kind of two places of one type that overlap without being the same."""

    def lies_within(start: int, end: int, place: Place) -> bool:
        # The segments of a place do not overlap.
        return sum(max(0, min(end, last) - max(start, first)) for first, last in place) == end - start

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
