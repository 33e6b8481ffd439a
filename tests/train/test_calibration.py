"""Lines through log odds, against distortions that are planted."""

from __future__ import annotations

import random

import pytest

from medspan.core import Annotation, Document, Example, Mention
from medspan.extract.confidence import calibrated
from medspan.format.tag_card import Calibration
from medspan.train.calibration import best_threshold, calibrate

TEXT = "aa"


def documents(count: int, said: Calibration, seed: int = 0) -> list[Example]:
    """One mention each, right with a drawn probability that is reported with its log odds along `said`."""
    chance = random.Random(seed)
    found = []
    for number in range(count):
        truth = chance.uniform(0.02, 0.98)
        predicted = Mention.at(TEXT, 0, 2, "T", confidence=calibrated(truth, said))
        right = Annotation((Mention.at(TEXT, 0, 2, "T"),)) if chance.random() < truth else Annotation()
        found.append(Example(Document(str(number), TEXT), right, Annotation((predicted,))))
    return found


def test_boasting_is_undone() -> None:
    line = calibrate(documents(4000, Calibration(slope=2.5, shift=1.0)))["mention"]
    assert line.slope == pytest.approx(1 / 2.5, rel=0.1)
    assert line.shift == pytest.approx(-1.0 / 2.5, abs=0.1)
    assert line.ece_before is not None
    assert line.ece_after is not None
    assert line.ece_before > 0.1
    assert line.ece_after < 0.03
    assert line.items == 4000


def test_honest_probabilities_stay() -> None:
    line = calibrate(documents(4000, Calibration()))["mention"]
    assert line.slope == pytest.approx(1, abs=0.1)
    assert line.shift == pytest.approx(0, abs=0.1)


def test_few_documents_move_little() -> None:
    """Two right answers do not make everything certain."""
    line = calibrate(documents(2, Calibration(slope=0.1)))["mention"]
    assert 0.5 < line.slope < 1.5
    assert abs(line.shift) < 1


def test_nothing_found_is_no_calibration() -> None:
    example = Example(Document("d", TEXT), Annotation((Mention.at(TEXT, 0, 2, "T"),)), Annotation())
    for line in calibrate([example]).values():
        assert line == Calibration()


def test_threshold_is_half_of_the_best_f1_in_expectation() -> None:
    assert best_threshold([1.0, 1.0], 2) == 0.5
    assert best_threshold([], 3) == 0.5
    assert best_threshold([0.3], 0) == 0.5
    # Of 10 items at 0.4 and 4 that are there: 2 * 4 / (10 + 4), so all of them are kept.
    assert best_threshold([0.4] * 10, 4) == pytest.approx(4 / 14, abs=1e-4)
    # One at 0.9 alone is better than with nine at 0.05 more.
    assert best_threshold([0.9] + [0.05] * 9, 1) == pytest.approx(0.45)
