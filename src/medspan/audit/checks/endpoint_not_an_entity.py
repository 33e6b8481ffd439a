"""Relations of something that no entity list of their document has, or has in another letter case."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row, string_of
from medspan.audit.ends import marks_of
from medspan.audit.grounding import Item, percentage, string_ends
from medspan.core import UNKNOWN_TYPE, Case, Finding, Severity
from medspan.text import fold

_CASE_REMEDY = "medspan audit PATH --fix --out DIR gives endpoints the letter case of their entity"
_LIST_REMEDY = (
    "list these entities, or take the relations out: with endpoints: mentions (the formats sections and "
    "compact) they are left out of training; tasks trains on them as they are"
)


@dataclass
class _Found:
    """`unlisted` and `in_other_case` count relations, `ends` and `rows` endpoints in another letter case."""

    relations: int = 0
    unlisted: int = 0
    in_other_case: int = 0
    ends: int = 0
    rows: int = 0
    cases: list[Case] = field(default_factory=list)


@register
class EndpointNotAnEntity(Check):
    """Relations of concepts are not meant: those are `id-not-resolved`.

    The document, not the row, is asked, because the format `tasks` lists entities and relations of a
    text in rows of their own. An endpoint's type counts where it is known: in `tasks` a relation joins an
    item of the list of chemicals to one of the list of diseases.
    """

    id: ClassVar[str] = "endpoint-not-an-entity"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "Relations join something that is no listed entity, or is listed in another letter case. Formats "
        "that write relations between listed entities lose them in silence, and the two lists disagree."
    )
    counted: ClassVar[str] = (
        "Relations with an endpoint whose string (letter case and white space aside) no list of entities of "
        "its type has, in any row of any split about the same text; and relations with an endpoint that the "
        "row itself lists in another letter case only; of all relations between strings or places. Not "
        "counted: documents for which nobody listed entities of that type."
    )
    remedy: ClassVar[str] = f"{_LIST_REMEDY}; {_CASE_REMEDY}"

    def run(self, data: Data) -> Iterator[Finding]:
        lists = _Lists(data.rows)
        for part in data.parts:
            found = _Found()
            for row in part.rows:
                _look(row, lists, found)
            if found.cases:
                yield self._finding(part, found)

    def _finding(self, part: Part, found: _Found) -> Finding:
        told, remedies = [], []
        if found.unlisted:
            told.append(
                f"{found.unlisted:,} of {found.relations:,} relations of {part.name} "
                f"({percentage(found.unlisted, found.relations)}) join something that no entity list of "
                "their document has"
            )
            remedies.append(_LIST_REMEDY)
        if found.ends:
            told.append(
                f"{found.ends:,} endpoints in {found.rows:,} rows of {part.name} differ from the listed "
                f"entity in letter case only ({found.in_other_case:,}{' more' if found.unlisted else ''} of "
                f"{found.relations:,} relations)"
            )
            remedies.append(_CASE_REMEDY)
        return self.finding(
            "; ".join(told),
            len(found.cases),
            found.relations,
            split=part.name,
            cases=found.cases,
            remedy="; ".join(remedies),
        )


class _Lists:
    """What the rows about each text list, for the texts that have relations."""

    def __init__(self, rows: Iterable[Row]):
        rows = tuple(rows)
        asked: defaultdict[str | None, set[str]] = defaultdict(set)
        for row in rows:
            asked[row.task].update(item.type for item in row.listed)
        self._strings: defaultdict[bytes, set[tuple[str, str]]] = defaultdict(set)
        self._types: defaultdict[bytes, set[str]] = defaultdict(set)
        joined = {row.text_key for row in rows if row.reference.relations}
        for row in rows:
            if row.text_key not in joined:
                continue
            types = asked[row.task]
            self._types[row.text_key] |= types
            if row.task is None and types:
                # Rows without a task ask for everything, also for types that no row happens to list.
                self._types[row.text_key].add(UNKNOWN_TYPE)
            self._strings[row.text_key].update((item.type, fold(string_of(item))) for item in row.listed)

    def knows(self, row: Row, end: Item) -> bool:
        """Whether anybody was asked to list entities of the endpoint's type in this text."""
        types = self._types[row.text_key]
        return UNKNOWN_TYPE in types or (bool(types) if end.type == UNKNOWN_TYPE else end.type in types)

    def has(self, row: Row, end: Item) -> bool:
        string, known = fold(string_of(end)), self._strings[row.text_key]
        if end.type == UNKNOWN_TYPE:
            return any(string == listed for _, listed in known)
        return (end.type, string) in known


def _look(row: Row, lists: _Lists, found: _Found) -> None:
    # Where mentions stand for their own place, another letter case is another place.
    own = {string_of(item) for item in row.listed if row.reference.scope == "string"}
    folded = {fold(string) for string in own}
    ends_in_case = 0
    for relation in row.reference.relations:
        ends = string_ends(relation)
        if len(ends) < 2 or not all(lists.knows(row, end) for end in ends):
            continue
        found.relations += 1
        unlisted = [end for end in ends if not lists.has(row, end)]
        in_case = [end for end in ends if string_of(end) not in own and fold(string_of(end)) in folded]
        ends_in_case += len(in_case)
        if unlisted:
            found.unlisted += 1
            found.cases.append(_case(row, unlisted, "in no entity list of this document"))
        elif in_case:
            found.in_other_case += 1
            found.cases.append(_case(row, in_case, "listed in another letter case"))
    found.ends += ends_in_case
    found.rows += ends_in_case > 0


def _case(row: Row, ends: Iterable[Item], what: str) -> Case:
    ends = tuple(ends)
    named = ", ".join(repr(string_of(end)) for end in ends)
    return Case(f"{what}: {named}", row.place, row.text, marks_of(*ends))
