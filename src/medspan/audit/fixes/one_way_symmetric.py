"""Symmetric relations in one direction that the text decides."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace
from typing import ClassVar

from medspan.audit.draft import Draft
from medspan.audit.ends import end_key
from medspan.audit.remedies import Remedy, open_drafts, register
from medspan.core import Concept, Endpoint, Mention, Schema
from medspan.text import bare_id


@register
class OneWaySymmetric(Remedy):
    """Only for types that the stated schema calls symmetric: nothing in the data can prove that.

    Once, and from the end that stands first in the text to the other: that is what extraction by tagging
    says of symmetric types, and scores compare directions. A direction that the text decides can be
    learnt; both directions would double the targets and cost those who find the pair once half of the
    recall. An end stands where its (first) mention stands; pairs with an end that has no place keep
    their direction.
    """

    id: ClassVar[str] = "one-way-symmetric"
    does: ClassVar[str] = (
        "Relations of a type that the schema (--schema FILE) calls symmetric stand once, the end that comes "
        "first in the text as the head."
    )
    turn: ClassVar[int] = 5

    def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
        symmetric = {one.name for one in schema.relation_types if one.symmetric} if schema else set()
        for draft in open_drafts(drafts) if symmetric else ():
            self._direct(draft, symmetric)

    def _direct(self, draft: Draft, symmetric: set[str]) -> None:
        # The right direction first, so that of two directions the wrong one goes.
        wanted = [(key, one) for key, one in draft.relations if one.type in symmetric]
        wanted.sort(key=lambda pair: _is_backwards(draft, pair[1].head, pair[1].tail))
        seen: set[Hashable] = set()
        for key, relation in wanted:
            head, tail = end_key(draft.row, relation.head), end_key(draft.row, relation.tail)
            if head is None or tail is None or head == tail:
                continue
            if (relation.type, tail, head) in seen:
                draft.remove(key, self.id, "a symmetric relation that stands there the other way round")
                continue
            seen.add((relation.type, head, tail))
            if _is_backwards(draft, relation.head, relation.tail):
                new = replace(relation, head=relation.tail, tail=relation.head)
                draft.change(key, new, self.id, "a symmetric relation, in the order of the text")


def _is_backwards(draft: Draft, head: Endpoint, tail: Endpoint) -> bool:
    first, second = _place(draft, head), _place(draft, tail)
    return first is not None and second is not None and second < first


def _place(draft: Draft, end: Endpoint) -> tuple[int, int, str] | None:
    """Where an end stands; of two at one place the types decide."""
    if isinstance(end, Mention):
        return end.start, end.end, end.type
    if not isinstance(end, Concept):
        return None
    wanted = bare_id(end.id)
    places = (
        (item.start, item.end, item.type)
        for _, item in draft.mentions
        if isinstance(item, Mention) and wanted in map(bare_id, item.concepts)
    )
    return min(places, default=None)
