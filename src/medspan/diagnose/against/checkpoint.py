"""The weights: another checkpoint of RUN, and GOOD's adapter under RUN's conditions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from medspan.core import ModelError
from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.stated import same_format, stated_hash
from medspan.diagnose.against.trial import Comparer, Trial, helps, reason, told
from medspan.diagnose.lab import clearest_effect
from medspan.evaluate.curves import judge

if TYPE_CHECKING:
    from pathlib import Path

    from medspan.diagnose.case import Case
    from medspan.diagnose.conditions import Conditions

NAME = "checkpoint"
MOST = 3
"""Checkpoints of RUN that are tried, the last ones."""
_BY_CURVES = {"diverged": "diverged", "overfitting": "overtrained", "still-falling": "undertrained"}


class Checkpoint(Comparer):
    """Tries RUN's earlier checkpoints, then GOOD's adapter in place of RUN's.

    An earlier checkpoint that does surely better separates. GOOD's adapter that does so says that the
    weights separate; what made them so only a training tells, beyond what RUN's curves say.
    """

    name: ClassVar[str] = NAME
    place: ClassVar[int] = 2

    def compare(self, trial: Trial) -> Iterator[Aspect]:
        pair = trial.pair
        values = _told(pair.good.case), _told(pair.run.case)
        if _one_adapter(pair.good.case, pair.run.case):
            yield Aspect(NAME, values, True, "cleared", ("the adapters are equal",))
            return
        if trial.closed:
            yield Aspect(NAME, values, False, "cleared", (trial.left_words(),))
            return
        problem = pair.run.problem
        if problem is not None or not trial.answers:
            told_why = problem or "there are no documents to ask RUN about"
            yield Aspect(NAME, values, False, "not-testable", (told_why,))
            return
        conditions = trial.conditions or pair.run.asked
        earlier = _earlier(trial, conditions)
        yield _of_earlier(trial, values, earlier) if earlier else _of_good(trial, values, conditions)


def _earlier(trial: Trial, conditions: Conditions) -> tuple[int, Conditions, Any] | None:
    """The best of RUN's earlier checkpoints, where it does surely better than the one in use."""
    case = trial.pair.run.case
    best: tuple[int, Conditions, Any] | None = None
    others = [(step, folder) for step, folder in case.checkpoints if not _equal(folder, case.adapter)]
    for step, folder in others[-MOST:]:
        other = conditions.but(adapter=folder)
        try:
            effect = clearest_effect(trial.answers, trial.decoded(other))
        except ModelError:
            continue
        if helps(effect) and (best is None or (effect.after or 0.0) > (best[2].after or 0.0)):
            best = step, other, effect
    return best


def _of_earlier(trial: Trial, values: tuple[Any, Any], found: tuple[int, Conditions, Any]) -> Aspect:
    step, conditions, effect = found
    words = f"RUN's checkpoint {step} in place of the one in use, {trial.mended_words}"
    closes = trial.pair.closes(effect, trial.start)
    trial.answers, trial.conditions = trial.decoded(conditions), conditions
    trial.mended.append(NAME)
    return Aspect(
        NAME, values, False, "separates", (told(words, effect),), True, effect, closes, "overtrained"
    )


def _of_good(trial: Trial, values: tuple[Any, Any], conditions: Conditions) -> Aspect:
    pair = trial.pair
    adapter = pair.good.case.adapter
    hashes = [stated_hash(side.case, "base_model_hash") for side in (pair.run, pair.good)]
    lacking = None
    if adapter is None:
        lacking = "GOOD has no adapter"
    elif not same_format(pair.run, pair.good):
        lacking = "GOOD's adapter answers in another format"
    elif None not in hashes and hashes[0] != hashes[1]:
        lacking = "GOOD's adapter belongs on another base model"
    if lacking is not None:
        return Aspect(NAME, values, False, "only-a-training-tells", (f"not tried: {lacking}",))
    try:
        after = trial.decoded(conditions.but(adapter=adapter))
    except ModelError as error:
        return Aspect(NAME, values, False, "not-testable", (reason(error),))
    effect = clearest_effect(trial.answers, after)
    evidence = told(f"GOOD's adapter under RUN's conditions, {trial.mended_words}", effect)
    closes = pair.closes(effect, trial.start)
    if not helps(effect):
        return Aspect(NAME, values, False, "cleared", (evidence,), True, effect, closes)
    curves = pair.run.case.curves
    kinds = () if curves is None else judge(curves).kinds
    cause = next((_BY_CURVES[kind] for kind in kinds if kind in _BY_CURVES), None)
    beside = () if cause is None else (f"the curves of RUN's training say: {', '.join(kinds)}",)
    weights = "what differs lies in the weights, so in how RUN was trained"
    return Aspect(NAME, values, False, "separates", (evidence, weights, *beside), True, effect, closes, cause)


def _told(case: Case) -> str | None:
    trained = (case.record or {}).get("trained") or {}
    if trained.get("best_step") is None:
        return None if case.adapter is None else case.adapter.name
    return f"step {trained['best_step']} of {trained.get('total_steps', '?')}"


def _one_adapter(one: Case, other: Case) -> bool:
    return one.adapter is not None and other.adapter is not None and _equal(one.adapter, other.adapter)


def _equal(one: Path | None, other: Path | None) -> bool:
    from medspan.models import sha256_of_file

    if one is None or other is None:
        return False
    hashes = [
        [
            sha256_of_file(path)
            for name in ("adapter_model.*", "heads.*")
            for path in sorted(folder.glob(name))
        ]
        for folder in (one, other)
    ]
    return bool(hashes[0]) and hashes[0] == hashes[1]
