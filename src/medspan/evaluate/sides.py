"""The two sides of a document as all matches see them: folded strings and places, made once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Literal

from medspan.core import (
    NO_CONCEPT,
    Annotation,
    Concept,
    Endpoint,
    Example,
    InputError,
    Mention,
    UnalignedMention,
)
from medspan.evaluate.overlaps import Place
from medspan.text import bare_id, fold, occurrences

SideName = Literal["reference", "predicted"]
Item = Mention | UnalignedMention


NOT_VERBATIM = ("hyphen", "fuzzy")
"""How the place of a string was found that is not in the text as it was written, letter case aside."""


def both_sides(example: Example) -> tuple[Annotation, Annotation]:
    """The reference and the predicted annotation as it was written; InputError where one is missing."""
    if example.reference is None or example.predicted is None:
        lacking = "reference" if example.reference is None else "predicted"
        raise InputError(
            f"document {example.id!r} has no {lacking} annotation",
            cause="it was read from a file that holds only one side",
            remedy="pair a reference and a predicted file, or extract first",
            place=example.place,
        )
    return example.reference, as_written(example.predicted, example.reference)


def as_written(predicted: Annotation, reference: Annotation) -> Annotation:
    """`predicted` with what was not copied from the text as it was written, and without a place.

    Reading finds a place for `metforming` where the text has `metformin`, so that it can be shown; it is
    wrong all the same. A string that the reference itself writes so (`NOT_VERBATIM` too) keeps its place.
    """
    changed = [item for item in _all_mentions(predicted) if item.aligned_by in NOT_VERBATIM]
    if not changed:
        return predicted
    said = {fold(item.source_text) for item in _all_mentions(reference) if item.source_text is not None}
    lost = {
        item: UnalignedMention(item.type, item.source_text, "not-in-text", item.concepts)
        for item in changed
        if item.source_text is not None and fold(item.source_text) not in said
    }
    if not lost:
        return predicted

    def end(item: Endpoint) -> Endpoint:
        return lost.get(item, item) if isinstance(item, Mention) else item

    return replace(
        predicted,
        mentions=tuple(item for item in predicted.mentions if item not in lost),
        unaligned=(*predicted.unaligned, *(lost[item] for item in predicted.mentions if item in lost)),
        relations=tuple(replace(one, head=end(one.head), tail=end(one.tail)) for one in predicted.relations),
    )


def _all_mentions(annotation: Annotation) -> Iterable[Mention]:
    yield from annotation.mentions
    for relation in annotation.relations:
        for end in (relation.head, relation.tail):
            if isinstance(end, Mention):
                yield end


def listed(annotation: Annotation) -> tuple[Item, ...]:
    """Placed mentions, then unaligned ones."""
    return (*annotation.mentions, *annotation.unaligned)


def places(mention: Mention, text: str, scope: str) -> tuple[Place, ...]:
    """The places that `mention` stands for: its own, or every occurrence under scope `string`.

    A discontinuous mention whose joined text occurs nowhere keeps its own place.
    """
    if scope == "mention":
        return (mention.segments,)
    return tuple((place,) for place in occurrences(text, mention.text)) or (mention.segments,)


def concept_ids(item: Endpoint) -> tuple[str, ...]:
    """The concept ids of a mention or an endpoint, bare; what stands for "no entry" is none."""
    given = (item.id,) if isinstance(item, Concept) else item.concepts
    return tuple(bare for bare in map(bare_id, given) if bare and bare != NO_CONCEPT)


@dataclass(slots=True)
class Side:
    """One annotation of a document: its items that name something, folded, and where they stand."""

    name: SideName
    annotation: Annotation
    text: str
    items: list[tuple[Item, str]] = field(default_factory=list)
    _occurring: dict[str, tuple[Place, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Blank items name nothing and are on neither side. Where a string stands for all its occurrences,
        # repeats of it add nothing: a model that runs on may write thousands.
        items: Iterable[Item] = listed(self.annotation)
        if self.annotation.scope == "string":
            once: dict[tuple[str, str, tuple[str, ...]], Item] = {}
            for item in items:
                once.setdefault((item.type, item.text, item.concepts), item)
            items = once.values()
        self.items = [(item, folded) for item in items if (folded := fold(item.text))]

    def places(self, mention: Mention) -> tuple[Place, ...]:
        """As `places`, looked up once for each string."""
        if self.annotation.scope == "mention":
            return (mention.segments,)
        if len(mention.segments) > 1:
            return places(mention, self.text, "string")
        found = self._occurring.get(mention.text)
        if found is None:
            found = self._occurring[mention.text] = places(mention, self.text, "string")
        return found


@dataclass(slots=True)
class Pair:
    """A document with both sides.

    `own_ids`: whether predicted mentions are brought to concepts by their own ids; without, by gold
    linking, as `match_relations` describes it.
    """

    reference: Side
    predicted: Side
    own_ids: bool = False
    _concepts: dict[str, dict[str, None]] | None = None
    _typed: dict[tuple[str, str], dict[str, None]] | None = None
    _without: set[tuple[str, str]] | None = None

    @classmethod
    def of(cls, example: Example, own_ids: bool | None = None) -> Pair:
        reference, predicted = both_sides(example)
        text = example.document.text
        own = gives_ids([predicted]) if own_ids is None else own_ids
        return cls(Side("reference", reference, text), Side("predicted", predicted, text), own)

    @property
    def concepts(self) -> dict[str, dict[str, None]]:
        """The concept ids of each folded string of the reference's mentions and ends."""
        if self._concepts is None:
            self._concepts = {}
            ends = (end for one in self.reference.annotation.relations for end in (one.head, one.tail))
            named = (end for end in ends if not isinstance(end, Concept))
            for item in (*(item for item, _ in self.reference.items), *named):
                for concept in concept_ids(item) if item.concepts else ():
                    self._concepts.setdefault(fold(item.text), {})[concept] = None
        return self._concepts

    def concepts_of(self, type: str, folded: str) -> Iterable[str]:
        """The concept ids of the reference's mentions of this type and string, else of this string."""
        if self._typed is None:
            self._typed = {}
            for item, its in self.reference.items:
                for concept in concept_ids(item) if item.concepts else ():
                    self._typed.setdefault((item.type, its), {})[concept] = None
        typed = self._typed.get((type, folded))
        if typed is not None:
            return typed
        return () if self.lacks_concept(type, folded) else self.concepts.get(folded, ())

    def lacks_concept(self, type: str, folded: str) -> bool:
        """Whether the reference names this string under this type without any concept id."""
        if self._without is None:
            self._without = {(item.type, its) for item, its in self.reference.items if not concept_ids(item)}
        return (type, folded) in self._without

    def linked(self, side: Side, item: Endpoint) -> tuple[str, ...]:
        """The concept ids that an item of a side comes to."""
        if side.name == "reference" or self.own_ids or isinstance(item, Concept):
            return concept_ids(item)
        return tuple(self.concepts.get(fold(item.text), ()))


def has_ids(annotations: Iterable[Annotation]) -> bool:
    """Whether any mention or endpoint of the annotations has a concept id."""
    return any(
        concept_ids(item)
        for annotation in annotations
        for items in (
            listed(annotation),
            (end for relation in annotation.relations for end in (relation.head, relation.tail)),
        )
        for item in items
        if isinstance(item, Concept) or item.concepts
    )


def gives_ids(annotations: Iterable[Annotation]) -> bool:
    """Whether at least half of the mentions and ends have concept ids: then they are their own."""
    items = with_ids = 0
    for annotation in annotations:
        ends = (end for relation in annotation.relations for end in (relation.head, relation.tail))
        for item in (*listed(annotation), *ends):
            items += 1
            with_ids += bool(concept_ids(item))
    return with_ids > 0 and 2 * with_ids >= items
