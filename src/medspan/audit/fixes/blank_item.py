"""Items that name nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from medspan.audit.data import string_of
from medspan.audit.draft import Draft
from medspan.audit.grounding import Item, is_blank, string_ends
from medspan.audit.remedies import Remedy, open_drafts, register
from medspan.core import Relation, Schema


@register
class BlankItem(Remedy):
    """Where items stand for places, only those of blank space: a sign such as `+` is one there."""

    id: ClassVar[str] = "blank-item"
    does: ClassVar[str] = (
        "Items without a word character (`- `) or with `none`, `n/a`, `null` or `nan` for a string, and "
        "relations with such an end, are removed."
    )
    turn: ClassVar[int] = 3

    def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
        for draft in open_drafts(drafts):
            for key, item in list(draft.items.items()):
                ends = string_ends(item) if isinstance(item, Relation) else (item,)
                if any(_names_nothing(draft, end) for end in ends):
                    draft.remove(key, self.id, "it names nothing")


def _names_nothing(draft: Draft, item: Item) -> bool:
    string = string_of(item)
    return is_blank(string) if draft.lists_strings else not string.strip()
