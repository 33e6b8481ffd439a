"""What a comparison says in a sentence."""

from __future__ import annotations

import pytest

from medspan.evaluate.comparison.sentences import _said, points
from medspan.evaluate.comparison.significance import PairedTest


def planted(
    difference: float | None, p: float | None, interval: tuple[float, float] | None, differing: int = 6
) -> PairedTest:
    f1 = (0.5, None) if difference is None else (0.5, 0.5 + difference)
    return PairedTest(f1, difference, interval, p, 40, differing, 40)


@pytest.mark.parametrize(
    ("test", "adjusted", "said"),
    [
        (
            planted(0.011, 0.14, (-0.012, 0.034)),
            None,
            "no difference shown (p 0.14; difference of F1 between -1.2 and +3.4 points; "
            "6 of 40 documents differ)",
        ),
        (
            planted(0.04, 0.001, (0.01, 0.07)),
            None,
            "B is better by 4.0 points (p 0.001; difference of F1 between +1.0 and +7.0 points; "
            "6 of 40 documents differ)",
        ),
        (
            planted(-0.04, 0.001, (-0.07, -0.01)),
            None,
            "A is better by 4.0 points (p 0.001; difference of F1 between +1.0 and +7.0 points; "
            "6 of 40 documents differ)",
        ),
        (planted(0.04, 0.03, None), 0.06, "no difference shown (p 0.06 by Holm; 6 of 40 documents differ)"),
        (planted(0.0, 1.0, (0.0, 0.0), 0), None, "no difference in any document"),
        (planted(None, None, None), None, "not compared, for F1 of B is undefined"),
    ],
)
def test_a_difference_is_told_in_words(test: PairedTest, adjusted: float | None, said: str) -> None:
    assert _said(test, adjusted, "A", "B") == said


def test_points_are_never_minus_zero() -> None:
    assert (points(-0.0001), points(0.0), points(-0.0012)) == ("+0.0", "+0.0", "-0.1")
