"""Which predicted mentions and relations the reference holds, document by document."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar, get_args

from medspan.core import (
    NO_CONCEPT,
    UNKNOWN_TYPE,
    Annotation,
    Concept,
    Endpoint,
    Example,
    InputError,
    Mention,
    Relation,
    Segment,
    UnalignedMention,
)
from medspan.text import bare_id, fold, occurrences

How = Literal["text", "strict"]
Kind = Literal["entities", "relations"]
Side = Literal["reference", "predicted"]
Counts = tuple[int, int, int]
Item = TypeVar("Item", Mention | UnalignedMention, Relation)

HOWS: tuple[How, ...] = get_args(How)
KINDS: tuple[Kind, ...] = get_args(Kind)

_Key = tuple[Hashable, ...]
_RelationKey = tuple[frozenset[_Key], str, frozenset[_Key]]

"""Optional before a MeSH id, as in the official BioCreative V CDR evaluator."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Item]):
    """Reference items found, reference items missed, and predicted items that are spurious.

    Repeats are merged before they are counted; each item is the first that stood for its key.
    """

    found: tuple[Item, ...] = ()
    missed: tuple[Item, ...] = ()
    spurious: tuple[Item, ...] = ()

    def counts(self) -> dict[str, Counts]:
        """(true positives, false positives, false negatives) by type, types in order of name."""
        totals: dict[str, list[int]] = {}
        for column, items in enumerate((self.found, self.spurious, self.missed)):
            for item in items:
                totals.setdefault(item.type, [0, 0, 0])[column] += 1
        return {type: (row[0], row[1], row[2]) for type, row in sorted(totals.items())}


def both_sides(example: Example) -> tuple[Annotation, Annotation]:
    """The reference and the predicted annotation; InputError where one is missing."""
    if example.reference is None or example.predicted is None:
        lacking = "reference" if example.reference is None else "predicted"
        raise InputError(
            f"document {example.id!r} has no {lacking} annotation",
            cause="it was read from a file that holds only one side",
            remedy="pair a reference and a predicted file, or extract first",
            place=example.place,
        )
    return example.reference, example.predicted


def listed(annotation: Annotation) -> tuple[Mention | UnalignedMention, ...]:
    """Placed mentions, then unaligned ones."""
    return (*annotation.mentions, *annotation.unaligned)


@dataclass(frozen=True, slots=True)
class Judged(Generic[Item]):
    """A predicted item with the keys of the reference items that it finds; with none it is spurious.

    Spurious items of one `key` are one false positive.
    """

    item: Item
    finds: frozenset[Hashable]
    key: Hashable


def match_mentions(example: Example, how: How) -> Outcome[Mention | UnalignedMention]:
    """Compare the mentions of one document.

    `text`: the set of (type, folded text) on either side, unaligned mentions included. `strict`: the
    set of (segments, type); an annotation of scope `string` counts at every occurrence of its
    strings, and unaligned mentions match nothing. Blank items name nothing and are on neither side.
    """
    return _outcome(*judge_mentions(example, how))


def judge_mentions(
    example: Example, how: How
) -> tuple[Mapping[_Key, Mention | UnalignedMention], list[Judged[Mention | UnalignedMention]]]:
    """The reference's mentions by their keys, and each predicted one with what it finds of them."""
    reference, predicted = both_sides(example)
    text = example.document.text
    wanted: dict[_Key, Mention | UnalignedMention] = {}
    for key, item in _mention_keys(reference, text, how, "reference"):
        wanted.setdefault(key, item)
    judged = [
        Judged(item, frozenset((key,) if key in wanted else ()), key)
        for key, item in _mention_keys(predicted, text, how, "predicted")
    ]
    return wanted, judged


def _outcome(wanted: Mapping[Any, Item], judged: Iterable[Judged[Item]]) -> Outcome[Item]:
    reached: set[Hashable] = set()
    spurious: dict[Hashable, Item] = {}
    for one in judged:
        reached |= one.finds
        if not one.finds:
            spurious.setdefault(one.key, one.item)
    return Outcome(
        tuple(item for key, item in wanted.items() if key in reached),
        tuple(item for key, item in wanted.items() if key not in reached),
        tuple(spurious.values()),
    )


def places(mention: Mention, text: str, scope: str) -> tuple[tuple[Segment, ...], ...]:
    """The places that `mention` stands for: its own, or every occurrence under scope `string`.

    A discontinuous mention whose joined text occurs nowhere keeps its own place.
    """
    if scope == "mention":
        return (mention.segments,)
    return tuple((place,) for place in occurrences(text, mention.text)) or (mention.segments,)


def match_relations(example: Example, how: How, *, linked: bool) -> Outcome[Relation]:
    """Compare the relations of one document.

    `text`: a relation is (folded head text, type, folded tail text). `strict`: (head place, head type,
    type, tail place, tail type), where an endpoint of scope `string` stands for all occurrences of
    its string, and two endpoints agree where they share a place and a type.

    Reference endpoints that are concepts are met by **gold linking**: a predicted endpoint counts as
    every concept one of whose reference mentions in this document has the same folded string (ids of
    predicted mentions are not looked at). Predictions that come to the same concepts count once. A
    string of several concepts (a composite) finds each reference pair it can reach, and is one false
    positive if it reaches none. What links to nothing is a false positive under its own strings. In
    `strict` the endpoint's type must be the concept's as well; an endpoint of unknown type, and a
    concept whose type nothing tells, fit any.

    `linked` turns gold linking on; see `links_concepts`.
    """
    return _outcome(*judge_relations(example, how, linked=linked))


def judge_relations(
    example: Example, how: How, *, linked: bool
) -> tuple[Mapping[_RelationKey, Relation], list[Judged[Relation]]]:
    """The reference's relations by their keys, and each predicted one with what it finds of them."""
    reference, predicted = both_sides(example)
    view = _View(example.document.text, how)
    if linked:
        view.learn(reference, predicted)
    wanted: dict[_RelationKey, Relation] = {}
    for relation in reference.relations:
        wanted.setdefault(view.key(relation, reference, "reference"), relation)
    judged = []
    for relation in predicted.relations:
        head, type, tail = view.key(relation, predicted, "predicted")
        hits = frozenset(
            other
            for other in wanted
            if other[1] == type and not other[0].isdisjoint(head) and not other[2].isdisjoint(tail)
        )
        judged.append(Judged(relation, hits, (_identity(head), type, _identity(tail))))
    return wanted, judged


def links_concepts(examples: Iterable[Example]) -> list[bool]:
    """For each document, whether predicted endpoints are brought to concepts by gold linking.

    They are where the document's reference relations join concepts, or where it has no reference
    relation and those of the other documents do.
    """
    own = [_joins_concepts(example.reference) for example in examples]
    anywhere = any(own)
    return [anywhere if joins is None else joins for joins in own]


def _joins_concepts(annotation: Annotation | None) -> bool | None:
    if annotation is None or not annotation.relations:
        return None
    ends = (end for relation in annotation.relations for end in (relation.head, relation.tail))
    return any(isinstance(end, Concept) for end in ends)


def _mention_keys(
    annotation: Annotation, text: str, how: How, side: Side
) -> Iterator[tuple[_Key, Mention | UnalignedMention]]:
    """The keys of each item of an annotation; of scope `string`, one for every occurrence."""
    for item in listed(annotation):
        folded = fold(item.text)
        if not folded:
            continue
        if how == "text":
            yield (item.type, folded), item
        elif isinstance(item, UnalignedMention):
            # The side in the key keeps an unaligned reference from meeting an unaligned prediction.
            yield (side, item.type, folded), item
        else:
            for segments in places(item, text, annotation.scope):
                yield (segments, item.type), _at(item, segments, text)


def _at(mention: Mention, segments: tuple[Segment, ...], text: str) -> Mention:
    if segments == mention.segments:
        return mention
    return Mention(segments, mention.type, " ".join(text[start:end] for start, end in segments))


@dataclass(slots=True)
class _View:
    """One document as the relations of both sides are brought to comparable keys."""

    text: str
    how: How
    concepts: dict[str, dict[str, None]] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)

    def learn(self, reference: Annotation, predicted: Annotation) -> None:
        for annotation in (reference, predicted):
            for item in listed(annotation):
                for concept in map(bare_id, item.concepts):
                    if concept == NO_CONCEPT:
                        continue
                    if annotation is reference:
                        self.concepts.setdefault(fold(item.text), {})[concept] = None
                    # The prediction's mentions tell the type of a predicted concept that the
                    # reference does not mention.
                    elif concept in self.types:
                        continue
                    self.types.setdefault(concept, set()).add(item.type)

    def key(self, relation: Relation, annotation: Annotation, side: Side) -> _RelationKey:
        return (
            self._endpoint(relation.head, annotation, side),
            relation.type,
            self._endpoint(relation.tail, annotation, side),
        )

    def _endpoint(self, end: Endpoint, annotation: Annotation, side: Side) -> frozenset[_Key]:
        """Keys of which one must be shared for two endpoints to agree."""
        strict = self.how == "strict"
        if isinstance(end, Concept):
            bare = bare_id(end.id)
            known: Iterable[str | None] = {end.type} if end.type else self.types.get(bare, {None})
            return frozenset(("concept", bare, type if strict else None) for type in known)
        type = end.type if strict else None
        keys: set[_Key]
        if not strict:
            keys = {("text", fold(end.text))}
        elif isinstance(end, Mention):
            keys = {("place", place, type) for place in places(end, self.text, annotation.scope)}
        else:
            keys = {(side, fold(end.text), type)}
        if side == "predicted":
            for concept in self.concepts.get(fold(end.text), ()):
                keys |= {("concept", concept, type), ("concept", concept, None)}
                if type == UNKNOWN_TYPE:
                    keys |= {("concept", concept, its) for its in self.types[concept]}
        return frozenset(keys)


def _identity(keys: frozenset[_Key]) -> frozenset[_Key]:
    """The concepts among `keys`, or all where there is none: what two equal false positives share."""
    return frozenset(key for key in keys if key[0] == "concept") or keys
