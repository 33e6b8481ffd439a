"""What relations join, in a form that can be compared within one document."""

from __future__ import annotations

from collections.abc import Hashable

from medspan.audit.data import Row, string_of
from medspan.audit.grounding import is_blank
from medspan.core import Concept, Endpoint, Mention
from medspan.text import bare_id, fold


def end_key(row: Row, end: Endpoint) -> Hashable | None:
    """Equal for endpoints (or listed items) of a row that are the same; None where that cannot be told.

    Concepts by their id. Where mentions stand for their own place, by place and type; there an item
    without a place cannot be told from another. Elsewhere by the string, letter case and white space
    aside; blank ones are nothing.
    """
    if isinstance(end, Concept):
        return bare_id(end.id)
    if row.reference.scope == "mention":
        return (end.segments, end.type) if isinstance(end, Mention) else None
    return None if is_blank(string_of(end)) else fold(string_of(end))


def name_of(end: Endpoint) -> str:
    """An endpoint as its source wrote it."""
    return end.id if isinstance(end, Concept) else string_of(end)


def marks_of(*ends: Endpoint) -> tuple[tuple[int, int], ...]:
    """The places of those endpoints that have one, in order."""
    return tuple(sorted({place for end in ends if isinstance(end, Mention) for place in end.segments}))
