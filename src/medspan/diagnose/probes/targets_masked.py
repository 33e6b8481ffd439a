"""No token of the answers had a label, or only the first few, so the training had nothing to learn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import ClassVar

from medspan.diagnose.adapter_weights import read_adapter
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import ROWS_TO_LEARN, Lab
from medspan.diagnose.residue import entity_f1
from medspan.diagnose.teacher import Losses, mean_loss, surely_costlier
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

LEARNT = 0.2
"""Share of the base model's loss of a token up to which it is learnt."""


@register
class TargetsMasked(Probe):
    """Looks at the adapter's file and at the log, and at where in the training answers something was learnt.

    0.95 where an adapter that took steps is all zero, or where the logged loss is zero or NaN from the first
    step on: a mean over no token is NaN, a sum is zero. A loss that was finite before is a divergence. 0.9
    where the first tokens of the training answers are learnt (`LEARNT`) and the rest surely costs more than
    before the training: what has no label drifts, while an early end or a divergence knows no such border.
    """

    name: ClassVar[str] = "targets-masked"
    hypothesis: ClassVar[str] = "all labels, or all but the first, were ignored by the loss"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("adapter",)
    cost: ClassVar[float] = 13.0

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
            # Nothing was learnt: all that the score lacks is lost so.
            known = [one for one in case.predictions if None not in (one.reference, one.predicted)]
            reached = entity_f1(known)
            share = None if reached is None else 1 - reached
            remedy = CAUSES[CAUSE].remedy
            yield Suspicion(CAUSE, sure, tuple(evidence), remedy, share=share, explains=CONSEQUENCES)
            return
        told = _beginning(case, lab)
        if told is not None:
            # A divergence may leave such answers, too, and so may labels on the prompts in place of the
            # answers, which those of the answers' beginnings never teach: what these probes say stays.
            rest = tuple(one for one in CONSEQUENCES if one not in ("diverged", "loss-on-prompt"))
            yield Suspicion(CAUSE, 0.9, (told,), CAUSES[CAUSE].remedy, explains=rest)
        elif weights is None:
            yield Untold(CAUSE, "the adapter's weights cannot be read")
        else:
            moved = weights.lora_b - weights.still
            told = f"{moved} of {weights.lora_b} LoRA B matrices have moved"
            yield Cleared(CAUSE, (f"{told}, and the logged loss is above zero" if logged else told,))


def _beginning(case: Case, lab: Lab) -> str | None:
    """That only the first tokens of the training answers are learnt; None where it is not so, or unknown."""
    rows = [one for one in case.train_sample if one.reference is not None][:ROWS_TO_LEARN]
    if case.tags or lab.problem is not None or len(rows) < 2:
        return None
    both = lab.mended, lab.mended.but(adapter=None)
    own, without = (lab.targets(one, rows, prompts=True) for one in both)
    shortest = min(len(one.answer) for one in own)
    known = 0
    while known < shortest // 2 and _at(own, known) < LEARNT * _at(without, known):
        known += 1
    rest, before = ([Losses(one.answer[known:], (), ()) for one in side] for side in (own, without))
    if not known or not surely_costlier(rest, before):
        return None
    first = fmean(_at(own, place) for place in range(known))
    return (
        f"the first {known} token{'s' * (known > 1)} of the training answers cost {first:.2f} nats each with "
        f"the adapter, the rest {mean_loss(rest):.2f}, which cost {mean_loss(before):.2f} without it: only "
        "the beginning had labels"
    )


def _at(losses: Sequence[Losses], place: int) -> float:
    return fmean(one.answer[place] for one in losses)


def _dead(logged: Series) -> bool:
    """Whether the loss was never anything but zero, or not a number from its first value on."""
    return bool(logged) and (
        all(point.value == 0 for point in logged) or not any(point.finite for point in logged)
    )
