"""The training ended before there was much to stop for."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, ClassVar

from medspan.core import Example
from medspan.diagnose import boundaries, labels
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Lab
from medspan.diagnose.learnt import Learnt, learnt, risen
from medspan.evaluate.curves import Curves, judge
from medspan.evaluate.curves.carrier import finite

CAUSE = "undertrained"
CONSEQUENCES = ("type-confusion", "boundary-errors", "memorised", "stop-token-untrained", "wording-sensitive")
LEFT, LEFT_EARLY = 0.15, 0.1
"""Share of the base model's loss of training targets that is left where little was learnt; and where the
schedule was short besides."""
LOGGED, FIRST = 0.2, 3
"""The same by the log, where its first loss is that of these first steps at most."""
LOW = 0.75
"""Entity F1 below which a run is not good enough to call it trained."""
GAP = 1.5
"""Loss of scored answers as a multiple of that of training ones, up to which none was learnt by heart."""
UNMOVED = 0.8
"""Share of the base model's loss from which on the adapter hardly changes anything."""
FEW_STEPS = 20
TINY_RATE = 3e-5
"""A learning rate at which LoRA hardly moves in a few hundred steps; customary are 1e-4 to 2e-3."""
RISEN = 0.5
"""How far the validation loss may stand above its lowest value where a training still gains."""
EPOCH = 0.95
EPOCHS = 3
"""Passes over the training rows that a longer training has at least."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """What says that a training was too short (`short`, a line each), or that it still gained (`gaining`)."""

    short: tuple[str, ...]
    gaining: tuple[str, ...]
    words: str


@register
class Undertrained(Probe):
    """Asks three things: was little learnt, is the score low, and does the schedule say why.

    Little is learnt where training targets still cost `LEFT` of what they cost without the adapter
    (`LEFT_EARLY` where the schedule was short), and scored ones no more than `GAP` times that; the score is
    low where entity F1 without faults of decoding is below `LOW`. The schedule says why where it is short:
    fewer steps than planned, less than an epoch, fewer than `FEW_STEPS` steps, or a learning rate of at most
    `TINY_RATE`.

    0.85 for all three; 0.7 where the log instead of a model says that little was learnt, 0.55 where nothing
    does. Where the schedule is not short and loss or F1 still gain at its end, and the validation loss does
    not stand far above its lowest value: 0.6 for the first two, unless the references disagree about types or
    boundaries, which no training mends. A note where there is no log,
    or where it ended at a far lower loss than the model has now: then another model answers. A run that
    learnt its targets, or scores well, is cleared however short it was.

    Measured on healthy runs (135M, synthetic notes, 25 to 50 steps, all of which were still gaining): 0.03 to
    0.07 of the loss left, entity F1 0.84 to 0.92. A run of 5 steps: 0.35 left, entity F1 0.58; one of 12
    steps, a third of an epoch: 0.13 left, entity F1 0.52.
    """

    name: ClassVar[str] = "undertrained"
    hypothesis: ClassVar[str] = "the training ended while the model was still learning"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ()
    cost: ClassVar[float] = 19.5

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        found = learnt(case, lab)
        if found.f1 is None and found.left is None:
            yield Untold(CAUSE, "neither a model nor predictions tell how much was learnt")
            return
        schedule = read_schedule(case)
        little = _logged_little(case.curves)
        if found.left is not None:
            least = LEFT_EARLY if schedule.short else LEFT
            little = found.left >= least and (found.gap or 0.0) <= GAP
        low = None if found.f1 is None else found.f1 < LOW
        told = [line for line in (found.words, schedule.words) if line]
        if found.f1 is not None:
            told.insert(0, _scored(found.f1, case, lab))
        if little is False or low is False:
            yield Cleared(CAUSE, tuple(told))
            return
        moved = found.left is not None and found.left >= UNMOVED
        if moved:
            told.append("the adapter hardly changes what the model says")
        types, bounds = labels.disagreement(*_parts(case)), boundaries.disagreement(*_parts(case))
        changed = _changed_since(case.curves, found)
        other = [*types, *bounds, *filter(None, [changed])]
        if schedule.short and not changed:
            confidence = 0.55 if little is None or low is None else 0.85 if found.left is not None else 0.7
        elif schedule.gaining and not other:
            confidence = 0.6 if little is not None and low is not None else 0.4
        else:
            confidence = 0.4 if case.curves is None else 0.3
        told += [*schedule.short, *schedule.gaining, *other, _gain(case.curves)]
        # What the references themselves hold, more training does not take away.
        held = ["type-confusion"] * bool(types) + ["boundary-errors"] * bool(bounds)
        yield Suspicion(
            CAUSE,
            confidence,
            tuple(told),
            _remedy(case, tiny=_rate(case) is not None and (_rate(case) or 0.0) <= TINY_RATE),
            share=_share(found, confidence),
            explains=tuple(one for one in CONSEQUENCES if one not in held) if schedule.short else (),
        )


def _parts(case: Case) -> tuple[Sequence[Example], Sequence[Example]]:
    return case.train, case.reference


def _scored(f1: float, case: Case, lab: Lab) -> str:
    """The score in words, and of which answers it is: only a model can take faults of decoding off."""
    if case.tags:
        return f"entity F1 of the stored answers is {f1:.3f}"
    if lab.problem is not None:
        return f"entity F1 of the stored answers is {f1:.3f}; no model has checked how they were decoded"
    return f"entity F1 is {f1:.3f} where no fault of decoding is left"


def _logged_little(curves: Curves | None) -> bool | None:
    """Whether the loss at the end is still `LOGGED` of the one at the start; None where no log tells."""
    loss = () if curves is None else finite(curves.loss)
    if curves is None or not loss or loss[0].step > FIRST or loss[0].value <= 0:
        return None
    late = finite(curves.validation_loss)[-1:] or loss[-max(1, len(loss) // 4) :]
    return fmean(point.value for point in late) >= LOGGED * loss[0].value


def _changed_since(curves: Curves | None, found: Learnt) -> str | None:
    """That the training's own log ended at a far lower loss than the model has now; None where it did not."""
    loss = () if curves is None else finite(curves.loss)
    if curves is None or not loss or found.trained is None:
        return None
    late = finite(curves.validation_loss)[-1:] or loss[-max(1, len(loss) // 4) :]
    end = fmean(point.value for point in late)
    if found.trained < max(2 * end, end + 0.2):
        return None
    return (
        f"the log ended at a loss of {end:.3f}: the model that answers here is not the one that the training "
        "left, or is asked otherwise"
    )


def _share(found: Learnt, confidence: float) -> float | None:
    """All that is left of the loss."""
    return None if found.f1 is None or confidence < 0.5 else 1 - found.f1


def read_schedule(case: Case) -> Schedule:
    """What the log and the record say of steps, epochs and the learning rate."""
    curves = case.curves
    trained = (case.record or {}).get("trained") or {}
    steps = int(trained.get("steps") or 0) or (0 if curves is None else curves.last_step)
    planned = trained.get("total_steps") or (None if curves is None else curves.planned_steps)
    epochs = curves.epochs[-1].value if curves is not None and curves.epochs else None
    rate = _rate(case)
    short = []
    if steps and planned and steps < EPOCH * planned:
        short.append(f"the training took {steps} of {planned} planned steps")
    elif trained.get("finished") is False:
        short.append("the training did not come to its end")
    if epochs is not None and epochs < EPOCH:
        short.append(f"it saw {epochs:.0%} of the training rows once")
    if 0 < steps < FEW_STEPS:
        short.append(f"it took {steps} optimizer steps")
    if rate is not None and rate <= TINY_RATE:
        short.append(f"its highest learning rate was {rate:.1e}, at which LoRA hardly moves")
    words = f"{steps} optimizer steps" if steps else ""
    if words and epochs is not None:
        words += f" in {epochs:.2g} epoch{'' if epochs == 1 else 's'}"
    if words and rate is not None:
        words += f", highest learning rate {rate:.1e}"
    return Schedule(tuple(short), tuple(_gaining(curves)), words)


def _gaining(curves: Curves | None) -> Iterator[str]:
    if curves is None or (risen(curves) or 0.0) > RISEN:
        return
    for one in judge(curves).verdicts:
        if one.kind == "still-falling":
            yield f"the log says {one.message}"
    f1 = finite(curves.headline)
    if len(f1) >= 3 and f1[-1].value == max(point.value for point in f1):
        before = f1[-1 - max(1, len(f1) // 3)]
        if f1[-1].value - before.value >= 0.02:
            yield f"F1 rose from {before.value:.3f} to {f1[-1].value:.3f} from step {before.step} to the end"


def _gain(curves: Curves | None) -> str:
    """What more training may bring, as far as anything but a training can tell."""
    f1 = () if curves is None else finite(curves.headline)
    if len(f1) >= 3:
        before = f1[-1 - max(1, len(f1) // 3)]
        return (
            f"over the last third F1 changed by {f1[-1].value - before.value:+.3f}; what more training "
            "brings only a training tells"
        )
    return "what more training brings only a training tells"


def _rate(case: Case) -> float | None:
    """The highest learning rate that was logged, else the configured one."""
    logged = [] if case.curves is None else [point.value for point in finite(case.curves.learning_rate)]
    if logged and max(logged) > 0:
        return max(logged)
    for values in (case.config, case.stated):
        value = _value(values, "learning_rate")
        if value is not None:
            return value
    return None


def _value(values: Mapping[str, Any], name: str) -> float | None:
    try:
        return float(values[name])
    except (KeyError, TypeError, ValueError):
        return None


def _remedy(case: Case, *, tiny: bool) -> str:
    config = shlex.quote(str(case.folder / "config.yaml"))
    trained = (case.record or {}).get("trained") or {}
    if trained.get("finished") is False and not tiny:
        return f"medspan train {config} --resume goes on with it"
    change = "learning_rate=2e-4" if tiny else _longer(case)
    if case.trainer == "medspan":
        return (
            f"medspan train {config} {change} output_dir=NEW; then medspan diagnose NEW tells what it brought"
        )
    return f"train with {change} or more, and diagnose the folder of that training"


def _longer(case: Case) -> str:
    """The settings of a longer training: `EPOCHS`, or twice as many as this one was to have."""
    if (_value(case.config, "max_steps") or 0) > 0:
        return f"max_steps=-1 num_train_epochs={EPOCHS}"
    planned = _value(case.config, "num_train_epochs") or 0.0
    return f"num_train_epochs={max(EPOCHS, 2 * planned):g}"
