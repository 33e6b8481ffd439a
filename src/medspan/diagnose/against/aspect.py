"""What came of one aspect in which two runs may differ, and of the comparison as a whole."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from medspan.diagnose.base import Effect

Verdict = Literal["separates", "cleared", "only-a-training-tells", "not-testable"]


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect of a run beside another: what it is in both, and what swapping it does.

    `values`: of GOOD and of RUN, None where nothing states it. `same`: None where that is not known.
    `effect`: RUN as it is, and with GOOD's value in place of its own. `closes`: the share of the gap that
    this closes. `cause`: the cause of the catalogue that stands for it, None where there is none.
    `changes`: keys of the configuration by which a training can tell, with GOOD's values.
    """

    name: str
    values: tuple[Any, Any]
    same: bool | None
    verdict: Verdict
    evidence: tuple[str, ...]
    tested: bool = False
    effect: Effect | None = None
    closes: float | None = None
    cause: str | None = None
    changes: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {
            "aspect": self.name,
            "values": list(self.values),
            "same": self.same,
            "tested": self.tested,
            "effect": None if self.effect is None else self.effect.to_json(),
            "closes": self.closes,
            "cause": self.cause,
            "verdict": self.verdict,
            "evidence": list(self.evidence),
        }


@dataclass(frozen=True, slots=True)
class Gap:
    """F1 (text match) of RUN and of GOOD for one kind, and the 95% interval of GOOD's less RUN's.

    `documents`: of RUN and of GOOD. `paired`: whether both are scored on the same documents.
    """

    kind: str
    run: float | None
    good: float | None
    interval: tuple[float, float] | None
    documents: tuple[int, int]
    paired: bool

    @property
    def difference(self) -> float | None:
        return None if self.run is None or self.good is None else self.good - self.run

    @property
    def sure(self) -> bool:
        """Whether GOOD is surely the better one."""
        return self.interval is not None and self.interval[0] > 0

    def to_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "good": self.good,
            "difference": self.difference,
            "interval": None if self.interval is None else list(self.interval),
            "documents": list(self.documents),
            "paired": self.paired,
        }


@dataclass(frozen=True, slots=True)
class Against:
    """The comparison of a run with a good one.

    `gap`: by kind, on all stored predictions of each. `remaining`: by kind, RUN with what separates the two
    mended, on the sample. `closed`: whether what remains is none that can be told from nothing. `sentence`:
    all of it in one. `notes`: what could not be compared.
    """

    run: str
    gap: Sequence[Gap]
    aspects: Sequence[Aspect]
    remaining: Sequence[Gap]
    closed: bool
    sentence: str
    notes: tuple[str, ...] = ()

    @property
    def better(self) -> bool:
        """Whether GOOD is surely better than RUN, so that what is the same in both explains no bad score."""
        return any(one.sure for one in self.gap)

    @property
    def separating(self) -> tuple[Aspect, ...]:
        return tuple(one for one in self.aspects if one.verdict == "separates")

    @property
    def left_to_training(self) -> tuple[Aspect, ...]:
        """The aspects of which only a training can tell."""
        return tuple(one for one in self.aspects if one.verdict == "only-a-training-tells")

    def to_json(self) -> dict[str, Any]:
        """The `against` of `diagnose --json`."""
        return {
            "run": self.run,
            "gap": {one.kind: one.to_json() for one in self.gap},
            "aspects": [one.to_json() for one in self.aspects],
            "remaining": {one.kind: one.to_json() for one in self.remaining},
            "closed": self.closed,
            "sentence": self.sentence,
            "notes": list(self.notes),
        }
