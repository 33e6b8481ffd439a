"""Relations whose endpoint is nowhere in their text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Row
from medspan.audit.grounding import COSTLY, Item, case_of, not_verbatim, string_ends, told_kinds
from medspan.core import Finding, Severity


@dataclass
class _Reach:
    """Endpoints and relations that are looked at, and those that no verbatim extraction reaches."""

    ends: int = 0
    relations: int = 0
    lost_relations: int = 0
    lost: list[tuple[Row, Item]] = field(default_factory=list)

    @property
    def ceiling(self) -> float:
        """The highest recall of relations that is possible; 0 to 1."""
        return 1 - self.lost_relations / self.relations


@register
class UnreachableEndpoint(Check):
    """An error where it takes at least one point of recall."""

    id: ClassVar[str] = "unreachable-endpoint"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Endpoints of relations stand nowhere in the text that the model is shown. Whoever extracts verbatim "
        "cannot find these relations, which caps recall; training on them teaches to invent."
    )
    counted: ClassVar[str] = (
        "Endpoints whose string is no substring of the row's text (letter case aside), of all endpoints that "
        "are strings; blank ones and `none` are left to blank-item. The cap of recall is the share of the "
        "relations without such an endpoint; where there are several splits, the message says both figures "
        f"for all of them, too. A warning where the cap is above {1 - COSTLY:.0%}."
    )
    remedy: ClassVar[str] = (
        "show the model the whole text (titles and what was cut off: medspan audit PATH --original BEFORE "
        "says what is missing), or take these relations out of their rows (medspan audit PATH --cases "
        "FILE lists each); report recall with its ceiling"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        reached = [_look(part.rows) for part in data.parts]
        for part, found in zip(data.parts, reached, strict=True):
            if not found.lost:
                continue
            yield self.finding(
                f"{len(found.lost):,} of {found.ends:,} relation endpoints of {part.name} are not in their "
                f"text ({told_kinds(item for _, item in found.lost)}): recall of relations is capped at "
                f"{found.ceiling:.1%}{_over_all(reached)}",
                len(found.lost),
                found.ends,
                split=part.name,
                cases=(case_of(row, item) for row, item in found.lost),
                severity="error" if 1 - found.ceiling >= COSTLY else "warning",
            )


def _over_all(reached: Sequence[_Reach]) -> str:
    if len(reached) < 2:
        return ""
    whole = _Reach(
        sum(found.ends for found in reached),
        sum(found.relations for found in reached),
        sum(found.lost_relations for found in reached),
    )
    lost = sum(len(found.lost) for found in reached)
    return f" (over all splits: {lost:,} of {whole.ends:,} endpoints, {whole.ceiling:.1%})"


def _look(rows: Iterable[Row]) -> _Reach:
    found = _Reach()
    for row in rows:
        joined = [string_ends(relation) for relation in row.reference.relations]
        missing = set(not_verbatim(row, (end for ends in joined for end in ends)))
        for ends in filter(None, joined):
            lost = [end for end in ends if end in missing]
            found.ends += len(ends)
            found.relations += 1
            found.lost_relations += bool(lost)
            found.lost += ((row, end) for end in lost)
    return found
