"""Probabilities of a tagger brought in line with how often they are right on validation documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from medspan.core import Example
from medspan.evaluate.confidence import Sure, calibration_error, sure_items
from medspan.evaluate.match import Kind
from medspan.extract.confidence import calibrated, log_odds
from medspan.format.tag_card import Calibration

FOLDS = 5
PRIOR = 1.0
"""How firmly a line stays at slope 1 and shift 0: as a Gaussian prior of this precision on either."""

_KINDS: tuple[tuple[str, Kind], ...] = (("mention", "entities"), ("relation", "relations"))
_LEAST_SLOPE = 0.05


def calibrate(examples: Sequence[Example]) -> dict[str, Calibration]:
    """The calibration of both kinds from documents whose predictions hold raw probabilities.

    A line through the log odds by penalised logistic regression (Platt, 1999), and the threshold that
    is best for F1 in expectation: half of the F1 reached (Lipton et al., Optimal thresholding of
    classifiers to maximize F1 measure, 2014). `ece_after` is measured on documents that the line was
    not fitted to, in five parts.
    """
    found = {}
    for name, kind in _KINDS:
        items, support = sure_items(examples, kind)
        if not support:
            # Where nothing of the kind is annotated, nothing is known about it.
            found[name] = Calibration()
            continue
        line = fitted(items)
        elsewhere = _cross_fitted(items)
        sure = [calibrated(item.confidence, line) for item in _distinct(items)]
        found[name] = replace(
            line,
            threshold=best_threshold(sure, support),
            ece_before=_rounded(calibration_error([(item.confidence, item.right) for item in items])),
            ece_after=_rounded(calibration_error(elsewhere)),
        )
    return found


def _distinct(items: Sequence[Sure]) -> list[Sure]:
    """Of items that count as one (strings of the same two concepts, say) the surest."""
    best: dict[object, Sure] = {}
    for item in items:
        key = item.document, item.judged.key
        if key not in best or item.confidence > best[key].confidence:
            best[key] = item
    return list(best.values())


def fitted(items: Sequence[Sure]) -> Calibration:
    """The line that is most probable given the items and the prior; the plain one without items."""
    odds = np.array([log_odds(item.confidence) for item in items])
    right = np.array([float(item.right) for item in items])
    ones = np.ones_like(odds)
    slope, shift = _newton(np.stack([odds, ones], axis=1), right, np.array([1.0, 0.0]), 0.0 * odds)
    if slope < _LEAST_SLOPE:
        # The order of the model is kept, even where it is no better than a guess.
        slope, (shift,) = _LEAST_SLOPE, _newton(ones[:, None], right, np.zeros(1), _LEAST_SLOPE * odds)
    return Calibration(slope=round(float(slope), 4), shift=round(float(shift), 4), items=len(items))


def _newton(features: Any, right: Any, start: Any, given: Any) -> Any:
    """The weights of a logistic regression with a Gaussian prior around `start`, and log odds `given`."""
    weights = start.copy()
    for _ in range(50):
        sure = 1 / (1 + np.exp(-np.clip(features @ weights + given, -30, 30)))
        gradient = features.T @ (sure - right) + PRIOR * (weights - start)
        curvature = (features * (sure * (1 - sure))[:, None]).T @ features + PRIOR * np.eye(len(start))
        step = np.linalg.solve(curvature, gradient)
        # Newton's steps overshoot where all is nearly certain.
        weights = weights - step * min(1.0, 1.0 / max(1e-12, float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-9:
            break
    return weights


def best_threshold(probabilities: Sequence[float], support: int) -> float:
    """The least probability to keep for the greatest F1 in expectation; 1/2 where nothing is to be found.

    `probabilities` are calibrated, `support` is the number of items in the reference.
    """
    best, right = 0.0, 0.0
    for kept, sure in enumerate(sorted(probabilities, reverse=True), start=1):
        right += sure
        best = max(best, 2 * right / (kept + support))
    return round(min(0.5, best / 2), 4) if best and support else 0.5


def _cross_fitted(items: Sequence[Sure]) -> list[tuple[float, bool]]:
    """(calibrated probability, whether right) of each item by the line of the other documents."""
    found = []
    for fold in range(FOLDS):
        line = fitted([item for item in items if item.document % FOLDS != fold])
        found += [
            (calibrated(item.confidence, line), item.right) for item in items if item.document % FOLDS == fold
        ]
    return found


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
