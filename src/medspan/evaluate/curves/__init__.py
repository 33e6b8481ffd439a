"""Loss and learning curves of a training, of medspan or of another trainer: reading, verdict, picture."""

from medspan.evaluate.curves.carrier import Curves, F1Curve, Point, Series
from medspan.evaluate.curves.finding import KINDS, Verdict
from medspan.evaluate.curves.read import read_curves
from medspan.evaluate.curves.verdict import Judgement, judge

__all__ = ["KINDS", "Curves", "F1Curve", "Judgement", "Point", "Series", "Verdict", "judge", "read_curves"]
