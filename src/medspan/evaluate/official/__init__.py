"""Scores as official evaluators of public benchmarks count them; one file for each."""

from medspan.evaluate.official.base import OfficialScorer, OfficialScores, register, scorer_named, scorers

__all__ = ["OfficialScorer", "OfficialScores", "register", "scorer_named", "scorers"]
