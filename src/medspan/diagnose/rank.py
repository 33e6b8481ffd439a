"""From what the probes said to causes in order and a verdict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from medspan.diagnose.base import Cleared, Examination, Said, Suspicion, Untold
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.diagnosis import NAMED

EXPLAINED_AWAY = 0.4
"""Factor on the confidence of a sign that a named cause brings about by itself."""
UNKNOWN_SHARE = 0.02
"""Points of F1 that a cause without a measured effect is ranked by."""


def ranked(said: Iterable[Said]) -> tuple[Suspicion, ...]:
    """The suspicions, one a cause: named ones first by their share of the loss, then notes by confidence.

    What a named cause explains (`Suspicion.explains`) loses confidence, unless it was itself confirmed by
    an intervention that brings more than next to nothing (`UNKNOWN_SHARE`).
    """
    best: dict[str, Suspicion] = {}
    for one in said:
        if isinstance(one, Suspicion):
            before = best.get(one.cause)
            if before is None or one.confidence > before.confidence:
                best[one.cause] = one
    for cause in [one for one in best.values() if one.confidence >= NAMED]:
        for other in cause.explains:
            sign = best.get(other)
            stands = sign is not None and sign.confirmed and share_of(sign) > UNKNOWN_SHARE
            if sign is not None and not stands and cause.confidence >= sign.confidence - 0.3:
                told = (*sign.evidence, f"{cause.cause} brings this about by itself")
                weak = min(sign.confidence * EXPLAINED_AWAY, NAMED - 0.01)
                best[other] = replace(sign, confidence=weak, evidence=told)
    order = list(CAUSES)
    return tuple(
        sorted(
            best.values(),
            key=lambda one: (
                one.confidence < NAMED,
                -(share_of(one) if one.confidence >= NAMED else one.confidence),
                -one.confidence,
                order.index(one.cause),
            ),
        )
    )


def share_of(one: Suspicion) -> float:
    """Points of F1 that a cause carries: what mending it brings, or by what it makes a score look better."""
    if one.share is not None:
        return one.share
    if one.effect is None or one.effect.difference is None:
        return UNKNOWN_SHARE
    return max(abs(one.effect.difference), UNKNOWN_SHARE) if one.effect.sure else UNKNOWN_SHARE


def cleared(examinations: Sequence[Examination], causes: Sequence[Suspicion]) -> tuple[Cleared, ...]:
    """What was excluded and by nobody suspected, in the order of the catalogue; evidence of all probes."""
    suspected = {one.cause for one in causes}
    found: dict[str, tuple[str, ...]] = {}
    for one in (said for examination in examinations for said in examination.said):
        if isinstance(one, Cleared) and one.cause not in suspected:
            found[one.cause] = (*found.get(one.cause, ()), *one.evidence)
    return tuple(Cleared(cause, found[cause]) for cause in CAUSES if cause in found)


def untold(examinations: Sequence[Examination], known: Iterable[str]) -> tuple[Untold, ...]:
    """The causes that no probe could tell of, with what is missing, in the order of the catalogue."""
    told = set(known)
    found: dict[str, str] = {}
    for examination in examinations:
        for one in examination.said:
            if isinstance(one, Untold):
                found.setdefault(one.cause, one.missing)
    return tuple(Untold(cause, found[cause]) for cause in CAUSES if cause in found and cause not in told)
