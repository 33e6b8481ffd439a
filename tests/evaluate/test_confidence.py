"""Calibration error and precision-recall curves, on planted answers."""

from __future__ import annotations

import random

import pytest

from medspan.core import Annotation, Document, Example, Mention, Relation, RelationType, Schema
from medspan.evaluate import evaluate
from medspan.evaluate.confidence import calibration_error, confidence

TEXT = "aa bb cc dd ee"


def mention(place: int, sure: float | None = None, type_: str = "T") -> Mention:
    return Mention.at(TEXT, 3 * place, 3 * place + 2, type_, confidence=sure)


def example(predicted: Annotation, reference: Annotation, name: str = "d") -> Example:
    return Example(Document(name, TEXT), reference, predicted)


def test_error_is_the_distance_of_what_is_said_and_what_is_right() -> None:
    assert calibration_error([]) is None
    assert calibration_error([(0.9, True)] * 9 + [(0.9, False)]) == pytest.approx(0.0)
    assert calibration_error([(0.9, True)] * 5 + [(0.9, False)] * 5) == pytest.approx(0.4)
    # Two bins, off by 0.2 and by 0.1, weighted by three items to one.
    assert calibration_error([(0.8, True)] * 3 + [(0.1, False)]) == pytest.approx((3 * 0.2 + 0.1) / 4)


def test_honest_probabilities_have_a_small_error_and_boastful_ones_a_large_one() -> None:
    chance = random.Random(1)
    drawn = [chance.random() for _ in range(20_000)]
    honest = [(sure, chance.random() < sure) for sure in drawn]
    boastful = [(min(1.0, sure + 0.2), right) for sure, right in honest]
    assert (calibration_error(honest) or 0) < 0.02
    assert (calibration_error(boastful) or 0) > 0.15


def test_curve_goes_from_the_surest_item_on() -> None:
    reference = Annotation((mention(0), mention(1), mention(2)))
    predicted = Annotation((mention(0, 0.9), mention(3, 0.8), mention(1, 0.8), mention(4, 0.3)))
    found = confidence([example(predicted, reference)])["entities"]
    points = [(p.threshold, p.precision, p.recall, p.f1) for p in found.curve]
    assert points == [
        (0.9, 1.0, pytest.approx(1 / 3), 0.5),
        (0.8, pytest.approx(2 / 3), pytest.approx(2 / 3), pytest.approx(2 / 3)),
        (0.3, 0.5, pytest.approx(2 / 3), pytest.approx(4 / 7)),
    ]
    assert found.items == 4


def test_the_last_point_is_the_score_of_all_that_is_predicted() -> None:
    chance = random.Random(3)
    examples = []
    for number in range(30):
        places = chance.sample(range(5), 3)
        reference = Annotation(
            tuple(map(mention, places)), relations=(Relation(mention(places[0]), mention(places[1]), "r"),)
        )
        given = [mention(place, chance.random()) for place in chance.sample(range(5), 3)]
        pair = Relation(given[0], given[1], "r", chance.random())
        examples.append(example(Annotation(tuple(given), relations=(pair,)), reference, str(number)))
    found = evaluate(examples, bootstrap_samples=0)
    for kind in ("entities", "relations"):
        micro = found.match["strict"][kind].micro  # type: ignore[index]
        last = found.confidence[kind].curve[-1]  # type: ignore[index]
        assert (last.precision, last.recall, last.f1) == (micro.precision, micro.recall, micro.f1)
    assert found.to_json()["confidence"]["relations"]["items"] == 30


def test_long_curves_are_thinned_but_keep_their_ends() -> None:
    examples = [
        example(Annotation((mention(0, n / 1000),)), Annotation((mention(n % 2),)), str(n))
        for n in range(1000)
    ]
    points = confidence(examples)["entities"].curve
    assert len(points) == 200
    assert (points[0].threshold, points[-1].threshold) == (0.999, 0.0)


def test_without_probabilities_there_is_nothing_to_say() -> None:
    plain = example(Annotation((mention(0),)), Annotation((mention(0),)))
    assert confidence([plain]) == {}
    assert evaluate([plain], bootstrap_samples=0).to_json()["confidence"] == {}


def test_the_curve_goes_by_the_directions_of_the_scores() -> None:
    ends = mention(0), mention(1)
    turned = Relation(ends[1], ends[0], "meets", confidence=0.9)
    examples = [example(Annotation(relations=(turned,)), Annotation(relations=(Relation(*ends, "meets"),)))]
    schema = Schema(("T",), (RelationType("meets", symmetric=True),))
    for told, wanted in ((schema, 1.0), (None, 0.0)):
        found = evaluate(examples, bootstrap_samples=0, schema=told)
        assert found.match["strict"]["relations"].micro.f1 == wanted
        assert found.confidence["relations"].curve[-1].f1 == wanted
