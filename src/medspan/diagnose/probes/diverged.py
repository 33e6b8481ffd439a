"""The training fell apart: NaN, a loss above its past, an adapter that is worse than none."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median
from typing import ClassVar

from medspan.diagnose.adapter_weights import read_adapter
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Lab
from medspan.diagnose.learnt import Learnt, learnt
from medspan.evaluate.curves import Curves, judge

CAUSE = "diverged"
CONSEQUENCES = (
    "input-ignored",
    "type-confusion",
    "boundary-errors",
    "memorised",
    "undertrained",
    "stop-token-untrained",
)
HALF = 0.5
"""Share of the base model's loss that is left to an adapter which learnt little, or lost it again."""
FEWEST = 4


@register
class Diverged(Probe):
    """Looks at the adapter's numbers, at the log, and at the loss of training targets under the adapter.

    0.97 where the adapter holds NaN or infinite values, or gives losses that are. 0.92 where the log says
    diverged and training targets cost more than `HALF` of what they cost without the adapter; 0.85 where the
    log says so and there is no model, or entity F1 is below `HALF`. 0.65 where targets cost clearly more than
    without the adapter and there is no log to speak for the training; 0.35 with a log that does. 0.3
    where the log says diverged and the adapter in use is sound: an earlier checkpoint is in use.

    Measured on healthy runs (135M, synthetic notes, 25 to 50 steps): training targets cost 0.03 to 0.07 of
    what they cost without the adapter, and no log is called diverged.
    """

    name: ClassVar[str] = "diverged"
    hypothesis: ClassVar[str] = "the loss ran away, and the weights with it"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ()
    cost: ClassVar[float] = 19.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        weights = None if case.adapter is None else read_adapter(case.adapter)
        logged = None if case.curves is None else _logged(case.curves)
        if weights is not None and weights.not_finite:
            said = f"{weights.not_finite} of {weights.tensors} tensors of the adapter hold NaN or infinity"
            yield _suspected(0.97, [said, *filter(None, [logged])], None)
            return
        found = learnt(case, lab)
        if case.curves is None and weights is None and found.trained is None:
            yield Untold(CAUSE, "no training log, no adapter and no model")
            return
        told = [line for line in (logged, found.words) if line]
        if found.trained is not None and not math.isfinite(found.trained):
            yield _suspected(0.97, told, found)
            return
        share = found.left
        bad = share is not None and share >= HALF
        if logged is not None:
            if bad:
                yield _suspected(0.92, told, found)
            elif (found.f1 is None and share is None) or (found.f1 is not None and found.f1 < HALF):
                yield _suspected(0.85, told, found)
            else:
                told.append("the adapter in use is sound: it stems from before the divergence")
                yield _suspected(0.3, told, found)
        elif share is not None and share > 1.0 and found.worse:
            told.append("with the adapter the model knows its own training targets less than without it")
            yield _suspected(0.65 if case.curves is None else 0.35, told, found)
        else:
            fine = [] if case.curves is None else ["the log shows no divergence"]
            if weights is not None:
                fine.append(f"all {weights.tensors} tensors of the adapter are finite")
            yield Cleared(CAUSE, (*fine, *filter(None, [found.words])))


def _suspected(confidence: float, told: list[str], found: Learnt | None) -> Suspicion:
    share = None if found is None or found.f1 is None or confidence < HALF else 1 - found.f1
    return Suspicion(CAUSE, confidence, tuple(told), CAUSES[CAUSE].remedy, share=share, explains=CONSEQUENCES)


def _logged(curves: Curves) -> str | None:
    """What the log says of a divergence; None where it shows none."""
    for one in judge(curves).verdicts:
        if one.kind == "diverged":
            return f"the log says {one.message}"
    # A loss that was high from its second value on has no lower past to stand above.
    values = [point.value for point in curves.loss if point.finite]
    if len(values) >= FEWEST:
        end = median(values[-max(2, len(values) // 3) :])
        if end > values[0] > 0:
            return (
                f"the training loss stands above where it began: {values[0]:.3g} at step "
                f"{curves.loss[0].step}, {end:.3g} over the last third of the log"
            )
    return None
