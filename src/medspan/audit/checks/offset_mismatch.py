"""Mentions whose offsets point at another string."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row, string_of
from medspan.audit.grounding import COSTLY, Item, percentage, string_ends
from medspan.core import Case, Finding, Severity, UnalignedMention
from medspan.read.bioc_written import INDIVIDUAL_KEY

MOST_SHIFTS = 5
"""How many shifts are tried, the most frequent first."""


@register
class OffsetMismatch(Check):
    """A single one is a slip; many come from offsets that count bytes, or belong to another text."""

    id: ClassVar[str] = "offset-mismatch"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Mentions do not stand at their offsets: the text has another string there. They are kept and "
        "counted, but nothing can be learnt from them, and what they name counts as no entity in training."
    )
    counted: ClassVar[str] = (
        "Mentions with offsets at which the text has another string (line breaks aside), endpoints of "
        "relations that are listed nowhere included, of all mentions. Single mentions of a composite one, "
        "which BioC lists besides it, are counted too and told apart; they are not trained on. A warning "
        f"below {COSTLY:.0%}."
    )
    remedy: ClassVar[str] = (
        "correct the offsets in the source: they count characters (not bytes) of exactly this text, from 0"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            total = 0
            found: list[tuple[Row, UnalignedMention]] = []
            single: list[Case] = []
            for row in part.rows:
                items = _mentions(row)
                total += len(items)
                found += (
                    (row, item)
                    for item in items
                    if isinstance(item, UnalignedMention) and item.reason == "offset-mismatch"
                )
                count, cases = _single(row)
                total += count
                single += cases
            if found or single:
                yield self._finding(part, found, single, total)

    def _finding(
        self, part: Part, found: list[tuple[Row, UnalignedMention]], single: list[Case], total: int
    ) -> Finding:
        elsewhere = sum(item.text.strip().casefold() in row.text.casefold() for row, item in found)
        told = []
        shift, shifted = _shift(found)
        if shifted:
            all_ = "all" if shifted == len(found) else f"{shifted:,} of {len(found):,}"
            told.append(f"{all_} are shifted by {shift:+} (stated start less that in the text)")
        if found:
            told.append(f"{elsewhere:,} stand elsewhere in their text, {len(found) - elsewhere:,} nowhere")
        if single:
            told.append(f"{len(single):,} are single mentions of a composite one")
        count = len(found) + len(single)
        return self.finding(
            f"{count:,} of {total:,} mentions of {part.name} ({percentage(count, total)}) are not at their "
            f"offsets: {', '.join(told)}",
            count,
            total,
            split=part.name,
            cases=[*(_case(row, item) for row, item in found), *single],
            severity="error" if len(found) >= COSTLY * total else "warning" if found else "info",
        )


def _mentions(row: Row) -> list[Item]:
    """The listed mentions, and endpoints that are not among them."""
    listed = set(row.listed)
    ends = dict.fromkeys(end for relation in row.reference.relations for end in string_ends(relation))
    return [*row.listed, *(end for end in ends if end not in listed)]


def _single(row: Row) -> tuple[int, list[Case]]:
    """How many single mentions BioC lists besides their composite one, and those that are not in place."""
    kept = row.example.document.metadata.get(INDIVIDUAL_KEY)
    values = json.loads(kept) if kept else []
    cases = []
    for value in values:
        there = " ".join(row.text[start:end] for start, end in value["segments"])
        if there.split() != value["text"].split():
            what = f"{value['text']!r} is a single mention where the text has {there!r}"
            places = tuple((start, end) for start, end in value["segments"])
            cases.append(Case(what, row.place, row.text, places))
    return len(values), cases


def _shift(found: list[tuple[Row, UnalignedMention]]) -> tuple[int, int]:
    """The shift that puts most mentions into place, and how many: at least half of several, else (0, 0)."""
    counts: Counter[int] = Counter()
    for row, item in found:
        nearest = _nearest(row, item)
        if nearest is not None:
            counts[item.stated[0][0] - nearest] += 1
    for shift in sorted(counts, key=lambda shift: (-counts[shift], abs(shift), shift))[:MOST_SHIFTS]:
        fitting = sum(_fits(row, item, shift) for row, item in found)
        if fitting > 1 and 2 * fitting >= len(found):
            return shift, fitting
    return 0, 0


def _nearest(row: Row, item: UnalignedMention) -> int | None:
    """Where the string stands that is nearest to the offset stated for it."""
    if len(item.stated) != 1 or not item.text:
        return None
    start = item.stated[0][0]
    before = row.text.rfind(item.text, 0, start + len(item.text))
    after = row.text.find(item.text, start)
    found = [at for at in (before, after) if at >= 0]
    return min(found, key=lambda at: abs(at - start), default=None)


def _fits(row: Row, item: UnalignedMention, shift: int) -> bool:
    if len(item.stated) != 1:
        return False
    start = item.stated[0][0] - shift
    return start >= 0 and row.text.startswith(item.text, start)


def _case(row: Row, item: UnalignedMention) -> Case:
    nearest = _nearest(row, item)
    there = " ".join(row.text[start:end] for start, end in item.stated)
    what = f"{string_of(item)!r} [{item.type}] is not at its offsets"
    if item.stated:
        places = ", ".join(f"[{start}, {end})" for start, end in item.stated)
        what += f": {places} has {there!r}"
    if nearest is not None:
        return Case(what, row.place, row.text, ((nearest, nearest + len(item.text)),))
    at = row.text.casefold().find(item.text.strip().casefold())
    same_length = len(row.text) == len(row.text.casefold())
    marks = ((at, at + len(item.text.strip())),) if at >= 0 and same_length and item.text.strip() else ()
    return Case(what, row.place, row.text, marks)
