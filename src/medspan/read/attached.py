"""What a row keeps beside an item (further columns) goes with the item when it gets another key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from medspan.core import Concept, Document, Mention, Relation, UnalignedMention
from medspan.read import pubtator, spert

Item = Mention | UnalignedMention | Relation


def with_attached(document: Document, items: Iterable[tuple[Item, Item | None]]) -> Document:
    """The document whose metadata follow its items from what they were to what they are (None: gone).

    Every item of the annotation is to be given, also those that stay: of two with the same further
    columns one may go.
    """
    pairs = list(items)
    known = {key for old, _ in pairs for key in _keys(old)}
    moved = {
        new_key: document.metadata[old_key]
        for old, new in pairs
        if new is not None
        for old_key, new_key in zip(_keys(old), _keys(new), strict=True)
        if old_key in document.metadata
    }
    if not known & set(document.metadata):
        return document
    metadata = {key: value for key, value in document.metadata.items() if key not in known}
    return replace(document, metadata={**metadata, **moved})


def attached(document: Document, item: Item) -> tuple[str, ...]:
    """What is kept beside an item, as written."""
    return tuple(document.metadata[key] for key in _keys(item) if key in document.metadata)


def _keys(item: Item) -> tuple[str, ...]:
    """The keys under which readers keep further columns of an item."""
    if isinstance(item, UnalignedMention) and len(item.stated) == 1:
        ((start, end),) = item.stated
        return (
            pubtator.concepts_key(start, end, item.type),
            pubtator.mention_key(start, end, item.type),
        )
    if isinstance(item, Mention):
        return (
            pubtator.concepts_key(item.start, item.end, item.type),
            pubtator.mention_key(item.start, item.end, item.type),
            spert.entity_key(item) or "",
        )
    if isinstance(item, Relation):
        head, tail = item.head, item.tail
        if isinstance(head, Concept) and isinstance(tail, Concept):
            return (pubtator.relation_key(item.type, head.id, tail.id),)
        return (spert.relation_key(item) or "",)
    return ()
