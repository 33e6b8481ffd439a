"""page.html: an audit to look at; what the data holds, what was found, and cases in their texts."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from medspan.audit.base import all_checks
from medspan.audit.excerpt import Piece, Span, compare, excerpt
from medspan.audit.figures import (
    KINDS,
    Lengths,
    SplitLengths,
    entity_shares,
    lengths,
    relation_shares,
    repeated_strings,
    task_shares,
)
from medspan.audit.report import common_folder, remarks, verdict, where
from medspan.audit.run import Audit
from medspan.core import SEVERITIES, Case, Finding
from medspan.page import evenly_spaced, render
from medspan.read import write_whole

MOST_CASES = 5
"""Cases of a finding that are shown with their texts."""
MOST_CASES_IN_ALL = 300
"""Fewer are shown of each finding, one at the least, where many findings would make the page too large."""
MOST_LINES = 12
"""Cases of a finding that are shown where they are a line each."""
MOST_FILES = 3
MOST_TYPES = 12
"""Entity types, and relation types, whose strings are counted and named."""
ALONE, BESIDE = 700, 480
"""Most characters shown of a text that stands alone, and of each of two."""
WORDS = 400
"""Most characters of what is said of a case."""

PLOT_WIDTH, PLOT_HEIGHT, LONGER = 300, 96, 14
"""Size of a drawn distribution, and the width of the bar for what is longer than its axis."""

# A command: the verb, then options, names in capitals and numbers, as long as they follow each other.
_CODE = re.compile(
    r"`([^`]+)`|\bmedspan [a-z]+"
    r"(?: (?:--to [a-z-]+|--?[a-z][a-z-]*|[A-Z]{2,}(?:=[A-Z]+|\.{3})?|[\d.,]*\d)(?![\w-]))+"
)


def write_page(path: Path, audit: Audit, *, title: str, most_cases: int = MOST_CASES) -> None:
    """Write the page on an audit to `path`, whole or not at all; `title` names the data.

    Of each finding at most `most_cases` cases are shown (`MOST_LINES` where cases have no text), evenly
    spaced over all, and the page says how many there are.
    """
    write_whole(path, [page(audit, title=title, most_cases=most_cases)])


def page(audit: Audit, *, title: str, most_cases: int = MOST_CASES) -> str:
    """The page as HTML; the same audit gives the same page."""
    data, folder = audit.data, common_folder(audit)
    counts = Counter(finding.severity for finding in audit.findings)
    most_cases = max(1, min(most_cases, MOST_CASES_IN_ALL // max(1, len(audit.findings))))
    repeated = repeated_strings(data)
    shown = [one for kind in KINDS for one in [each for each in repeated if each.kind == kind][:MOST_TYPES]]
    facts = {
        "Folder": folder.rstrip("/"),
        "Token limit": f"{data.max_length:,}" if data.max_length else "",
        "Compared with": ", ".join(f"{name} ({len(part):,} rows)" for name, part in data.benchmarks.items()),
        "Before cleaning": f"{data.original.name} ({len(data.original):,} rows)" if data.original else "",
    }
    return render(
        "medspan.audit",
        "page.html.jinja",
        title=title,
        verdict=verdict(audit),
        remarks=list(remarks(audit)),
        severities=[(name, counts[name]) for name in SEVERITIES],
        facts={name: value for name, value in facts.items() if value},
        splits=_splits(audit, folder),
        checks=_checks(audit, folder, most_cases),
        shares=[
            (name, table)
            for name, table in (
                ("Tasks", task_shares(data)),
                ("Entity types", entity_shares(data)),
                ("Relation types", relation_shares(data)),
            )
            if table
        ],
        lengths=[_drawn(one) for one in lengths(data)],
        repeated=shown,
        repeated_left_out=len(repeated) - len(shown),
        learnt_from=data.train.name if data.train else None,
    )


def _splits(audit: Audit, folder: str) -> list[dict[str, Any]]:
    told = audit.to_json()["splits"]
    return [
        {
            "name": part.name,
            **told[part.name],
            "formats": ", ".join(part.formats),
            "files": [file.removeprefix(folder) for file in part.files[:MOST_FILES]],
            "more_files": max(0, len(part.files) - MOST_FILES),
        }
        for part in audit.data.parts
    ]


def _checks(audit: Audit, folder: str, most_cases: int) -> list[dict[str, Any]]:
    """The findings by check, the gravest first, with what the checks say of themselves."""
    known = all_checks()
    by_check: dict[str, list[dict[str, Any]]] = {}
    for number, finding in enumerate(audit.findings, 1):
        by_check.setdefault(finding.check, []).append(_finding(finding, number, folder, most_cases))
    return [
        {
            "id": name,
            "severity": found[0]["severity"],
            "meaning": known[name].meaning if name in known else "",
            "counted": known[name].counted if name in known else "",
            "remedies": [
                (", ".join(one["where"] for one in same), code_parts(remedy))
                for remedy, same in groupby(found, key=lambda one: one["remedy"])
            ],
            "findings": found,
        }
        for name, found in by_check.items()
    ]


def _finding(finding: Finding, number: int, folder: str, most_cases: int) -> dict[str, Any]:
    bare = not any(case.text or case.other_text for case in finding.cases)
    chosen = evenly_spaced(len(finding.cases), MOST_LINES if bare else most_cases)
    return {
        "anchor": f"finding-{number}",
        "severity": finding.severity,
        "where": where(finding),
        "message": code_parts(finding.message),
        "count": finding.count,
        "of": finding.of,
        "share": finding.count / finding.of if finding.of else None,
        "remedy": finding.remedy,
        "cases": [_case(finding.cases[place], folder) for place in chosen],
        "bare": bare,
        "known": len(finding.cases),
    }


def _case(case: Case, folder: str) -> dict[str, Any]:
    """A case with its text in pieces, and beside it the other text where there is one."""
    marks = [Span(start, end) for start, end in case.marks]
    told, columns = "", []
    if case.text and case.other_text:
        both = compare(case.text, case.other_text)
        told = both.told
        columns = [
            (_place(case.place, folder), excerpt(case.text, [*marks, *both.left], BESIDE)),
            (_place(case.other_place, folder), excerpt(case.other_text, both.right, BESIDE)),
        ]
    elif case.text:
        columns = [(_place(case.place, folder), excerpt(case.text, marks, ALONE))]
    elif case.other_text:
        columns = [(_place(case.other_place, folder), excerpt(case.other_text, (), ALONE))]
    what = case.what.replace(folder, "") if folder else case.what
    return {
        "what": what if len(what) <= WORDS else f"{what[:WORDS]}…",
        "place": "" if columns else _place(case.place, folder),
        "told": told,
        "columns": columns,
    }


def _place(place: str, folder: str) -> str:
    return place.removeprefix(folder)


def code_parts(words: str) -> list[Piece]:
    """Words in pieces; of kind `mark` what stands between backticks, and commands of medspan."""
    pieces = []
    shown = 0
    for found in _CODE.finditer(words):
        pieces += [Piece(words[shown : found.start()]), Piece(found.group(1) or found.group(), "mark")]
        shown = found.end()
    return [piece for piece in (*pieces, Piece(words[shown:])) if piece.text]


def _drawn(found: Lengths) -> dict[str, Any]:
    """A distribution as the template draws it: for each split bars as (x, width, height, over the limit)."""
    highest = max(max(*split.bars, split.beyond) / split.rows for split in found.splits)
    at = None if found.limit is None else PLOT_WIDTH * found.limit / found.top
    return {
        "found": found,
        "ticks": [
            (PLOT_WIDTH * value / found.top, f"{value:,}")
            for value in range(0, found.top + 1, found.step * (1 + found.top // found.step // 6))
        ],
        "limit_at": at if at is not None and at <= PLOT_WIDTH else None,
        "splits": [(split, _bars(split, found, highest)) for split in found.splits],
        "size": (PLOT_WIDTH, PLOT_HEIGHT, LONGER),
    }


def _bars(split: SplitLengths, found: Lengths, highest: float) -> Sequence[tuple[float, float, float, bool]]:
    width = PLOT_WIDTH / len(split.bars)
    step = found.top / len(split.bars)
    limit = found.limit
    drawn = [
        (width * bar, width, count, limit is not None and step * bar >= limit)
        for bar, count in enumerate(split.bars)
    ]
    drawn.append((PLOT_WIDTH + 4, LONGER - 4, split.beyond, limit is not None and found.top >= limit))
    return [
        (round(x, 2), round(wide, 2), round(PLOT_HEIGHT * count / split.rows / highest, 2), over)
        for x, wide, count, over in drawn
        if count
    ]
