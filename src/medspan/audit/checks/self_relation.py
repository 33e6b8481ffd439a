"""Relations of something with itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Row
from medspan.audit.ends import end_key, marks_of, name_of
from medspan.audit.grounding import percentage
from medspan.core import Case, Finding, Relation, Severity


@register
class SelfRelation(Check):
    """Rare ones may be meant (a protein that binds to itself); many come from pairs drawn at random."""

    id: ClassVar[str] = "self-relation"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "Relations join something to itself (`fever causes fever`). Texts hardly ever say that: such pairs "
        "come from references made by a program, and grammars that ask for two different ends refuse them."
    )
    counted: ClassVar[str] = (
        "Relations whose head and tail are the same string (letter case and white space aside), in corpora "
        "with offsets the same place and type, or the same concept id, of all relations."
    )
    remedy: ClassVar[str] = (
        "look at how the relations were made: where pairs were drawn at random, the others are no better "
        "(see labels-not-inferable); take these out"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            total = sum(len(row.reference.relations) for row in part.rows)
            found = [
                (row, relation)
                for row in part.rows
                for relation in row.reference.relations
                if _joins_itself(row, relation)
            ]
            if found:
                yield self.finding(
                    f"{len(found):,} of {total:,} relations of {part.name} ({percentage(len(found), total)}) "
                    "join something to itself",
                    len(found),
                    total,
                    split=part.name,
                    cases=(_case(row, relation) for row, relation in found),
                )


def _joins_itself(row: Row, relation: Relation) -> bool:
    head = end_key(row, relation.head)
    return head is not None and head == end_key(row, relation.tail)


def _case(row: Row, relation: Relation) -> Case:
    return Case(
        f"{name_of(relation.head)} --[{relation.type}]--> {name_of(relation.tail)}",
        row.place,
        row.text,
        marks_of(relation.head, relation.tail),
    )
