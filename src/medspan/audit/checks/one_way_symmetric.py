"""Relations without a direction that are annotated one way only, now this way and now that."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.chance import CERTAIN, at_most, beyond_slips
from medspan.audit.data import Data
from medspan.audit.directions import Joined, by_type_pair, follow_an_order, joined, share_head_first
from medspan.audit.ends import marks_of
from medspan.audit.spelling import folded_name
from medspan.core import Case, Finding, Severity

_SYMMETRIC_NAMES = re.compile(
    r"interact|associat|correlat|relatedto|cooccur|corefer|cotreat|comparison|comparedwith|combinedwith"
    r"|identical|equivalent|equalto|sameas|similar|synonym"
)


@register
class OneWaySymmetric(Check):
    """Symmetric relation types whose relations stand one way only, without a rule which.

    Symmetric is what the stated schema calls so. Without a schema: types whose names say it, types of
    which pairs stand both ways in one row beyond slips (5%), and, less certain, types that join the same
    two strings in opposite directions in different documents about as often as not.
    An order in which the head always comes first is a rule that a model can learn, and no fault.
    """

    id: ClassVar[str] = "one-way-symmetric"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "A relation that holds both ways is annotated in one direction, at random. A model cannot learn "
        "which, and an answer in the other direction counts as an error twice: missed and wrong."
    )
    counted: ClassVar[str] = (
        "Relations of symmetric types whose reverse the row does not hold, of all relations of these types "
        "between two different ends; by the types of the two ends, and only where the head comes neither "
        "first nor last regularly in the text, by the alphabet or by the ends' types (slips of 5% aside), or "
        "where other rows hold both directions."
    )
    remedy: ClassVar[str] = (
        "state the type as symmetric in a schema file; medspan audit PATH --schema FILE --fix --out DIR then "
        "writes every such relation once, in the order of the text, which a model can learn"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        by_name: defaultdict[str, list[Joined]] = defaultdict(list)
        for row in data.rows:
            for one in joined(row):
                by_name[one.name].append(one)
        faulty: defaultdict[str, list[Joined]] = defaultdict(list)
        of: defaultdict[str, int] = defaultdict(int)
        reasons = {}
        for name, found in sorted(by_name.items()):
            for group in by_type_pair(found).values():
                reason = _reason(data, name, group)
                if reason is None:
                    continue
                for one in group:
                    of[one.row.split] += 1
                for one in _one_way(group):
                    reasons[name] = reason
                    faulty[one.row.split].append(one)
        for part in data.parts:
            if faulty[part.name]:
                yield self._found(part.name, faulty[part.name], of[part.name], reasons)

    def _found(self, split: str, faulty: list[Joined], of: int, reasons: dict[str, str]) -> Finding:
        names = {one.name for one in faulty}
        told = ", ".join(f"{name} ({reasons[name]})" for name in sorted(names))
        first = share_head_first(faulty)
        order = "" if first is None else f"; in {first:.0%} of them the head comes first in the text"
        return self.finding(
            f"{len(faulty)} of {of} relations of types without a direction in {split} "
            f"({len(faulty) / of:.0%}) stand one way only: {told}{order}",
            len(faulty),
            of,
            split=split,
            cases=(
                Case(
                    f"{one} without its reverse",
                    one.row.place,
                    one.row.text,
                    marks_of(one.relation.head, one.relation.tail),
                )
                for one in faulty
            ),
            severity="info" if {reasons[name] for name in names} == {_PERHAPS} else None,
        )


_STATED = "the schema says so"
_NAMED = "by its name"
_BOTH_WAYS = "other rows hold both directions"
_PERHAPS = "perhaps: documents contradict each other about the direction of the same pairs"


def _reason(data: Data, name: str, group: Sequence[Joined]) -> str | None:
    """Why relations of this type and these ends' types are taken for symmetric; None where they are not."""
    if data.stated_schema is not None:
        stated = any(one.name == name and one.symmetric for one in data.stated_schema.relation_types)
        return _STATED if stated else None
    if _both_ways(group):
        return _BOTH_WAYS
    if _SYMMETRIC_NAMES.search(folded_name(name)):
        return _NAMED
    return _PERHAPS if _documents_contradict(group) else None


def _both_ways(group: Sequence[Joined]) -> bool:
    return beyond_slips(sum(one.name in one.reversed_as for one in group), len(group))


def _one_way(group: Sequence[Joined]) -> list[Joined]:
    one_way = [one for one in group if one.name not in one.reversed_as]
    return one_way if _both_ways(group) or not follow_an_order(one_way) else []


def _documents_contradict(group: Sequence[Joined]) -> bool:
    """Whether pairs of strings that recur stand in both directions as often as a tossed coin gives."""
    directions: defaultdict[tuple[str, ...], set[tuple[bytes, bool]]] = defaultdict(set)
    for one in group:
        head, tail = one.strings
        directions[tuple(sorted(one.strings))].add((one.row.text_key, head < tail))
    # Several pairs of the same documents (a name and its abbreviation) are one piece of evidence.
    by_documents: defaultdict[frozenset[bytes], set[bool]] = defaultdict(set)
    for found in directions.values():
        documents = frozenset(key for key, _ in found)
        by_documents[documents].add(len({forwards for _, forwards in found}) > 1)
    recurring = [both for documents, both in by_documents.items() if len(documents) > 1]
    contradicting = sum(True in both for both in recurring)
    # Of pairs that occur more than once, a coin gives at least half in both directions.
    return (
        beyond_slips(contradicting, len(recurring)) and at_most(contradicting, len(recurring), 0.5) >= CERTAIN
    )
