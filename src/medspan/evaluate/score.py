"""Precision, recall and F1 of a set of predictions, by match, kind, type and task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from medspan.core import Example
from medspan.evaluate.confidence import Confidence, confidence
from medspan.evaluate.guard import check_usable
from medspan.evaluate.health import health
from medspan.evaluate.interval import Interval, f1_intervals
from medspan.evaluate.match import (
    HOWS,
    KINDS,
    Counts,
    How,
    Kind,
    links_concepts,
    match_mentions,
    match_relations,
)


@dataclass(frozen=True, slots=True)
class Score:
    """Counts and what follows from them; None where a score is undefined.

    Precision is undefined without predictions, recall without references, and F1 =
    2 TP / (2 TP + FP + FN) without either.
    """

    true_positives: int
    false_positives: int
    false_negatives: int
    f1_interval: Interval | None = None

    @property
    def support(self) -> int:
        return self.true_positives + self.false_negatives

    @property
    def precision(self) -> float | None:
        return _share(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> float | None:
        return _share(self.true_positives, self.support)

    @property
    def f1(self) -> float | None:
        correct = 2 * self.true_positives
        return _share(correct, correct + self.false_positives + self.false_negatives)

    def to_json(self) -> dict[str, Any]:
        return {
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
            "f1_interval": None if self.f1_interval is None else list(self.f1_interval),
            "true_positives": self.true_positives,
            "false_positives": self.false_positives,
            "false_negatives": self.false_negatives,
        }


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of one kind under one match: over all items (micro), and by type."""

    micro: Score
    by_type: Mapping[str, Score]

    @property
    def macro(self) -> dict[str, float | None]:
        """Plain means over the types that the reference holds; undefined values are left out of them.

        A type that only predictions hold lowers the micro scores and stands in `by_type`.
        """
        held = [score for score in self.by_type.values() if score.support]
        return {
            "precision": _mean(score.precision for score in held),
            "recall": _mean(score.recall for score in held),
            "f1": _mean(score.f1 for score in held),
        }

    def to_json(self) -> dict[str, Any]:
        return {
            "micro": self.micro.to_json(),
            "macro": self.macro,
            "by_type": {
                type: {**score.to_json(), "support": score.support} for type, score in self.by_type.items()
            },
        }


MatchScores = Mapping[How, Mapping[Kind, Scores]]


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """What one document adds: (true positives, false positives, false negatives) by match, kind and type."""

    id: str
    task: str | None
    counts: Mapping[tuple[How, Kind, str], Counts] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class TaskScores:
    """The scores of the documents of one task."""

    documents: int
    match: MatchScores


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All scores of a set; `per_document` keeps the counts from which they, and any resample, follow.

    `confidence` by kind, for predictions that have probabilities.
    """

    match: MatchScores
    tasks: Mapping[str, TaskScores]
    health: Mapping[str, float | None]
    per_document: tuple[DocumentCounts, ...]
    confidence: Mapping[Kind, Confidence] = field(default_factory=dict)

    @property
    def documents(self) -> int:
        return len(self.per_document)

    def to_json(self) -> dict[str, Any]:
        """The result of `evaluate --json`."""
        return {
            "schema_version": 1,
            "documents": self.documents,
            "match": _match_json(self.match),
            "tasks": {
                task: {"documents": scores.documents, "match": _match_json(scores.match)}
                for task, scores in self.tasks.items()
            },
            "health": dict(self.health),
            "confidence": {kind: found.to_json() for kind, found in self.confidence.items()},
        }


def evaluate(
    examples: Sequence[Example],
    *,
    bootstrap_samples: int = 1000,
    seed: int = 0,
    allow_empty: bool = False,
    scored: Sequence[Example] = (),
) -> Evaluation:
    """Score the predictions of `examples` against their references; each example is one document.

    `scored`: the same documents with their less probable predictions too, from which precision and
    recall at other thresholds follow. Intervals are 95%, from `bootstrap_samples` resamples of the
    documents (0 for none). Raises InputError where a score would say nothing: no documents, a side
    missing, an empty reference, output that no format read, and empty predictions unless `allow_empty`.
    """
    check_usable(examples, allow_empty=allow_empty)
    rows = count_documents(examples)
    tasks = sorted({row.task for row in rows if row.task is not None})
    by_task = {task: [row for row in rows if row.task == task] for task in tasks}
    return Evaluation(
        match=score_documents(rows, bootstrap_samples=bootstrap_samples, seed=seed),
        tasks={
            task: TaskScores(len(part), score_documents(part, bootstrap_samples=bootstrap_samples, seed=seed))
            for task, part in by_task.items()
        },
        health=health(examples),
        per_document=rows,
        confidence=confidence(scored or examples),
    )


def quick_scores(examples: Sequence[Example]) -> dict[str, dict[str, float | None]]:
    """Micro F1 of the text match for `all` and for each task, by kind; no checks and no intervals."""
    rows = count_documents(examples, hows=("text",))
    parts = {"all": list(rows)}
    for row in sorted((row for row in rows if row.task is not None), key=lambda row: row.task or ""):
        parts.setdefault(row.task or "", []).append(row)
    return {name: {kind: _score(part, "text", kind).f1 for kind in KINDS} for name, part in parts.items()}


def count_documents(examples: Sequence[Example], *, hows: Sequence[How] = HOWS) -> tuple[DocumentCounts, ...]:
    """The counts of each document, in the order of `examples`."""
    rows = []
    for example, linked in zip(examples, links_concepts(examples), strict=True):
        counts: dict[tuple[How, Kind, str], Counts] = {}
        for how in hows:
            for type, cell in match_mentions(example, how).counts().items():
                counts[how, "entities", type] = cell
            for type, cell in match_relations(example, how, linked=linked).counts().items():
                counts[how, "relations", type] = cell
        rows.append(DocumentCounts(example.id, example.task, counts))
    return tuple(rows)


def score_documents(rows: Sequence[DocumentCounts], *, bootstrap_samples: int, seed: int) -> MatchScores:
    """The scores of both matches and kinds over the counts of `rows`."""
    columns: list[tuple[How, Kind, str | None]] = []
    for how in HOWS:
        for kind in KINDS:
            types = {key[2] for row in rows for key in row.counts if key[:2] == (how, kind)}
            columns += [(how, kind, None), *((how, kind, type) for type in sorted(types))]
    cells = [[_cell(row, *column) for column in columns] for row in rows]
    intervals = f1_intervals(cells, samples=bootstrap_samples, seed=seed)
    scores = {
        column: Score(*_sum(cell[place] for cell in cells), f1_interval=interval)
        for place, (column, interval) in enumerate(zip(columns, intervals, strict=True))
    }
    return {
        how: {
            kind: Scores(
                scores[how, kind, None],
                {
                    type: score
                    for (its_how, its_kind, type), score in scores.items()
                    if (its_how, its_kind) == (how, kind) and type is not None
                },
            )
            for kind in KINDS
        }
        for how in HOWS
    }


def _cell(row: DocumentCounts, how: How, kind: Kind, type: str | None) -> Counts:
    if type is not None:
        return row.counts.get((how, kind, type), (0, 0, 0))
    return _sum(cell for key, cell in row.counts.items() if key[:2] == (how, kind))


def _score(rows: Iterable[DocumentCounts], how: How, kind: Kind) -> Score:
    return Score(*_sum(_cell(row, how, kind, None) for row in rows))


def _sum(cells: Iterable[Counts]) -> Counts:
    totals: Counter[int] = Counter()
    for cell in cells:
        totals.update(dict(enumerate(cell)))
    return totals[0], totals[1], totals[2]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _mean(values: Iterable[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def _match_json(match: MatchScores) -> dict[str, Any]:
    return {how: {kind: scores.to_json() for kind, scores in kinds.items()} for how, kinds in match.items()}
