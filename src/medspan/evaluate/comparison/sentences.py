"""What a paired test says, in one sentence for each kind."""

from __future__ import annotations

from collections.abc import Sequence

from medspan.evaluate.comparison.result import SHOWN, Comparison
from medspan.evaluate.comparison.significance import PairedTest

SURE = 0.05
"""A difference is called one where p, corrected by Holm where that is done, is below it."""


def sentences(found: Comparison, marks: Sequence[str]) -> list[str]:
    """One sentence for each system but the first and each kind, by the match of `SHOWN`.

    `marks` stand for the systems. Differences are in points of F1.
    """
    told = []
    for against in found.against:
        for kind, how in SHOWN.items():
            test, adjusted = against.tests[how, kind], against.adjusted.get((how, kind))
            if all(score is None for score in test.f1):
                continue
            pair = f"{marks[0]} and {marks[against.system]}, {kind} ({how}): "
            told.append(pair + _said(test, adjusted, marks[0], marks[against.system]))
    return told


def _said(test: PairedTest, adjusted: float | None, first: str, second: str) -> str:
    if test.difference is None or test.p_value is None:
        without = first if test.f1[0] is None else second
        return f"not compared, for F1 of {without} is undefined"
    if not test.differing:
        return "no difference in any document"
    p = test.p_value if adjusted is None else adjusted
    how = f"p {p:.2g}" if adjusted is None else f"p {p:.2g} by Holm"
    better = p < SURE and test.difference != 0
    sign = -1 if better and test.difference < 0 else 1
    reach = ""
    if test.interval is not None:
        low, high = sorted(sign * end for end in test.interval)
        reach = f"; difference of F1 between {points(low)} and {points(high)} points"
    few = f"; {test.differing} of {test.documents} documents differ"
    if not better:
        return f"no difference shown ({how}{reach}{few})"
    name = first if test.difference < 0 else second
    return f"{name} is better by {100 * abs(test.difference):.1f} points ({how}{reach}{few})"


def points(value: float) -> str:
    """A difference of F1 in points, with its sign; never -0.0."""
    rounded = round(100 * value, 1) or 0.0
    return f"{rounded:+.1f}"
