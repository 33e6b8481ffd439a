"""Items and relations that a row lists more than once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row, string_of
from medspan.audit.ends import end_key, marks_of, name_of
from medspan.audit.grounding import percentage
from medspan.core import Case, Finding, Relation, Severity


@dataclass
class _Repeats:
    items: int = 0
    relations: int = 0
    in_other_case: int = 0
    other_forms: int = 0
    cases: list[Case] = field(default_factory=list)

    def add(self, row: Row, first: str, again: str, marks: tuple[tuple[int, int], ...], form: bool) -> None:
        """Note a repeat; `form`: it is written as the text and its list have it, too."""
        self.in_other_case += first != again
        self.other_forms += first != again and form
        what = f"{again} is listed twice" if first == again else f"{again} repeats {first}"
        self.cases.append(Case(what, row.place, row.text, marks))


@register
class DuplicateItem(Check):
    """Only worth knowing where all repeats are other forms that the text has (`Lithium` and `lithium`).

    A strict score that looks for a string letter by letter asks for both of them. Copies ask for nothing.
    """

    id: ClassVar[str] = "duplicate-item"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "Rows list the same item or relation more than once. Training on such lists teaches a model to "
        "repeat itself, which ends in loops; scores count each once."
    )
    counted: ClassVar[str] = (
        "Listed items with the string and type of an earlier item of the row, and relations with the ends "
        "and type of an earlier relation, of all items and relations; letter case and white space aside. In "
        "corpora with offsets an item is repeated where place and type are the very same, and concepts are "
        "told by their ids. Info where all repeats are in another letter case that the text has as well."
    )
    remedy: ClassVar[str] = "medspan audit PATH --fix --out DIR keeps the first of each"

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            repeats = _Repeats()
            # Where entities and relations are asked in rows of their own, the list stands in another row.
            listed: defaultdict[bytes, set[str]] = defaultdict(set)
            for row in part.rows:
                listed[row.text_key].update(map(string_of, row.listed))
            for row in part.rows:
                _items(row, repeats)
                _relations(row, repeats, listed[row.text_key])
            if repeats.cases:
                yield self._finding(part, repeats)

    def _finding(self, part: Part, repeats: _Repeats) -> Finding:
        items = sum(len(row.listed) for row in part.rows)
        relations = sum(len(row.reference.relations) for row in part.rows)
        told = " and ".join(
            f"{count:,} of {of:,} {what} ({percentage(count, of)})"
            for count, of, what in (
                (repeats.items, items, "items"),
                (repeats.relations, relations, "relations"),
            )
            if count
        )
        case = f", {repeats.in_other_case:,} of them in another letter case" if repeats.in_other_case else ""
        return self.finding(
            f"{len(repeats.cases):,} of {items + relations:,} items and relations of {part.name} repeat an "
            f"earlier one of their row: {told}{case}",
            len(repeats.cases),
            items + relations,
            split=part.name,
            cases=repeats.cases,
            severity="info" if repeats.other_forms == len(repeats.cases) else "warning",
        )


def _items(row: Row, repeats: _Repeats) -> None:
    seen: dict[Hashable, str] = {}
    for item in row.listed:
        key = end_key(row, item)
        if key is None:
            continue
        told = f"[{item.type}] {string_of(item)}"
        first = seen.setdefault((key, item.type), told)
        if first is not told:
            repeats.items += 1
            repeats.add(row, first, told, marks_of(item), string_of(item) in row.text)


def _relations(row: Row, repeats: _Repeats, listed: set[str]) -> None:
    """`listed` are the strings of the entities of the row's text."""
    seen: dict[Hashable, str] = {}
    for relation in row.reference.relations:
        head, tail = end_key(row, relation.head), end_key(row, relation.tail)
        if head is None or tail is None:
            continue
        told = _told(relation)
        first = seen.setdefault((head, relation.type, tail), told)
        if first is not told:
            repeats.relations += 1
            names = {name_of(relation.head), name_of(relation.tail)}
            form = names <= listed and all(name in row.text for name in names)
            repeats.add(row, first, told, marks_of(relation.head, relation.tail), form)


def _told(relation: Relation) -> str:
    return f"{name_of(relation.head)} --[{relation.type}]--> {name_of(relation.tail)}"
