"""Calibrated probabilities, and what is left out as too unsure."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Annotation, Concept, Mention, Relation
from medspan.extract.confidence import calibrated, kept, recalibrated
from medspan.format.tag_card import Calibration

TEXT = "aspirin caused nausea"
DRUG = Mention.at(TEXT, 0, 7, "Drug", confidence=0.9)
SYMPTOM = Mention.at(TEXT, 15, 21, "Symptom", confidence=0.4)
CAUSES = Relation(DRUG, SYMPTOM, "causes", 0.35)


def test_log_odds_go_along_a_line() -> None:
    assert calibrated(0.3, Calibration()) == pytest.approx(0.3)
    assert calibrated(0.8, Calibration(slope=2.0)) == pytest.approx(16 / 17)
    assert calibrated(0.5, Calibration(shift=1.0)) == pytest.approx(0.7310585786)
    assert 0 <= calibrated(0.0, Calibration(slope=5.0)) < calibrated(1.0, Calibration(slope=5.0)) <= 1


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 4), st.floats(-5, 5))
def test_order_is_kept(one: float, other: float, slope: float, shift: float) -> None:
    line = Calibration(slope=slope, shift=shift)
    low, high = sorted((one, other))
    assert 0 <= calibrated(low, line) <= calibrated(high, line) <= 1


def test_each_kind_has_its_own_line() -> None:
    annotation = Annotation((DRUG, SYMPTOM), relations=(CAUSES,))
    found = recalibrated(annotation, {"relation": Calibration(shift=1.0)})
    assert [mention.confidence for mention in found.mentions] == [0.9, 0.4]
    assert found.relations[0].confidence == pytest.approx(0.5941, abs=1e-4)
    found = recalibrated(annotation, {"mention": Calibration(slope=2.0)})
    head = found.relations[0].head
    assert isinstance(head, Mention)
    assert head.confidence == found.mentions[0].confidence == pytest.approx(0.9878, abs=1e-4)
    assert found.relations[0].confidence == 0.35


def test_what_is_less_sure_is_left_out_with_the_relations_that_hang_on_it() -> None:
    annotation = Annotation((DRUG, SYMPTOM), relations=(CAUSES,))
    assert kept(annotation, {"mention": 0.4, "relation": 0.35}) == annotation
    assert kept(annotation, {"mention": 0.4, "relation": 0.36}) == Annotation((DRUG, SYMPTOM))
    assert kept(annotation, {"mention": 0.5, "relation": 0.1}) == Annotation((DRUG,))


def test_ends_that_are_listed_nowhere_and_items_without_probability_stay() -> None:
    loose = Relation(Mention.at(TEXT, 0, 7, "unknown", confidence=0.1), Concept("D1"), "causes", 0.6)
    plain = Mention.at(TEXT, 15, 21, "Symptom")
    annotation = Annotation((plain,), relations=(loose,))
    assert kept(annotation, {"mention": 0.9, "relation": 0.5}) == annotation
