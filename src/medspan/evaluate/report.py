"""report.html: the scores, and the documents with what was found, missed and invented; one file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Concept, Endpoint, Example, Mention, UnalignedMention
from medspan.evaluate.confidence import Confidence, Point
from medspan.evaluate.highlight import Mark, Verdict, pieces
from medspan.evaluate.match import (
    HOWS,
    KINDS,
    both_sides,
    links_concepts,
    match_mentions,
    match_relations,
)
from medspan.evaluate.score import Evaluation, MatchScores, Score
from medspan.page import evenly_spaced, render

Table = tuple[str, list[str], list[list[str]]]

HEALTH_NOTES = {
    "ungrounded_rate": ("Ungrounded", "predicted strings that stand nowhere in their text"),
    "invalid_format_rate": ("Invalid format", "documents with output that the format could not read"),
    "duplicate_rate": ("Duplicates", "predicted items that repeat an earlier one"),
    "truncated_rate": ("Truncated", "documents whose output was cut off at the length limit"),
    "run_on_rate": ("Run on", "documents that repeat some item three times or more"),
}
ALARMING_RATE = 0.05
THRESHOLDS = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
"""Confidences for which the report states precision and recall."""

VERDICTS: tuple[Verdict, ...] = ("found", "missed", "spurious")


def write_report(
    path: Path,
    *,
    title: str,
    examples: Sequence[Example],
    evaluation: Evaluation,
    facts: Mapping[str, str],
    extra_tables: Sequence[Table] = (),
    max_documents: int = 200,
) -> None:
    """Write the report of `evaluation` over `examples` to `path`, folders made as needed.

    `facts` are shown under the title; `extra_tables` are (title, headers, rows). Where there are more
    than `max_documents`, that many are shown, evenly spaced over the set, and the report says so.
    Mentions are marked by place (strict match), relations by their strings (text match).
    """
    linked = links_concepts(examples)
    shown = [
        document_view(examples[place], linked=linked[place])
        for place in evenly_spaced(len(examples), max_documents)
    ]
    html = render(
        "medspan.evaluate",
        "report.html.jinja",
        title=title,
        facts=facts,
        extra_tables=extra_tables,
        documents=evaluation.documents,
        overview=score_rows(evaluation.match),
        by_type={
            (how, kind): evaluation.match[how][kind].by_type
            for how in HOWS
            for kind in KINDS
            if evaluation.match[how][kind].by_type
        },
        tasks=[(name, task.documents, score_rows(task.match)) for name, task in evaluation.tasks.items()],
        health=[
            (*HEALTH_NOTES[name], rate, rate is not None and rate > ALARMING_RATE)
            for name, rate in evaluation.health.items()
        ],
        confidence=[
            (kind, found, curve_view(found, evaluation.match["strict"][kind].micro))
            for kind, found in evaluation.confidence.items()
        ],
        shown=shown,
        task_names=sorted({view["task"] for view in shown if view["task"]}),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(html, encoding="utf-8")


def score_rows(match: MatchScores) -> list[dict[str, Any]]:
    """One row per kind and match for which anything was asked or answered."""
    rows = []
    for kind in KINDS:
        for how in HOWS:
            scores = match[how][kind]
            if scores.by_type:
                row = {"kind": kind, "how": how, "score": scores.micro, "macro_f1": scores.macro["f1"]}
                rows.append(row)
    return rows


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


def document_view(example: Example, *, linked: bool) -> dict[str, Any]:
    """What the template shows of one document."""
    reference, predicted = both_sides(example)
    mentions = match_mentions(example, "strict")
    relations = match_relations(example, "text", linked=linked)
    marks: list[Mark] = []
    unplaced: list[tuple[Verdict, UnalignedMention]] = []
    for verdict in VERDICTS:
        for item in getattr(mentions, verdict):
            if isinstance(item, Mention):
                marks.append(Mark(item.segments, item.type, verdict))
            else:
                unplaced.append((verdict, item))
    cut = pieces(example.document.text, marks)
    counts = {
        verdict: len(getattr(mentions, verdict)) + len(getattr(relations, verdict)) for verdict in VERDICTS
    }
    return {
        "id": example.id,
        "task": example.task,
        "place": str(example.place) if example.place else "",
        "pieces": cut,
        "depth": max((lane + 1 for piece in cut for lane, _ in piece.lanes), default=0),
        "unplaced": unplaced,
        "relations": [
            (verdict, end_name(one.head, reference), one.type, end_name(one.tail, reference))
            for verdict in VERDICTS
            for one in getattr(relations, verdict)
        ],
        "counts": counts,
        "errors": counts["missed"] + counts["spurious"],
        "unparsed": [piece for piece in predicted.unparsed if piece.strip()],
        "raw": example.raw,
        "truncated": example.truncated,
    }


def end_name(end: Endpoint, annotation: Annotation) -> str:
    """How an endpoint is written in the report: its text, or a concept's first mention with its id."""
    if not isinstance(end, Concept):
        return end.text or "(blank)"
    named = (mention.text for mention in annotation.mentions if end.id in mention.concepts)
    first = next(named, None)
    return end.id if first is None else f"{first} ({end.id})"
