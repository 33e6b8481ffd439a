"""compare.html: what differs, the scores, and all documents with the outputs side by side; one file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medspan.evaluate.comparison.columns import VERDICTS, Answers, Columns
from medspan.evaluate.comparison.records import GROUPS, Difference, RecordDifferences
from medspan.evaluate.comparison.result import TESTED, Comparison
from medspan.evaluate.comparison.rows import PartDifference
from medspan.evaluate.comparison.sentences import sentences
from medspan.evaluate.comparison.transitions import STATES
from medspan.evaluate.match import KINDS
from medspan.page import page_json, render

LONGEST = 160
"""Characters of a value that are shown; the JSON has all."""


@dataclass(frozen=True, slots=True)
class Told:
    """What a page tells, of `names`, the systems in order; what is None or empty is left out.

    `facts` by system are shown under its name. `rows`: for each system but the first, what became of the
    rows of each part of its data.
    """

    names: Sequence[str]
    facts: Sequence[Mapping[str, str]] = ()
    part: str = ""
    records: RecordDifferences | None = None
    rows: Sequence[Mapping[str, PartDifference]] = ()
    comparison: Comparison | None = None
    answers: Answers | None = None
    notes: Sequence[str] = ()


def write_page(path: Path, told: Told) -> None:
    """Write the page of a comparison to `path`, folders made as needed."""
    columns = Columns()
    data: dict[str, Any] = {"rows": [], "answers": None, "states": STATES, "verdicts": VERDICTS}
    if told.comparison:
        data["rows"] = list(columns.rows(told.comparison))
    if told.answers:
        data["answers"] = columns.answers(told.answers)
    data |= {"types": list(columns.types), "names": list(told.names)}
    html = render(
        "medspan.evaluate.comparison",
        "compare.html.jinja",
        title=" and ".join(told.names) if len(told.names) == 2 else f"{len(told.names)} runs",
        told=told,
        letters=letters(len(told.names)),
        groups=grouped(told.records) if told.records else [],
        shown=shown_value,
        scores=score_rows(told.comparison) if told.comparison else [],
        sentences=sentences(told.comparison, letters(len(told.names))) if told.comparison else [],
        states=STATES,
        kinds=KINDS,
        tasks=sorted({row["q"] for row in data["rows"] if "q" in row}),
        data=page_json(data),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def letters(count: int) -> list[str]:
    """A, B, C ... for the systems; numbers once the alphabet is used up."""
    return [chr(ord("A") + place) if place < 26 else str(place + 1) for place in range(count)]


def grouped(records: RecordDifferences) -> list[tuple[str, list[Difference]]]:
    """The differences by group; groups without any are left out."""
    found = [(group, [one for one in records.found if one.group == group]) for group in GROUPS]
    return [(group, differences) for group, differences in found if differences]


def shown_value(difference: Difference, place: int, longest: int = LONGEST) -> str:
    """A value in one line, cut where it is long; `not recorded` where the run's record lacks the path."""
    if not difference.recorded[place]:
        return "not recorded"
    value = difference.values[place]
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    text = " ".join(text.split())
    if len(text) == 64 and set(text) <= set("0123456789abcdef"):
        return text[:12]
    return text if len(text) <= longest else text[: longest - 1] + "\u2026"


def score_rows(found: Comparison) -> list[dict[str, Any]]:
    """One row for each kind and match that has a score in any system, with the tests against the first."""
    rows = []
    for kind in KINDS:
        for how in TESTED:
            scores = [evaluation.match[how][kind].micro for evaluation in found.evaluations]
            if all(score.f1 is None for score in scores):
                continue
            tests = [
                (against.system, against.tests[how, kind], against.adjusted.get((how, kind)))
                for against in found.against
            ]
            rows.append({"kind": kind, "how": how, "scores": scores, "tests": tests})
    return rows
