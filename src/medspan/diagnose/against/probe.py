"""The comparison as a probe, so that what it finds is ranked with what the others find."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from medspan.diagnose.against.aspect import Against, Aspect
from medspan.diagnose.against.compare import compare_runs
from medspan.diagnose.against.pair import Pair, Side
from medspan.diagnose.against.retrain import Train, retrain
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion
from medspan.diagnose.catalogue import CAUSES

if TYPE_CHECKING:
    from medspan.diagnose.case import Case
    from medspan.diagnose.lab import Lab

OF_TRAINING = {"epochs": ("undertrained", "overtrained")}
"""Causes that a cleared setting of training excludes."""


@dataclass
class AgainstProbe(Probe):
    """Compares a run with `good`. It is no probe of the register: only `--against` runs it, after them.

    `train`: what trains again for `--retrain`, None without. `found`: the result, once it has run.

    Confidence. 0.97, confirmed, where a swap surely raises F1; 0.6 where the swap cannot tell what is at
    fault: another test part, or GOOD's weights, of which RUN's curves alone say what is wrong with its own.
    Excluded is what a swap cleared. What is the same in both, or left untried for want of a gap, is excluded
    only where GOOD is surely better: equality with a run that is as bad proves nothing.
    """

    good: Lab
    train: Train | None = None
    found: Against | None = None

    name: ClassVar[str] = "against"
    hypothesis: ClassVar[str] = "something in which the run differs from a good one separates the two"
    causes: ClassVar[tuple[str, ...]] = (
        "decoding-blocks-copying",
        "decoding-samples",
        "output-truncated",
        "template-mismatch",
        "double-bos",
        "wording-sensitive",
        "parser-mismatch",
        "adapter-not-applied",
        "precision-mismatch",
        "wrong-base-model",
        "tokenizer-mismatch",
        "undertrained",
        "overtrained",
        "diverged",
        "leak-inflated-score",
        "split-imbalance",
        "data-changed",
        "environment-changed",
    )
    needs: ClassVar[tuple[Need, ...]] = ()
    cost: ClassVar[float] = 29.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        pair = Pair(Side(case, lab), Side(self.good.case, self.good))
        self.found, trial = compare_runs(pair)
        if self.train is not None:
            self.found = retrain(trial, self.found, self.train, lab.tell)
        yield from said(self.found.aspects, better=self.found.better)


def said(aspects: Sequence[Aspect], *, better: bool = True) -> Iterator[Said]:
    """What a comparison says of causes: one thing for each. `better`: GOOD is surely better than RUN."""
    by_cause: dict[str, list[Aspect]] = {}
    for one in aspects:
        causes: tuple[str, ...] = (one.cause,) if one.cause else ()
        if one.verdict == "cleared" and one.same is False:
            causes = OF_TRAINING.get(one.name, causes)
        for cause in causes:
            by_cause.setdefault(cause, []).append(one)
    for cause in CAUSES:
        of = by_cause.get(cause, [])
        separating = [one for one in of if one.verdict == "separates"]
        if separating:
            yield _suspicion(cause, separating)
        elif of and all(one.verdict == "cleared" and (better or one.tested) for one in of):
            yield Cleared(cause, tuple(f"against GOOD, {one.name}: {one.evidence[-1]}" for one in of))


def _suspicion(cause: str, of: Sequence[Aspect]) -> Suspicion:
    first = of[0]
    evidence = tuple(line for one in of for line in (f"{one.name}: {_values(one)}", *one.evidence))
    told_apart = first.name not in ("test part", "checkpoint") or cause == "overtrained"
    return Suspicion(cause, 0.97 if told_apart else 0.6, evidence, "", first.effect, confirmed=told_apart)


def _values(one: Aspect) -> str:
    good, run = (words(value) for value in one.values)
    return f"{run} in RUN, {good} in GOOD"


def words(value: object) -> str:
    """A value for reading: `a=1 b=2` for a mapping, `not stated` for none."""
    if value is None:
        return "not stated"
    if isinstance(value, dict):
        return " ".join(f"{key}={one}" for key, one in value.items())
    return str(value)
