"""Scores, intervals, health and the report of a set of predictions."""

from medspan.evaluate.pairing import compare_sets
from medspan.evaluate.report import write_report
from medspan.evaluate.score import Evaluation, evaluate, quick_scores

__all__ = ["Evaluation", "compare_sets", "evaluate", "quick_scores", "write_report"]
