"""Where the items of one document stand under a match, looked up once."""

from __future__ import annotations

from dataclasses import dataclass, field

from medspan.core import Concept, Endpoint, Mention, UnalignedMention
from medspan.evaluate.match import How
from medspan.evaluate.overlaps import Place
from medspan.evaluate.sides import Pair, Side, concept_ids
from medspan.text import fold, occurrences


def lowered(text: str) -> str:
    """`text` in lower case and with plain spaces, every character where it stood."""
    lower = text.lower()
    if len(lower) != len(text):
        lower = "".join(low if len(low := character.lower()) == 1 else character for character in text)
    return lower.replace("\n", " ").replace("\t", " ").replace("\r", " ").replace("\u00a0", " ")


def shared(one: Place, other: Place) -> int:
    """How many characters two places have in common."""
    if one[-1][1] <= other[0][0] or other[-1][1] <= one[0][0]:
        return 0
    return sum(max(0, min(end, last) - max(start, first)) for start, end in one for first, last in other)


@dataclass(slots=True)
class Standing:
    """A document under a match: the places of its items, and what two of them share.

    Under `strict` a mention stands at its own place or, of scope `string`, at every occurrence; under
    `text` at every occurrence of its folded string. What has no place stands nowhere.
    """

    pair: Pair
    how: How
    _lower: str | None = None
    _occurring: dict[str, tuple[Place, ...]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.pair.reference.text

    @property
    def lower(self) -> str:
        if self._lower is None:
            self._lower = lowered(self.text)
        return self._lower

    def of_item(self, item: Mention | UnalignedMention) -> tuple[Place, ...]:
        """The places of an item as the match counts it: under `strict` its own one."""
        if not isinstance(item, Mention):
            return ()
        return (item.segments,) if self.how == "strict" else self._everywhere(item)

    def of_end(self, end: Endpoint, side: Side) -> tuple[Place, ...]:
        """The places of an end of a relation; a concept stands where its mentions stand."""
        if isinstance(end, Concept):
            wanted = concept_ids(end)
            return tuple(
                place
                for item, _ in side.items
                if isinstance(item, Mention) and item.concepts and set(wanted) & set(concept_ids(item))
                for place in self.of_end(item, side)
            )
        if not isinstance(end, Mention):
            return ()
        return side.places(end) if self.how == "strict" else self._everywhere(end)

    def _everywhere(self, mention: Mention) -> tuple[Place, ...]:
        folded = fold(mention.text)
        found = self._occurring.get(folded)
        if found is None:
            found = tuple((place,) for place in occurrences(self.lower, folded))
            self._occurring[folded] = found
        return found or (mention.segments,)


def largest_overlap(one: tuple[Place, ...], other: tuple[Place, ...]) -> tuple[int, Place, Place] | None:
    """The largest number of characters that a place of each has in common, and those places; None for 0."""
    best: tuple[int, Place, Place] | None = None
    for mine in one:
        for its in other:
            count = shared(mine, its)
            if count and (best is None or count > best[0]):
                best = count, mine, its
    return best
