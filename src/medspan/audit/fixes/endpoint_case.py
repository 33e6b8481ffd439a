"""Endpoints in the letters of the entities that they mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

from medspan.audit.data import string_of
from medspan.audit.draft import Draft
from medspan.audit.grounding import Item
from medspan.audit.remedies import Remedy, open_drafts, register
from medspan.core import Concept, Endpoint, Schema
from medspan.text import fold


@register
class EndpointCase(Remedy):
    """Within the row only: other rows about the same text may list entities by other rules.

    Of several spellings the first one under the endpoint's type, else the first.
    """

    id: ClassVar[str] = "endpoint-case"
    does: ClassVar[str] = (
        "Endpoints of relations that differ from a listed entity of their row in letter case or white space "
        "only take its spelling."
    )
    turn: ClassVar[int] = 2

    def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
        for draft in open_drafts(drafts):
            if draft.lists_strings and any(draft.relations):
                self._respell(draft)

    def _respell(self, draft: Draft) -> None:
        exact = {string_of(item) for _, item in draft.mentions}
        listed: dict[tuple[str | None, str], Item] = {}
        for _, item in draft.mentions:
            for type_ in (item.type, None):
                listed.setdefault((type_, fold(string_of(item))), item)

        def meant(end: Endpoint) -> Item | None:
            if isinstance(end, Concept) or string_of(end) in exact:
                return None
            folded = fold(string_of(end))
            return listed.get((end.type, folded)) or listed.get((None, folded))

        for key, relation in list(draft.relations):
            if (head := meant(relation.head)) is not None:
                relation = replace(relation, head=head)
                draft.change(key, relation, self.id, "the head in the letters of the listed entity")
            if (tail := meant(relation.tail)) is not None:
                relation = replace(relation, tail=tail)
                draft.change(key, relation, self.id, "the tail in the letters of the listed entity")
