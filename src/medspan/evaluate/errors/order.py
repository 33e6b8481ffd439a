"""Put the items of an annotation in an order that depends on nothing but themselves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from medspan.core import Annotation, Concept, Endpoint, Mention, Relation, UnalignedMention


def ordered(annotation: Annotation) -> Annotation:
    """`annotation` with its items in order of the text; itself where they stand so already."""
    mentions, unaligned, relations = annotation.mentions, annotation.unaligned, annotation.relations
    if not _ascend([mention.segments for mention in mentions]):
        mentions = tuple(sorted(mentions, key=_end_key))
    if len(unaligned) > 1:
        unaligned = tuple(sorted(unaligned, key=_end_key))
    if len(relations) > 1:
        relations = _ordered_relations(relations)
    before = annotation.mentions, annotation.unaligned, annotation.relations
    if all(new is old for new, old in zip((mentions, unaligned, relations), before, strict=True)):
        return annotation
    return Annotation(mentions, unaligned, relations, annotation.scope)


def _ordered_relations(relations: tuple[Relation, ...]) -> tuple[Relation, ...]:
    # Whole keys are dear, and nearly always needless: places and types decide.
    placed: list[Any] = [
        (one.head.segments, one.type, one.tail.segments)
        for one in relations
        if isinstance(one.head, Mention) and isinstance(one.tail, Mention)
    ]
    if len(placed) < len(relations):
        return tuple(sorted(relations, key=_relation_key))
    if _ascend(placed):
        return relations
    order = sorted(range(len(placed)), key=placed.__getitem__)
    if _ascend([placed[number] for number in order]):
        return tuple(relations[number] for number in order)
    return tuple(sorted(relations, key=_relation_key))


def _ascend(keys: Sequence[Any]) -> bool:
    return all(one < other for one, other in pairwise(keys))


def _relation_key(relation: Relation) -> tuple[Any, ...]:
    return _end_key(relation.head), relation.type, _end_key(relation.tail)


def _end_key(end: Endpoint) -> tuple[Any, ...]:
    if isinstance(end, Mention):
        return 0, end.segments, end.type, end.text, end.concepts, end.aligned_by, end.source_text or ""
    if isinstance(end, UnalignedMention):
        return 1, (), end.type, end.text, end.concepts, end.reason, ""
    assert isinstance(end, Concept)
    return 2, (), end.type or "", end.id, (), "", ""
