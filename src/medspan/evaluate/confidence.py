"""What probabilities are worth: how often they hold, and what other thresholds would give."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

from medspan.core import Example, Mention, Relation
from medspan.evaluate.match import (
    KINDS,
    NO_DIRECTIONS,
    Directions,
    How,
    Judged,
    Kind,
    judge_mentions,
    judge_relations,
    links_concepts,
)

BINS = 15
"""Bins of equal width, as in Guo et al., On Calibration of Modern Neural Networks (ICML 2017)."""

_POINTS = 200


@dataclass(frozen=True, slots=True)
class Sure:
    """A predicted item with its confidence: whether it is right, and what it counts for."""

    document: int
    confidence: float
    judged: Judged[Any]

    @property
    def right(self) -> bool:
        return bool(self.judged.finds)


@dataclass(frozen=True, slots=True)
class Point:
    """Precision, recall and F1 of the items that are at least `threshold` probable."""

    threshold: float
    precision: float
    recall: float | None
    f1: float

    def to_json(self) -> dict[str, float | None]:
        return {
            "threshold": self.threshold,
            "precision": self.precision,
            "recall": self.recall,
            "f1": self.f1,
        }


@dataclass(frozen=True, slots=True)
class Confidence:
    """Of one kind: the expected calibration error over `items`, and the precision-recall curve."""

    items: int
    calibration_error: float | None
    curve: tuple[Point, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "items": self.items,
            "calibration_error": self.calibration_error,
            "curve": [point.to_json() for point in self.curve],
        }


def confidence(
    examples: Sequence[Example], how: How = "strict", directions: Directions = NO_DIRECTIONS
) -> dict[Kind, Confidence]:
    """Of both kinds what the confidences of `examples` are worth; kinds without any are left out."""
    found: dict[Kind, Confidence] = {}
    for kind in KINDS:
        if not any(_has_confidence(example, kind) for example in examples):
            continue
        items, support = sure_items(examples, kind, how, directions)
        if items:
            pairs = [(item.confidence, item.right) for item in items]
            found[kind] = Confidence(len(items), calibration_error(pairs), curve(items, support))
    return found


def _has_confidence(example: Example, kind: Kind) -> bool:
    if example.predicted is None:
        return False
    items = example.predicted.mentions if kind == "entities" else example.predicted.relations
    return any(item.confidence is not None for item in items)


def sure_items(
    examples: Sequence[Example], kind: Kind, how: How = "strict", directions: Directions = NO_DIRECTIONS
) -> tuple[list[Sure], int]:
    """The predicted items that have a confidence, judged, and how many items the reference has."""
    items: list[Sure] = []
    support = 0
    for document, (example, linked) in enumerate(zip(examples, links_concepts(examples), strict=True)):
        wanted, judged = (
            judge_mentions(example, how)
            if kind == "entities"
            else judge_relations(example, how, linked=linked, directions=directions)
        )
        support += len(wanted)
        for one in judged:
            if isinstance(one.item, (Mention, Relation)) and one.item.confidence is not None:
                items.append(Sure(document, one.item.confidence, one))
    return items, support


def calibration_error(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """The expected calibration error: mean distance of confidence and share that is right, by bin.

    `pairs`: (confidence, whether right). None without any. Bins as `BINS` says, weighted by size.
    """
    if not pairs:
        return None
    sums = [[0.0, 0.0] for _ in range(BINS)]
    for sure, right in pairs:
        cell = sums[min(BINS - 1, int(sure * BINS))]
        cell[0] += sure
        cell[1] += right
    return sum(abs(sure - right) for sure, right in sums) / len(pairs)


def curve(items: Sequence[Sure], support: int) -> tuple[Point, ...]:
    """The points of the precision-recall curve, from the surest item on; at most 200, evenly spaced.

    Counted as the scores are: several items that find one item of the reference count once, and so do
    spurious items that say the same.
    """
    found: set[Hashable] = set()
    spurious: set[Hashable] = set()
    points: list[Point] = []
    order = sorted(items, key=lambda item: -item.confidence)
    for place, item in enumerate(order):
        if item.right:
            found |= {(item.document, key) for key in item.judged.finds}
        else:
            spurious.add((item.document, item.judged.key))
        if place + 1 < len(order) and order[place + 1].confidence == item.confidence:
            continue
        answered = len(found) + len(spurious)
        points.append(
            Point(
                item.confidence,
                len(found) / answered,
                len(found) / support if support else None,
                2 * len(found) / (answered + support),
            )
        )
    if len(points) <= _POINTS:
        return tuple(points)
    chosen = {round(place * (len(points) - 1) / (_POINTS - 1)) for place in range(_POINTS)}
    return tuple(points[place] for place in sorted(chosen))
