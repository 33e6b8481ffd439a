"""The same item twice in a row."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from medspan.audit.data import string_of
from medspan.audit.draft import Draft, words
from medspan.audit.ends import end_key
from medspan.audit.grounding import Item
from medspan.audit.remedies import Remedy, open_drafts, register
from medspan.core import Concept, Endpoint, Schema
from medspan.format.answers import Key


@register
class DuplicateItem(Remedy):
    """Where items stand for places, only one at the very same place; concepts of both go to the first.

    Endpoints that were written as a removed item are written as the one that stays.
    """

    id: ClassVar[str] = "duplicate-item"
    does: ClassVar[str] = (
        "Of items with the same type and string (letter case and white space aside; at the same place, where "
        "places are given), and of relations with the same type and ends, the first of a row stays."
    )
    turn: ClassVar[int] = 4

    def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
        for draft in open_drafts(drafts):
            self._mentions(draft)
            self._relations(draft)

    def _mentions(self, draft: Draft) -> None:
        first: dict[Hashable, Key] = {}
        twins: list[tuple[Item, Key]] = []
        for key, item in list(draft.mentions):
            end = end_key(draft.row, item)
            known = first.setdefault((end, item.type), key)
            if end is None or known == key:
                continue
            stays = draft.items[known]
            draft.remove(key, self.id, f"it stands there already, as {string_of(_item(stays))!r}")
            twins.append((item, known))
            concepts = tuple(dict.fromkeys((*_item(stays).concepts, *item.concepts)))
            if concepts != _item(stays).concepts:
                twins.append((_item(stays), known))
                new = replace(_item(stays), concepts=concepts)
                draft.change(known, new, self.id, "the concepts of an item that was listed again")
        if twins:
            self._follow(draft, [(gone, _item(draft.items[known])) for gone, known in twins])

    def _follow(self, draft: Draft, twins: Sequence[tuple[Item, Item]]) -> None:
        def followed(end: Endpoint) -> Endpoint:
            if isinstance(end, Concept):
                return end
            # Its type tells which of two items with one string an endpoint means.
            same: Callable[[Item], Any] = words if draft.lists_strings else _itself
            return next((stays for gone, stays in twins if same(gone) == same(end)), end)

        for key, relation in list(draft.relations):
            new = replace(relation, head=followed(relation.head), tail=followed(relation.tail))
            if draft.lists_strings and new != relation:
                draft.change(key, new, self.id, "an end in the letters of the item that stays")
            elif new != relation:
                draft.follow(key, new)

    def _relations(self, draft: Draft) -> None:
        seen: set[Hashable] = set()
        for key, relation in list(draft.relations):
            head, tail = end_key(draft.row, relation.head), end_key(draft.row, relation.tail)
            if head is None or tail is None:
                continue
            if (head, relation.type, tail) in seen:
                draft.remove(key, self.id, "the same relation stands there already")
            seen.add((head, relation.type, tail))


def _item(item: object) -> Item:
    assert isinstance(item, Item)
    return item


def _itself(item: Item) -> Any:
    return item
