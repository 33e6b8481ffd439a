"""No token of the answers had a label, so the training had nothing to learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.diagnose.adapter_weights import read_adapter
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Lab
from medspan.evaluate.curves import Series

CAUSE = "targets-masked"
CONSEQUENCES = (
    "undertrained",
    "diverged",
    "input-ignored",
    "stop-token-untrained",
    "type-confusion",
    "boundary-errors",
    "memorised",
    "loss-on-prompt",
    "adapter-not-applied",
)


@register
class TargetsMasked(Probe):
    """Looks at the adapter's file and at the log.

    0.95 where an adapter that took steps is all zero, or where the logged loss is zero or NaN from the first
    step on: a mean over no token is NaN, a sum is zero. A loss that was finite before is a divergence.
    """

    name: ClassVar[str] = "targets-masked"
    hypothesis: ClassVar[str] = "all labels were ignored by the loss"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("adapter",)
    cost: ClassVar[float] = 0.5

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        assert case.adapter is not None
        weights = read_adapter(case.adapter)
        logged = () if case.curves is None else case.curves.loss
        steps = 0 if case.curves is None else case.curves.last_step
        evidence = []
        dead = _dead(logged)
        if weights is not None and weights.never_moved:
            taken = f" after {steps} logged steps" if steps else ""
            evidence.append(f"all {weights.lora_b} LoRA B matrices of the adapter are zero{taken}")
        if dead:
            evidence.append(
                f"the logged loss is {logged[0].value:g} from the first step on ({len(logged)} values)"
            )
        if evidence:
            sure = 0.95 if dead or steps else 0.7
            yield Suspicion(CAUSE, sure, tuple(evidence), CAUSES[CAUSE].remedy, explains=CONSEQUENCES)
        elif weights is None:
            yield Untold(CAUSE, "the adapter's weights cannot be read")
        else:
            moved = weights.lora_b - weights.still
            told = f"{moved} of {weights.lora_b} LoRA B matrices have moved"
            yield Cleared(CAUSE, (f"{told}, and the logged loss is above zero" if logged else told,))


def _dead(logged: Series) -> bool:
    """Whether the loss was never anything but zero, or not a number from its first value on."""
    return bool(logged) and (
        all(point.value == 0 for point in logged) or not any(point.finite for point in logged)
    )
