"""What the curves of a training say in words, with the numbers that say it.

Several verdicts can hold at once. Losses are compared as ratios (`noise.scaled`), noise is estimated from
second differences, and nothing is said that the noise allows to be chance: in doubt, `undetermined`.

- `diverged`: the loss ends in values that are not finite (`end`), or stands above its own past.
- `overfitting`: the validation loss rises after its minimum at the step named, and the training loss does
  not (`turn`); the checkpoint to use is that of the best F1 where F1 is known (`best`).
- `loss-falls-f1-does-not`: see `gain`.
- `still-falling`, `flat`: the trend of the last third (`noise.trend`), of the validation loss where its
  evaluations suffice, else of the training loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from medspan.evaluate.curves.best import scores_beside
from medspan.evaluate.curves.carrier import Curves, Series, finite
from medspan.evaluate.curves.end import never_recovered, stands_above_its_past
from medspan.evaluate.curves.finding import Verdict, per_cent, said
from medspan.evaluate.curves.gain import loss_without_f1
from medspan.evaluate.curves.noise import (
    Noise,
    Trend,
    last_third,
    moderated,
    noise_of,
    scaled,
    thinned,
    trend,
)
from medspan.evaluate.curves.turn import Turn, overfitting, turn_of

DECAYED = 0.1
"""Below this share of its peak, a learning rate by itself explains a loss that no longer falls."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdicts on a training, the trends behind them, and what is missing to say more."""

    verdicts: tuple[Verdict, ...]
    trends: Mapping[Literal["loss", "validation_loss"], Trend | None]
    missing: tuple[str, ...]

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(one.kind for one in self.verdicts)

    @property
    def diverged(self) -> bool:
        return "diverged" in self.kinds

    def to_json(self) -> dict[str, Any]:
        from dataclasses import asdict

        return {
            "verdicts": [one.to_json() for one in self.verdicts],
            "trends": {name: None if one is None else asdict(one) for name, one in self.trends.items()},
            "missing": list(self.missing),
        }


def judge(curves: Curves) -> Judgement:
    """The verdicts on these curves, the worst first; `undetermined` stands alone.

    What can be said of few points is little, and `missing` tells what would help.
    """
    loss, validation = scaled(thinned(finite(curves.loss))), scaled(thinned(finite(curves.validation_loss)))
    noises = _noises(loss, validation)
    trends: dict[Literal["loss", "validation_loss"], Trend | None] = {
        "loss": _trend(loss, noises[0]),
        "validation_loss": _trend(validation, noises[1]),
    }
    turn = turn_of(validation, noises[1])
    found = [one for one in (never_recovered(curves), stands_above_its_past(curves.loss)) if one][:1]
    if not found:
        over = overfitting(curves, turn, trends["loss"])
        found = [over] if over else []
    # After its turn the validation loss no longer says what the model goes on to learn.
    f1 = loss_without_f1(
        curves, () if "overfitting" in [one.kind for one in found] else validation, loss, noises
    )
    found += [f1] if f1 else []
    if not any(one.kind in ("diverged", "overfitting") for one in found):
        found += [one for one in (_end(curves, trends, turn),) if one]
    kinds = {one.kind for one in found}
    # What diverged needs no more evidence, and what overfits no trend of its end.
    missing = () if "diverged" in kinds else tuple(_missing(curves, trends, "overfitting" in kinds))
    return Judgement(tuple(found) or (_undetermined(trends, turn, missing),), trends, missing)


def _noises(loss: Series, validation: Series) -> tuple[Noise | None, Noise | None]:
    """Of the training loss, without the steep first third of its points, and of the validation loss."""
    training = noise_of([point.value for point in loss[len(loss) // 3 :]])
    # Three evaluations have one second difference, which is small by chance too often.
    own = noise_of([point.value for point in validation]) if len(validation) > 3 else None
    return training, moderated(own, training)


def _trend(points: Series, noise: Noise | None) -> Trend | None:
    return trend(last_third(points), noise) if noise else None


def _end(curves: Curves, trends: Mapping[Any, Trend | None], turn: Turn | None) -> Verdict | None:
    """Whether the loss still falls over the last third; None where neither curve tells."""
    validation = trends["validation_loss"]
    if validation and validation.state == "rises":
        return None
    name, found = "validation", validation
    if found is None or found.state == "unclear":
        name, found = "training", trends["loss"]
    if found is None or found.state not in ("falls", "flat"):
        return None
    rate = _decayed(curves)
    falling = found.state == "falls"
    words = f"the {name} loss {said(found)} from step {found.first_step} to {found.last_step}"
    other = trends["loss"] if name == "validation" else None
    if other and other.state != found.state and other.state != "unclear":
        words += f"; the training loss {said(other)}"
    if rate is not None:
        words += f"; the learning rate had decayed to {per_cent(rate)} of its peak"
    if name == "training" and turn and turn.words:
        words += f"; {turn.words}"
    rising = None if falling else _f1_at_its_best(curves, found.first_step)
    words += f"; {rising}" if rising else ""
    remedy = "none: more steps of this kind gain little"
    if falling and name == "training":
        remedy = (
            "train for more epochs only if the validation loss falls as well (eval_steps): the training loss "
            "falls just so while a model learns its examples by heart"
        )
    elif falling:
        remedy = "train for more epochs" + (", with a schedule as long as the training" if rate else "")
    elif rising:
        remedy = "train for more epochs if F1 is to decide: it can rise while the loss is flat"
    elif rate is not None:
        remedy = "none, or a longer run with a longer schedule: a rate near zero by itself flattens the loss"
    return Verdict(
        "still-falling" if falling else "flat",
        found.first_step,
        f"{'still falling' if falling else 'flat'}: {words}",
        {
            "curve": f"{name} loss",
            "change": found.change,
            "interval_low": found.low,
            "interval_high": found.high,
            "points": found.points,
            "noise": found.noise,
            "learning_rate_share": rate,
        },
        remedy,
    )


def _f1_at_its_best(curves: Curves, first_step: int) -> str | None:
    """That F1 went on rising where a loss is flat: best at the last checkpoint, by more than noise does."""
    scores = scores_beside(curves.headline, first_step)
    if scores is None or scores.best != scores.last or not scores.disagrees:
        return None
    return (
        f"F1 went from {scores.beside.value:.3f} at step {scores.beside.step} to its best at the last "
        f"checkpoint, {scores.last.value:.3f}"
    )


def _decayed(curves: Curves) -> float | None:
    """The last learning rate as a share of the highest, where that is below `DECAYED`."""
    rates = [point.value for point in finite(curves.learning_rate)]
    if len(rates) < 2 or max(rates) <= 0 or rates[-1] >= DECAYED * max(rates):
        return None
    return max(0.0, rates[-1]) / max(rates)


def _missing(curves: Curves, trends: Mapping[Any, Trend | None], overfits: bool) -> Iterator[str]:
    """What a user would have to log for more to be said; of one that overfits, nothing on its trends."""
    if not finite(curves.loss):
        yield "no training loss: log it (logging_steps)"
    elif trends["loss"] is None:
        count = len(finite(curves.loss))
        yield f"only {count} logged training loss{'' if count == 1 else 'es'}: log more often (logging_steps)"
    elif trends["loss"].state == "unclear" and not overfits:
        yield _too_noisy("training", trends["loss"], "log means over more steps, or train longer")
    evaluations = len(finite(curves.validation_loss))
    if not evaluations:
        yield "no validation loss: overfitting cannot be seen (eval_steps)"
    elif evaluations < 4:
        yield (
            f"only {evaluations} evaluation{'' if evaluations == 1 else 's'} of the validation loss, and its "
            "trend needs 4: evaluate more often (eval_steps)"
        )
    elif ((found := trends["validation_loss"]) is None or found.state == "unclear") and not overfits:
        yield _too_noisy("validation", found, "evaluate more often (eval_steps) or on more examples")
    scored = max((len(curve.points) for curve in curves.f1), default=0)
    if not scored:
        yield "no F1 by checkpoint: whether the task is learnt cannot be seen from a loss"
    elif scored < 4:
        yield f"F1 of only {scored} checkpoint{'' if scored == 1 else 's'}, and whether it rises needs 4"


def _too_noisy(name: str, found: Trend | None, remedy: str) -> str:
    if found is None:
        return f"the noise of the {name} loss is unknown: {remedy}"
    return (
        f"the {name} loss {said(found)} over its last {found.points} points, whose noise is "
        f"{per_cent(found.noise)} each: too noisy to tell falling from flat; {remedy}"
    )


def _undetermined(trends: Mapping[Any, Trend | None], turn: Turn | None, missing: tuple[str, ...]) -> Verdict:
    why = next((one for one in missing if "loss" in one), "the curves do not tell")
    evidence: dict[str, float | int | str | None] = {}
    if turn and turn.words:
        why = f"{turn.words}; {why}"
        evidence = {"possible_overfitting_from": turn.step, "rise": turn.rise, "chance": turn.chance}
    for name, found in (("validation", trends["validation_loss"]), ("training", trends["loss"])):
        if not evidence and found and found.state == "rises":
            why = f"the {name} loss {said(found)} over its last {found.points} points, too little or too "
            why += "unsure for a divergence: watch it"
            evidence = {"possible_rise_from": found.first_step, "rise": found.change}
    return Verdict("undetermined", None, f"undetermined: {why}", evidence, "see what is missing")
