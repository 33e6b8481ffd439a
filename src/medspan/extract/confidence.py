"""How sure a tagger is: raw probabilities brought in line with how often they are right, and what is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import exp, log

from medspan.core import Annotation, Concept, Endpoint, Mention, Relation, UnalignedMention
from medspan.format.tag_card import CALIBRATED, Calibration

FLOOR = 0.01
"""Items of a lower raw probability are not looked at."""

_SUREST = 1 - 1e-5


def calibrated(probability: float, calibration: Calibration) -> float:
    """The probability with its log odds taken along the calibration's line."""
    return probability_of(calibration.slope * log_odds(probability) + calibration.shift)


def log_odds(probability: float) -> float:
    """The log odds of a probability, those of near certainty cut at 1e-5."""
    bounded = min(_SUREST, max(1 - _SUREST, probability))
    return log(bounded / (1 - bounded))


def probability_of(odds: float) -> float:
    """The probability of these log odds."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, odds))))


def recalibrated(annotation: Annotation, calibration: Mapping[str, Calibration]) -> Annotation:
    """The annotation with every raw probability calibrated, at four decimals."""
    lines = {kind: calibration.get(kind, Calibration()) for kind in CALIBRATED}

    def mention(one: Mention) -> Mention:
        if one.confidence is None:
            return one
        return replace(one, confidence=round(calibrated(one.confidence, lines["mention"]), 4))

    def end(one: Endpoint) -> Endpoint:
        return mention(one) if isinstance(one, Mention) else one

    def relation(one: Relation) -> Relation:
        sure = None if one.confidence is None else round(calibrated(one.confidence, lines["relation"]), 4)
        return Relation(end(one.head), end(one.tail), one.type, sure)

    return replace(
        annotation,
        mentions=tuple(map(mention, annotation.mentions)),
        relations=tuple(map(relation, annotation.relations)),
    )


def kept(annotation: Annotation, least: Mapping[str, float]) -> Annotation:
    """The items that are at least as sure as `least` says of their kind.

    A relation stays only if a listed mention at its end does.
    """
    mentions = tuple(one for one in annotation.mentions if _sure(one) >= least["mention"])
    dropped = set(annotation.mentions) - set(mentions)

    def stands(end: Endpoint) -> bool:
        return isinstance(end, (Concept, UnalignedMention)) or end not in dropped

    relations = tuple(
        one
        for one in annotation.relations
        if _sure(one) >= least["relation"] and stands(one.head) and stands(one.tail)
    )
    return replace(annotation, mentions=mentions, relations=relations)


def _sure(item: Mention | Relation) -> float:
    return 1.0 if item.confidence is None else item.confidence
