"""Precision, recall and F1 of a set of predictions, by match, kind, type and task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from medspan.core import Example, Schema
from medspan.evaluate.confidence import Confidence, confidence
from medspan.evaluate.counts import (
    PARTS,
    DocumentCounts,
    Key,
    Part,
    by_concept,
    count_documents,
    predicted_ids,
)
from medspan.evaluate.directions import Directions
from medspan.evaluate.guard import check_usable
from medspan.evaluate.health import Health, health
from medspan.evaluate.interval import LEVEL, Interval, f1_intervals
from medspan.evaluate.outcome import HOWS, KINDS, MATCHES, Counts, How, Kind

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Score:
    """Counts and what follows from them; None where a score is undefined.

    Precision is undefined without predictions, recall without references, and F1 =
    2 TP / (2 TP + FP + FN) without either. Counts are whole numbers but for the match `overlap`.
    """

    true_positives: float
    false_positives: float
    false_negatives: float
    f1_interval: Interval | None = None

    @property
    def support(self) -> float:
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
class TaskScores:
    """The scores of the documents of one task."""

    documents: int
    match: MatchScores


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All scores of a set; `per_document` keeps the counts from which they, and any resample, follow.

    `parts`: the scores of items whose strings the training part holds (`seen`), and of the others;
    empty where no training part is known. `confidence` by kind, for predictions that have probabilities.
    `concept_ids`: what brings predictions to concepts, `predicted` ids or gold linking (`linked`); None
    where the reference has no concepts.
    """

    match: MatchScores
    tasks: Mapping[str, TaskScores]
    health: Health
    per_document: tuple[DocumentCounts, ...]
    parts: Mapping[Part, MatchScores] = field(default_factory=dict)
    confidence: Mapping[Kind, Confidence] = field(default_factory=dict)
    bootstrap: Mapping[str, Any] = field(default_factory=dict)
    concept_ids: str | None = None

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
            "seen": {part: _match_json(match) for part, match in self.parts.items()} or None,
            "health": dict(self.health.rates),
            "health_examples": self.health.to_json(),
            "confidence": {kind: found.to_json() for kind, found in self.confidence.items()},
            "bootstrap": dict(self.bootstrap),
            "concept_ids": self.concept_ids,
        }


def evaluate(
    examples: Sequence[Example],
    *,
    bootstrap_samples: int = 1000,
    seed: int = 0,
    allow_empty: bool = False,
    scored: Sequence[Example] = (),
    schema: Schema | None = None,
    training: Sequence[Example] | None = None,
) -> Evaluation:
    """Score the predictions of `examples` against their references; each example is one document.

    `scored`: the same documents with their less probable predictions too, from which precision and
    recall at other thresholds follow. `schema`: its symmetric and inverse relation types are counted as
    such. `training`: the examples whose strings count as seen. Intervals are 95%, from
    `bootstrap_samples` resamples of the documents (0 for none). Raises InputError where a score would
    say nothing: no documents, a side missing, an empty reference, output that no format read, and empty
    predictions unless `allow_empty`.
    """
    check_usable(examples, allow_empty=allow_empty)
    rows = count_documents(examples, schema=schema, training=training)
    tasks = sorted({row.task for row in rows if row.task is not None})
    by_task = {task: [row for row in rows if row.task == task] for task in tasks}

    def scores(part: Sequence[DocumentCounts]) -> MatchScores:
        return score_documents(part, bootstrap_samples=bootstrap_samples, seed=seed)

    overall = scores(rows)
    return Evaluation(
        match=overall,
        tasks={
            task: TaskScores(len(part), scores(part) if len(part) < len(rows) else overall)
            for task, part in by_task.items()
        },
        health=health(examples),
        per_document=rows,
        parts={}
        if training is None
        else {
            part: scores([DocumentCounts(row.id, row.task, row.parts.get(part, {})) for row in rows])
            for part in PARTS
        },
        confidence=confidence(scored or examples, directions=Directions.of(schema)),
        concept_ids=("predicted" if predicted_ids(examples) else "linked") if by_concept(examples) else None,
        bootstrap={"samples": bootstrap_samples, "seed": seed, "level": LEVEL, "method": "BCa, documents"},
    )


def quick_scores(examples: Sequence[Example]) -> dict[str, dict[str, float | None]]:
    """Micro F1 of the text match for `all` and for each task, by kind; no checks and no intervals."""
    rows = count_documents(examples, hows=("text",))
    parts = {"all": list(rows)}
    for row in sorted((row for row in rows if row.task is not None), key=lambda row: row.task or ""):
        parts.setdefault(row.task or "", []).append(row)
    return {name: {kind: _score(part, "text", kind).f1 for kind in KINDS} for name, part in parts.items()}


def score_documents(rows: Sequence[DocumentCounts], *, bootstrap_samples: int, seed: int) -> MatchScores:
    """The scores of all matches and kinds over the counts of `rows`."""
    sums: dict[_Column, Counts] = {
        (how, kind, None): (0.0, 0.0, 0.0) for kind, hows in MATCHES.items() for how in hows
    }
    for row in rows:
        for key, cell in row.counts.items():
            for column in (key, (key[0], key[1], None)):
                before = sums.get(column, (0.0, 0.0, 0.0))
                sums[column] = (before[0] + cell[0], before[1] + cell[1], before[2] + cell[2])
    # A type that only predictions hold has no interval: its F1 is 0 in every resample, and a model may
    # invent thousands.
    columns = sorted(
        (column for column, cell in sums.items() if column[2] is None or cell[0] + cell[2]),
        key=lambda column: (column[0], column[1], column[2] or ""),
    )
    # By name, so that all parts of one set of documents are drawn alike.
    named = _by_name(rows)
    limits = f1_intervals(_table(named, columns), samples=bootstrap_samples, seed=seed, ordered=True)
    intervals = dict(zip(columns, limits, strict=True))
    scores = {
        column: Score(_number(cell[0]), _number(cell[1]), _number(cell[2]), intervals.get(column))
        for column, cell in sorted(sums.items(), key=lambda pair: pair[0][2] or "")
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
            if how in MATCHES[kind]
        }
        for how in HOWS
    }


_Column = tuple[How, Kind, str | None]


def _table(rows: Sequence[DocumentCounts], columns: Sequence[_Column]) -> NDArray[np.float64]:
    """Counts by row and column; a column without a type holds all types of its match and kind."""
    import numpy as np

    number = {column: place for place, column in enumerate(columns)}
    table = np.zeros((len(rows), len(columns), 3))
    where: list[int] = []
    keys: list[Key] = []
    cells: list[Counts] = []
    for place, row in enumerate(rows):
        where += [place] * len(row.counts)
        keys += row.counts
        cells += row.counts.values()
    if not cells:
        return table
    counts = np.asarray(cells, dtype=np.float64)
    places = np.asarray(where)
    for column_of in (
        {key: number.get(key, -1) for key in set(keys)},
        {key: number[key[0], key[1], None] for key in set(keys)},
    ):
        which = np.asarray([column_of[key] for key in keys])
        held = which >= 0
        np.add.at(table, (places[held], which[held]), counts[held])
    return table


def _by_name(rows: Sequence[DocumentCounts]) -> list[DocumentCounts]:
    """`rows` by id and task, in an order that does not hang on the one they came in."""
    if len({(row.id, row.task) for row in rows}) == len(rows):
        return sorted(rows, key=lambda row: (row.id, row.task or ""))
    return sorted(rows, key=lambda row: (row.id, row.task or "", sorted(row.counts.items())))


def _number(value: float) -> float:
    """A count as a whole number where it is one."""
    return int(value) if value.is_integer() else value


def _score(rows: Iterable[DocumentCounts], how: How, kind: Kind) -> Score:
    cells = [cell for row in rows for key, cell in row.counts.items() if key[:2] == (how, kind)]
    tp, fp, fn = (sum(cell[column] for cell in cells) for column in range(3))
    return Score(tp, fp, fn)


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _mean(values: Iterable[float | None]) -> float | None:
    defined = [value for value in values if value is not None]
    return sum(defined) / len(defined) if defined else None


def _match_json(match: MatchScores) -> dict[str, Any]:
    return {how: {kind: scores.to_json() for kind, scores in kinds.items()} for how, kinds in match.items()}
