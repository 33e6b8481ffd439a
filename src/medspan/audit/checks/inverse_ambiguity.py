"""Two relation types that say the same backwards, of which references hold one at random."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.chance import beyond_slips
from medspan.audit.coincidence import LARGELY, Seen, coincidence
from medspan.audit.data import Data
from medspan.audit.directions import Joined, by_type_pair, follow_an_order, joined
from medspan.audit.ends import marks_of
from medspan.audit.spelling import folded_name
from medspan.core import Case, Finding, Severity

_BY = re.compile(r"(s|d|ed|es)?by$")
_PAIRS = ({"before", "after"}, {"precedes", "follows"})


@register
class InverseAmbiguity(Check):
    """Inverse is what the stated schema calls so. Without a schema: `X` and `X_by`, before and after, and
    types that join the same strings the other way round.

    Told from the data: the strings that the one type joins backwards are known from the other, in different
    documents, at least half as well as from itself (see `coincidence`), and far better than forwards.
    Where the order of the ends in the text, by the alphabet or by their types decides which of the two is
    written, a model can learn it, and nothing is found.
    """

    id: ClassVar[str] = "inverse-ambiguity"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "Two relation types say the same backwards, and the reference holds one of them at random. A model "
        "cannot learn which; the other one, just as true, counts as an error twice: missed and wrong."
    )
    counted: ClassVar[str] = (
        "Relations of two inverse types whose row does not hold the other type for the same ends backwards, "
        "of all relations of the two types between two different ends; only where both types occur beyond "
        "slips (5%) and no order of the ends decides between them, or where other rows hold both."
    )
    remedy: ClassVar[str] = (
        "keep one of the two: change head and tail of the other, and rename it (medspan convert IN OUT --to "
        "FORMAT --rename OLD=NEW renames, but does not turn round); or annotate both wherever one holds"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        by_name: defaultdict[str, list[Joined]] = defaultdict(list)
        for row in data.rows:
            for one in joined(row):
                by_name[one.name].append(one)
        lacking: defaultdict[str, dict[int, Joined]] = defaultdict(dict)
        held: defaultdict[str, set[int]] = defaultdict(set)
        told: dict[str, str] = {}
        for first, second in combinations(sorted(by_name), 2):
            reason = _reason(data, first, second, by_name)
            if reason is None:
                continue
            for group in by_type_pair((*by_name[first], *by_name[second])).values():
                for item in group:
                    held[item.row.split].add(id(item))
                for item in _lacking(first, second, group):
                    lacking[item.row.split][id(item)] = item
                    told[item.name] = f"{first} and {second} ({reason})"
        for part in data.parts:
            found = list(lacking[part.name].values())
            if found:
                yield self._found(part.name, found, len(held[part.name]), told)

    def _found(self, split: str, found: list[Joined], of: int, told: dict[str, str]) -> Finding:
        names = sorted({one.name for one in found})
        pairs = "; ".join(sorted({told[name] for name in names}))
        counts = ", ".join(
            f"{name} stands alone in {sum(one.name == name for one in found)}" for name in names
        )
        return self.finding(
            f"{len(found)} of {of} relations of inverse types in {split} ({len(found) / of:.0%}) stand "
            f"without their inverse: {pairs}; {counts}",
            len(found),
            of,
            split=split,
            cases=(
                Case(
                    f"{one} might as well be written the other way round",
                    one.row.place,
                    one.row.text,
                    marks_of(one.relation.head, one.relation.tail),
                )
                for one in found
            ),
        )


def _reason(data: Data, one: str, other: str, by_name: dict[str, list[Joined]]) -> str | None:
    """Why two types are taken for inverse; None where they are not."""
    if data.stated_schema is not None:
        inverse = {relation.name: relation.inverse for relation in data.stated_schema.relation_types}
        return "the schema says so" if inverse.get(one) == other or inverse.get(other) == one else None
    if _inverse_names(one, other):
        return "by their names"
    backwards = coincidence(_pairs(by_name[one]), _pairs(by_name[other], turned=True))
    if backwards is None or backwards < LARGELY:
        return None
    # Labels given at random join the same strings forwards as well: that is no inverse.
    forwards = coincidence(_pairs(by_name[one]), _pairs(by_name[other]))
    if forwards is not None and forwards >= LARGELY * backwards:
        return None
    return "they join the same strings in opposite directions"


def _inverse_names(one: str, other: str) -> bool:
    names = folded_name(one), folded_name(other)
    if set(names) in _PAIRS:
        return True
    passive = [name for name in names if name.endswith("by")]
    return len(passive) == 1 and len({_stem(name) for name in names}) == 1


def _stem(name: str) -> str:
    return _BY.sub("", name) if name.endswith("by") else re.sub(r"(es|s|e)$", "", name)


def _pairs(relations: Sequence[Joined], *, turned: bool = False) -> Iterator[Seen]:
    for one in relations:
        yield one.row.text_key, one.strings[::-1] if turned else one.strings


def _lacking(one: str, other: str, group: Sequence[Joined]) -> list[Joined]:
    """The relations of a group that stand without their inverse, where nothing says which one stands."""
    inverse = {one: other, other: one}
    alone = [item for item in group if inverse[item.name] not in item.reversed_as]
    if beyond_slips(len(group) - len(alone), len(group)):
        return alone
    rarer = min(sum(item.name == name for item in alone) for name in inverse)
    return alone if beyond_slips(rarer, len(alone)) and not follow_an_order(alone) else []
