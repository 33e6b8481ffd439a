"""Items and endpoints that name nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row, string_of
from medspan.audit.ends import marks_of, name_of
from medspan.audit.grounding import Item, is_blank, string_ends
from medspan.core import Case, Finding, Relation, Severity


@register
class BlankItem(Check):
    """Where mentions stand for their own place, a sign such as `+` is one: only blank space is blank."""

    id: ClassVar[str] = "blank-item"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "Rows list items without a name (an empty bullet), or relations with `none` for an end. A model "
        "learns to write them, and no score can count them."
    )
    counted: ClassVar[str] = (
        "Listed items without a word character, or with `none`, `n/a`, `null` or `nan` for a string, and "
        "relations with such an end, of all listed items and relations. In corpora with offsets items of "
        "blank space only."
    )
    remedy: ClassVar[str] = (
        "medspan audit PATH --fix --out DIR removes them; let the list of a row without items be empty"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            items = [(row, item) for row in part.rows for item in row.listed if _names_nothing(row, item)]
            relations = [
                (row, relation)
                for row in part.rows
                for relation in row.reference.relations
                if any(_names_nothing(row, end) for end in string_ends(relation))
            ]
            if items or relations:
                yield self._finding(part, items, relations)

    def _finding(
        self, part: Part, items: Sequence[tuple[Row, Item]], relations: Sequence[tuple[Row, Relation]]
    ) -> Finding:
        listed = sum(len(row.listed) for row in part.rows)
        joined = sum(len(row.reference.relations) for row in part.rows)
        told = []
        if items:
            told.append(f"{len(items):,} of {listed:,} items are blank")
        if relations:
            told.append(f"{len(relations):,} of {joined:,} relations have a blank end or `none`")
        cases = [
            Case(f"[{item.type}] {string_of(item)!r}", row.place, row.text, marks_of(item))
            for row, item in items
        ]
        cases += (
            Case(
                f"{name_of(relation.head)!r} --[{relation.type}]--> {name_of(relation.tail)!r}",
                row.place,
                row.text,
                marks_of(relation.head, relation.tail),
            )
            for row, relation in relations
        )
        return self.finding(
            f"{len(cases):,} of {listed + joined:,} items and relations of {part.name} name nothing: "
            + "; ".join(told),
            len(cases),
            listed + joined,
            split=part.name,
            cases=cases,
        )


def _names_nothing(row: Row, item: Item) -> bool:
    string = string_of(item)
    return not string.strip() if row.reference.scope == "mention" else is_blank(string)
