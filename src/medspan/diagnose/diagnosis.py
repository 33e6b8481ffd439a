"""What came of an examination: the verdict, the causes in order, what was excluded and how."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medspan.diagnose.base import Cleared, Examination, Suspicion, Untold
from medspan.diagnose.catalogue import CAUSES

NAMED = 0.5
"""The confidence from which on a cause is named."""


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of `medspan diagnose`.

    `verdict`: the first named cause, `healthy`, or `undetermined`. `causes`: named ones first, in order of
    their share of the loss, then mere notes. `cleared`, `untold`: causes excluded, and those of which nobody
    could tell. `scores`: F1 of the stored predictions by kind, with interval. `shown`: a sentence's answers
    by conditions. `why`: what made the verdict where no cause did. `free`: the stored predictions
    were decoded without medspan's grammar, as files state or the texts show.
    """

    run: str
    trainer: str
    scored: str
    documents: int
    verdict: str
    why: str
    causes: tuple[Suspicion, ...]
    cleared: tuple[Cleared, ...]
    untold: tuple[Untold, ...]
    examinations: tuple[Examination, ...]
    scores: Mapping[str, Any]
    seconds: float
    notes: tuple[str, ...] = ()
    against: Mapping[str, Any] | None = None
    shown: Sequence[Mapping[str, Any]] = ()
    free: bool = False

    @property
    def named(self) -> tuple[Suspicion, ...]:
        """The causes at a confidence of `NAMED` or more."""
        return tuple(one for one in self.causes if one.confidence >= NAMED)

    def to_json(self) -> dict[str, Any]:
        """The result of `diagnose --json`."""
        return {
            "run": self.run,
            "trainer": self.trainer,
            "part": self.scored,
            "documents": self.documents,
            "verdict": self.verdict,
            "why": self.why,
            "causes": [cause_json(one) for one in self.causes],
            "cleared": [{"cause": one.cause, "evidence": list(one.evidence)} for one in self.cleared],
            "untold": [{"cause": one.cause, "missing": one.missing} for one in self.untold],
            "probes": [one.to_json() for one in self.examinations],
            "scores": dict(self.scores),
            "against": None if self.against is None else dict(self.against),
            "shown": [dict(one) for one in self.shown],
            "notes": list(self.notes),
            "seconds": round(self.seconds, 1),
        }


def cause_json(one: Suspicion) -> dict[str, Any]:
    """A cause as the JSON contract has it."""
    return {
        "cause": one.cause,
        "meaning": CAUSES[one.cause].meaning,
        "confidence": round(one.confidence, 3),
        "confirmed": one.confirmed,
        "effect": None if one.effect is None else one.effect.to_json(),
        "evidence": list(one.evidence),
        "remedy": one.remedy or CAUSES[one.cause].remedy,
    }
