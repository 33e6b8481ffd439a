"""What only a training can tell: RUN trained again with one group of GOOD's settings at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.core import MedspanError
from medspan.diagnose.against.aspect import Against, Aspect
from medspan.diagnose.against.compare import result
from medspan.diagnose.against.trial import Trial, helps, told
from medspan.diagnose.lab import clearest_effect
from medspan.evaluate.curves import judge
from medspan.format import FormatCard, load_card

if TYPE_CHECKING:
    from medspan.core import Example
    from medspan.diagnose.base import Effect
    from medspan.diagnose.case import Case
    from medspan.diagnose.conditions import Conditions

Train = Callable[[str, Mapping[str, Any]], Path]
"""Trains RUN's configuration with these keys changed, in the folder of this name; gives the run's folder."""
ASKED_OTHERWISE = ("format", "base model")
"""Groups after whose training the model is to be asked otherwise."""
_BY_CURVES = {"diverged": "diverged", "overfitting": "overtrained", "still-falling": "undertrained"}
_LESS = ("epochs", "learning rate")


@dataclass(frozen=True, slots=True)
class Retraining:
    """A training to be made: its name, what is GOOD's in it, and how long it takes, where that is known."""

    name: str
    aspect: Aspect
    seconds: float | None


def planned(case: Case, good: Case, against: Against) -> tuple[Retraining, ...]:
    """The trainings that can still tell something, the shortest first."""
    found = [
        Retraining(one.name.replace(" ", "-"), one, _seconds(case, good, one))
        for one in against.left_to_training
        if one.changes
    ]
    return tuple(sorted(found, key=lambda one: (one.seconds is None, one.seconds or 0.0, one.name)))


def plan_words(plan: Sequence[Retraining]) -> str:
    """How many trainings there are, and how long they take, in words."""
    if not plan:
        return "nothing is left that a training could tell"
    known = [one.seconds for one in plan if one.seconds is not None]
    whole = (
        f"about {_span(sum(known))} in all" if len(known) == len(plan) else "how long is not recorded for all"
    )
    each = ", ".join(f"{one.name} {'?' if one.seconds is None else _span(one.seconds)}" for one in plan)
    count = "1 training" if len(plan) == 1 else f"up to {len(plan)} trainings"
    return f"{count}, {whole}, on a machine like that of then: {each}; it stops when one closes the gap"


def retrain(
    trial: Trial, against: Against, train: Train, tell: Callable[[str], None] = lambda line: None
) -> Against:
    """Train what is planned until one training closes the gap, and compare again.

    `tell` hears beforehand how many trainings there are and how long they take.
    """
    case, good = trial.pair.run.case, trial.pair.good.case
    plan = planned(case, good, against)
    tell(f"retraining: {plan_words(plan)}")
    aspects = {one.name: one for one in against.aspects}
    best: tuple[Retraining, Sequence[Example]] | None = None
    before, most = trial.answers, 0.0
    for one in plan:
        tell(f"training with GOOD's {one.aspect.name}: {_changes(one.aspect)}")
        try:
            folder = train(one.name, one.aspect.changes)
            after = trial.decoded(_conditions(trial, one, folder))
        except MedspanError as error:
            aspects[one.aspect.name] = replace(
                one.aspect, verdict="not-testable", evidence=(*one.aspect.evidence, str(error))
            )
            continue
        effect = clearest_effect(before, after)
        aspects[one.aspect.name] = _judged(trial, one.aspect, effect, before)
        if helps(effect) and (effect.difference or 0.0) > most:
            best, most = (one, after), effect.difference or 0.0
        if helps(effect) and trial.pair.closed(trial.start, after):
            best = one, after
            break
    if best is not None:
        trial.mended.append(best[0].aspect.name)
        trial.answers = best[1]
    return result(trial.pair, trial, list(aspects.values()))


def _judged(trial: Trial, aspect: Aspect, effect: Effect, before: Sequence[Example]) -> Aspect:
    evidence = (*aspect.evidence, told(f"trained again with GOOD's {aspect.name}", effect))
    return replace(
        aspect,
        verdict="separates" if helps(effect) else "cleared",
        evidence=evidence,
        tested=True,
        effect=effect,
        closes=trial.pair.closes(effect, before),
        cause=_cause(trial.pair.run.case, aspect),
    )


def _conditions(trial: Trial, one: Retraining, folder: Path) -> Conditions:
    """The conditions of RUN's last answers with the new adapter; its card's where it is asked otherwise."""
    from medspan.core import ModelError
    from medspan.extract import adapter_folder

    adapter = adapter_folder(folder)
    conditions = (trial.conditions or trial.pair.run.asked).but(adapter=adapter)
    if one.aspect.name not in (*ASKED_OTHERWISE, "method"):
        return conditions
    card = load_card(adapter)
    if not isinstance(card, FormatCard):
        raise ModelError(
            f"{folder} holds a model that tags, which is asked in another way than RUN's",
            cause="GOOD was trained with method: tag",
            remedy=f"medspan evaluate {folder}, and compare the scores",
        )
    return conditions.but(template=card.template, codec=card.codec(), base=card.base_model, tokenizer=None)


def _cause(case: Case, aspect: Aspect) -> str | None:
    """The cause that stands for a setting: by the curves of RUN's training, else by its direction."""
    if aspect.name not in _LESS:
        return aspect.cause
    kinds = () if case.curves is None else judge(case.curves).kinds
    by_curves = next((_BY_CURVES[kind] for kind in kinds if kind in _BY_CURVES), None)
    if by_curves is not None:
        return by_curves
    pairs = [
        (_much(key, good), _much(key, run))
        for key, good in aspect.changes.items()
        if isinstance(good, int | float) and isinstance(run := case.config.get(key), int | float)
    ]
    if not pairs:
        return None
    if all(run < good for good, run in pairs):
        return "undertrained"
    return "overtrained" if aspect.name == "epochs" and all(run > good for good, run in pairs) else None


def _much(key: str, value: float) -> float:
    """A setting as an amount of training: max_steps of -1 is no limit."""
    return math.inf if key == "max_steps" and value <= 0 else float(value)


def _seconds(case: Case, good: Case, aspect: Aspect) -> float | None:
    """How long a training takes: as long as RUN's did, in proportion to its steps."""
    trained = (case.record or {}).get("trained") or {}
    seconds = trained.get("seconds")
    if not seconds:
        return None
    factor = 1.0
    if aspect.name == "epochs":
        steps = [((one.record or {}).get("trained") or {}).get("total_steps") for one in (good, case)]
        epochs = [one.config.get("num_train_epochs") for one in (good, case)]
        limited = any((one.config.get("max_steps") or -1) > 0 for one in (good, case))
        factor = _ratio(*(steps if limited or None in epochs else epochs))
    elif aspect.name == "data":
        rows = [
            ((one.record or {}).get("data") or {}).get("train", {}).get("examples") for one in (good, case)
        ]
        factor = _ratio(*rows)
    return float(seconds) * factor


def _ratio(one: float | None, other: float | None) -> float:
    return one / other if one and other else 1.0


def _changes(aspect: Aspect) -> str:
    return ", ".join(f"{key}={value}" for key, value in aspect.changes.items())


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
