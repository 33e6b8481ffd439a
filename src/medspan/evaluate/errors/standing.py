"""Where the items of one document stand under a match, looked up once."""

from __future__ import annotations

from dataclasses import dataclass, field

from medspan.core import Concept, Endpoint, Mention, UnalignedMention
from medspan.evaluate.errors.strings import abbreviations, casefolded
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
    _concepts: dict[str, dict[str, tuple[Place, ...]]] = field(default_factory=dict)
    _abbreviations: dict[str, set[str]] | None = None

    @property
    def text(self) -> str:
        return self.pair.reference.text

    @property
    def lower(self) -> str:
        if self._lower is None:
            self._lower = lowered(self.text)
        return self._lower

    @property
    def abbreviations(self) -> dict[str, set[str]]:
        """The strings of either side, case-folded, that the text says to be short or long for another."""
        if self._abbreviations is None:
            items = (*self.pair.reference.items, *self.pair.predicted.items)
            told = "(" in self.text
            self._abbreviations = (
                abbreviations(self.lower, (casefolded(item.text) for item, _ in items)) if told else {}
            )
        return self._abbreviations

    def of_item(self, item: Mention | UnalignedMention) -> tuple[Place, ...]:
        """The places of an item as the match counts it: under `strict` its own one."""
        if not isinstance(item, Mention):
            return ()
        return (item.segments,) if self.how == "strict" else self._everywhere(item)

    def of_end(self, end: Endpoint, side: Side) -> tuple[Place, ...]:
        """The places of an end of a relation; a concept stands where its mentions stand."""
        if isinstance(end, Concept):
            known = self._concepts.get(side.name)
            if known is None:
                known = self._concepts[side.name] = self._of_concepts(side)
            return next((known[one] for one in concept_ids(end) if one in known), ())
        if not isinstance(end, Mention):
            return ()
        return side.places(end) if self.how == "strict" else self._everywhere(end)

    def _of_concepts(self, side: Side) -> dict[str, tuple[Place, ...]]:
        """The places of each concept of a side, each once."""
        found: dict[str, dict[Place, None]] = {}
        seen = set()
        for item, _ in side.items:
            if not isinstance(item, Mention) or not item.concepts:
                continue
            its = self.of_end(item, side)
            for concept in concept_ids(item):
                # A string that stands at many places may be listed as often.
                key = concept, item.text, its if len(its) == 1 else None
                if key not in seen:
                    seen.add(key)
                    found.setdefault(concept, {}).update(dict.fromkeys(its))
        return {concept: tuple(its) for concept, its in found.items()}

    def _everywhere(self, mention: Mention) -> tuple[Place, ...]:
        folded = fold(mention.text)
        found = self._occurring.get(folded)
        if found is None:
            found = tuple((place,) for place in occurrences(self.lower, folded))
            self._occurring[folded] = found
        return found or (mention.segments,)
