"""One spelling for each type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import ClassVar

from medspan.audit.draft import Draft
from medspan.audit.remedies import Remedy, open_drafts, register
from medspan.audit.spelling import respellings
from medspan.core import Endpoint, Relation, Schema


@register
class TypeSpelling(Remedy):
    """The schema's spelling where it has one of them; spellings that it has side by side are left alone."""

    id: ClassVar[str] = "type-spelling"
    does: ClassVar[str] = (
        "Types that differ in case, `_`, `-`, blanks or the plural only take the spelling of the schema, "
        "else the most frequent one of all splits."
    )
    turn: ClassVar[int] = 1

    def mend(self, drafts: Sequence[Draft], schema: Schema | None) -> None:
        entities: Counter[str] = Counter()
        relations: Counter[str] = Counter()
        for draft in drafts:
            if not draft.gone:
                entities.update(item.type for _, item in draft.mentions)
                relations.update(relation.type for _, relation in draft.relations)
        named = respellings(entities, schema.entity_types if schema else ())
        joined = respellings(relations, [one.name for one in schema.relation_types] if schema else ())
        # Of a name for both kinds a prompt that names the types does not say which one it asks for.
        both = set(entities) & set(relations)
        named, joined = (
            {old: new for old, new in renames.items() if not both & {old, new}} for renames in (named, joined)
        )
        for draft in open_drafts(drafts) if named or joined else ():
            self._rename(draft, named, joined)

    def _rename(self, draft: Draft, named: Mapping[str, str], joined: Mapping[str, str]) -> None:
        for key, item in list(draft.mentions):
            if item.type in named:
                draft.change(key, replace(item, type=named[item.type]), self.id, "another spelling of a type")
        for key, relation in list(draft.relations):
            ends = (_renamed(relation.head, named), _renamed(relation.tail, named))
            new = Relation(*ends, joined.get(relation.type, relation.type), relation.confidence)
            if new.type != relation.type:
                draft.change(key, new, self.id, "another spelling of a type")
            elif new != relation:
                draft.follow(key, new)
        for old, name in {**named, **joined}.items():
            draft.rename(old, name, self.id)


def _renamed(end: Endpoint, named: Mapping[str, str]) -> Endpoint:
    if end.type is None or end.type not in named:
        return end
    return replace(end, type=named[end.type])
