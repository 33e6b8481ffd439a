"""Relations of concepts that no mention of the document carries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row
from medspan.audit.ends import name_of
from medspan.audit.grounding import COSTLY, percentage
from medspan.core import Case, Concept, Finding, Relation, Severity
from medspan.text import bare_id

_SEPARATOR = re.compile(r"[|,;+]")


@register
class IdNotResolved(Check):
    """An error where at least one relation in a hundred is lost."""

    id: ClassVar[str] = "id-not-resolved"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Relations name concept ids that no mention of their document carries. They have no place in the "
        "text: they are lost when relations are brought to mentions, and in every format that lists strings."
    )
    counted: ClassVar[str] = (
        "Relations with a concept id that no mention of the document carries (a prefix MESH: aside), of all "
        "relations between concepts. A composite id (`D1|D2`) whose parts are all carried is counted, and "
        f"told apart: it is lost just so. A warning below {COSTLY:.0%}."
    )
    remedy: ClassVar[str] = (
        "give the mentions their ids, or correct those of the relations; write a relation of a composite id "
        "as one for each of its parts"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            total = 0
            composite: list[Case] = []
            absent: list[Case] = []
            for row in part.rows:
                carried = {bare_id(name) for item in row.listed for name in item.concepts}
                for relation in row.reference.relations:
                    ids = [end.id for end in (relation.head, relation.tail) if isinstance(end, Concept)]
                    total += bool(ids)
                    missing = [name for name in ids if bare_id(name) not in carried]
                    if not missing:
                        continue
                    if all(_parts(name) <= carried for name in missing):
                        what = "a composite id that no mention carries as a whole"
                        composite.append(_case(row, relation, missing, what))
                    else:
                        absent.append(_case(row, relation, missing, "carried by no mention"))
            if composite or absent:
                yield self._finding(part, composite, absent, total)

    def _finding(self, part: Part, composite: list[Case], absent: list[Case], total: int) -> Finding:
        count = len(composite) + len(absent)
        kinds = [
            f"{told} {len(cases):,}"
            for cases, told in (
                (absent, "ids that no mention carries"),
                (composite, "composite ids whose parts are carried"),
            )
            if cases
        ]
        return self.finding(
            f"{count:,} of {total:,} relations of {part.name} ({percentage(count, total)}) have a concept id "
            f"without a mention: {', '.join(kinds)}",
            count,
            total,
            split=part.name,
            cases=[*absent, *composite],
            severity="error" if count >= COSTLY * total else "warning",
        )


def _parts(name: str) -> set[str]:
    return {bare_id(part.strip()) for part in _SEPARATOR.split(name)}


def _case(row: Row, relation: Relation, missing: list[str], what: str) -> Case:
    told = f"{name_of(relation.head)} --[{relation.type}]--> {name_of(relation.tail)}"
    return Case(f"{' and '.join(dict.fromkeys(missing))} in {told}: {what}", row.place, row.text)
