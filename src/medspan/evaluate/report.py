"""report.html: the scores, and every document with what was found, missed and invented; one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from medspan.core import Example
from medspan.evaluate.confidence import Confidence, Point
from medspan.evaluate.health import RATES, Health
from medspan.evaluate.match import KINDS, MEANINGS, NO_DIRECTIONS, Directions, How
from medspan.evaluate.score import Evaluation, MatchScores, Score
from medspan.evaluate.views import KnownError, Views
from medspan.page import embed, page_json, render

Table = tuple[str, list[str], list[list[str]]]

RATE_NAMES = {"near_miss_rate": "Near-miss copies", "duplicate_rate": "Duplicates"}
ALARMING_RATE = 0.05
THRESHOLDS = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""Confidences for which the report states precision and recall."""

TILES = ("text", "strict")
"""The matches that stand at the head of the report."""


@dataclass(frozen=True, slots=True)
class Details:
    """What a report can show beyond scores and documents; each part is left out where it is missing.

    `errors`: the missed and spurious items with their kinds, `document` being the place in `examples`;
    `taxonomy`: their counts by kind, as `Taxonomy.to_json` gives them, and the match they were counted
    under. `curves`: ready HTML or SVG of the training, which is put in as it is. `directions`: those that
    the relations were scored with.
    """

    errors: Sequence[KnownError] = ()
    taxonomy: Mapping[str, Any] | None = None
    curves: str | None = None
    directions: Directions = NO_DIRECTIONS


def write_report(
    path: Path,
    *,
    title: str,
    examples: Sequence[Example],
    evaluation: Evaluation,
    facts: Mapping[str, str],
    extra_tables: Sequence[Table] = (),
    details: Details | None = None,
) -> None:
    """Write the report of `evaluation` over `examples` to `path`, folders made as needed.

    `facts` are shown under the title; `extra_tables` are (title, headers, rows). All documents go into
    the page, compressed where there are many. Mentions are marked by place (strict match), relations by
    their strings (text match) or by the match of `details.taxonomy`.
    """
    details = details or Details()
    relations: How = details.taxonomy["match"] if details.taxonomy else "text"
    views = Views(examples, details.errors, relations, details.directions)
    blocks = embed(views.rows())
    names = {
        "documents": len(examples),
        "types": list(views.types),
        "kinds": list(views.kinds),
        "tasks": sorted({example.task for example in examples if example.task}),
    }
    overview = score_rows(evaluation.match)
    values = {
        "title": title,
        "facts": facts,
        "documents": evaluation.documents,
        "overview": overview,
        "tiles": [row for row in overview if row["how"] in TILES],
        "by_type": by_type(evaluation.match),
        "tasks": [(name, task.documents, score_rows(task.match)) for name, task in evaluation.tasks.items()],
        "seen": [(part, score_rows(match)) for part, match in evaluation.parts.items()],
        "curves": details.curves,
        "confidence": [
            (kind, found, curve_view(found, evaluation.match["strict"][kind].micro))
            for kind, found in evaluation.confidence.items()
        ],
        "health": health_view(evaluation.health),
        "taxonomy": taxonomy_view(details.taxonomy),
        "extra_tables": [
            (f"table-{place}", *table) for place, table in enumerate(extra_tables, 1) if table[2]
        ],
        "matched": {"entities": "strict", "relations": relations},
        "names": page_json(names),
        "blocks": blocks,
    }
    html = render("medspan.evaluate", "report.html.jinja", contents=contents(values), **values)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def contents(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(anchor, name) of the sections that this report has, in their order."""
    sections = [
        ("scores", "Scores", True),
        ("types", "By type", values["by_type"]),
        ("tasks", "By task", values["tasks"]),
        ("seen", "Seen and unseen", values["seen"]),
        ("curves", "Training", values["curves"]),
        ("confidence", "Confidence", values["confidence"]),
        ("health", "Health", values["health"]),
        ("errors", "Kinds of errors", values["taxonomy"]),
        *((anchor, name, True) for anchor, name, _, _ in values["extra_tables"]),
        ("documents", "Documents", True),
    ]
    return [(anchor, name) for anchor, name, there in sections if there]


def score_rows(match: MatchScores) -> list[dict[str, Any]]:
    """One row per kind and match for which anything was asked or answered."""
    return [
        {
            "kind": kind,
            "how": how,
            "score": kinds[kind].micro,
            "macro_f1": kinds[kind].macro["f1"],
            "meaning": MEANINGS.get((kind, how)),
        }
        for kind in KINDS
        for how, kinds in match.items()
        if kind in kinds and kinds[kind].by_type
    ]


def by_type(match: MatchScores) -> list[tuple[str, str, Mapping[str, Score]]]:
    """(kind, match, scores by type), text first, which is the one that stands open."""
    order = sorted(match, key=lambda how: how != "text")
    return [
        (kind, how, match[how][kind].by_type)
        for kind in KINDS
        for how in order
        if kind in match[how] and match[how][kind].by_type
    ]


def health_view(health: Health) -> list[dict[str, Any]]:
    """The rates as the template shows them, each with its examples."""
    return [
        {
            "name": RATE_NAMES.get(name, name.removesuffix("_rate").replace("_", " ").capitalize()),
            "note": RATES.get(name, ""),
            "value": rate,
            "alarming": rate is not None and rate > ALARMING_RATE,
            "cases": [
                {**fault.to_json(), "link": anchor(fault.document)} for fault in health.examples.get(name, ())
            ],
        }
        for name, rate in health.rates.items()
    ]


def anchor(document: str) -> str:
    """The part of an address after `#` that opens a document of the report."""
    well_formed = document.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return "doc=" + quote(well_formed, safe="!~*'()")


def taxonomy_view(taxonomy: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """By group the kinds that have errors, the most frequent first."""
    groups = []
    for group in KINDS:
        kinds = (taxonomy or {}).get(group, {}).get("kinds", {})
        rows = [
            {
                "kind": kind,
                "meaning": one["meaning"],
                "missed": one["false_negatives"],
                "spurious": one["false_positives"],
                "count": one["false_negatives"] + one["false_positives"],
                "share": one["share"],
                "gain": one["gain"],
                "examples": [
                    {**case, "pieces": _window(case), "link": anchor(case["document"])}
                    for case in one["examples"]
                ],
            }
            for kind, one in kinds.items()
        ]
        rows = sorted((row for row in rows if row["count"]), key=lambda row: -row["count"])
        if rows:
            groups.append({"name": group, "rows": rows})
    return groups


def _window(case: Mapping[str, Any]) -> list[tuple[str, bool]]:
    """The text around an error in pieces, and which of them are the error itself."""
    text, marks = case["window"], sorted(map(tuple, case["marks"]))
    found, at = [], 0
    for start, end in marks:
        found += [(text[at:start], False), (text[max(at, start) : end], True)]
        at = max(at, end)
    return [piece for piece in (*found, (text[at:], False)) if piece[0]]


def curve_view(found: Confidence, score: Score) -> dict[str, Any]:
    """The precision-recall curve as the template draws it, and rows of it at round thresholds.

    Coordinates are in percent, from the upper left corner; `at` is where the scores of this report are.
    """

    def place(precision: float, recall: float) -> tuple[float, float]:
        return round(100 * recall, 2), round(100 * (1 - precision), 2)

    drawn = [place(point.precision, point.recall) for point in found.curve if point.recall is not None]
    at = None
    if score.precision is not None and score.recall is not None:
        at = place(score.precision, score.recall)
    rows: list[tuple[float, Point]] = []
    for limit in THRESHOLDS:
        reached = [point for point in found.curve if point.threshold >= limit]
        if reached:
            rows.append((limit, reached[-1]))
    return {"line": " ".join(f"{x},{y}" for x, y in drawn), "at": at, "rows": rows}
