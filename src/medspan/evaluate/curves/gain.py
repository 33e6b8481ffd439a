"""Whether F1 rises where the loss falls: a model can learn the format of an answer and not the task."""

from __future__ import annotations

import math
from statistics import fmean, median

from medspan.evaluate.curves.carrier import Curves, F1Curve, Point, Series
from medspan.evaluate.curves.finding import Verdict, per_cent
from medspan.evaluate.curves.noise import CONFIDENCE, Noise, noise_of, share, t_quantile

FALL, LEAST_GAIN = 0.2, 0.1
"""The loss fell by a fifth or more, and the errors (1 - F1) by less than a tenth. In 18 sound runs whose
loss fell so far, the errors fell by about as much, and by 13% at the least (docs/curves.md)."""
CEILING = 0.95
"""A curve that reached it is left out: two annotators of a medical corpus rarely agree better, so there is
no room above it that means anything."""


def loss_without_f1(
    curves: Curves, validation: Series, training: Series, noises: tuple[Noise | None, Noise | None]
) -> Verdict | None:
    """The loss falls over the evaluations and some F1 does not; all losses on the scale of `scaled`.

    `noises` are those of the training loss and of the validation loss.

    Compared are the means of the earlier and of the later half of the evaluations (the middle one of an odd
    number left out): the loss, of validation where it is there, must have fallen by `FALL` and for sure; the
    upper end of a one-sided 95% interval of the gain in F1 must be below `LEAST_GAIN` of the errors that were
    there. That takes 4 evaluations; an F1 of 0 in all of them (2 at least) needs no interval.
    """
    stuck = []
    for curve in curves.f1:
        losses, name = _beside(curve, validation, training)
        noise = noises[1] if name == "validation" else noises[0]
        found = _compare(curve, losses, noise) if losses else None
        if found:
            stuck.append((curve, name, found))
    if not stuck:
        return None
    curve, name, found = stuck[0]
    others = ", ".join(
        f"{one.name} {each['f1_before']:.3f} to {each['f1_after']:.3f}" for one, _, each in stuck
    )
    best = max(curve.points, key=lambda point: point.value)
    return Verdict(
        "loss-falls-f1-does-not",
        best.step,
        f"the loss falls while F1 does not: the {name} loss fell by {per_cent(found['loss_fall'])} from the "
        f"earlier to the later half of {len(curve.points)} evaluations, F1 went: {others}",
        {
            "curve": f"{name} loss",
            "loss_fall": found["loss_fall"],
            **{
                f"{one.name}, {key}": value
                for one, _, each in stuck
                for key, value in each.items()
                if key != "loss_fall"
            },
        },
        "look at what the model writes (medspan evaluate RUN: health): the format may be learnt and not the "
        "task, the answers may be cut off or not be parsed, or the labels may not be inferable from the text",
    )


def _compare(curve: F1Curve, losses: Series, noise: Noise | None) -> dict[str, float] | None:
    """The numbers behind the verdict, where it holds for one curve."""
    by_step = {point.step: point.value for point in losses}
    shared = [(point.value, by_step[point.step]) for point in curve.points if point.step in by_step]
    scores, values = [one for one, _ in shared], [one for _, one in shared]
    if len(scores) < 2 or max(scores) >= CEILING:
        return None
    half = len(scores) // 2
    fall = fmean(values[:half]) - fmean(values[-half:])
    before, after = fmean(scores[:half]), fmean(scores[-half:])
    told = {"f1_before": before, "f1_after": after, "loss_fall": -share(-fall)}
    if -share(-fall) < FALL:
        return None
    if max(scores) == 0:
        return {**told, "most_gain": 0.0}
    spread = noise_of(scores)
    if len(scores) < 4 or spread is None or noise is None:
        return None
    if fall < t_quantile(CONFIDENCE, noise.freedom) * noise.sigma * math.sqrt(2 / half):
        return None
    most = after - before + t_quantile(CONFIDENCE, spread.freedom) * spread.sigma * math.sqrt(2 / half)
    return {**told, "most_gain": most} if most < LEAST_GAIN * (1 - before) else None


def _beside(curve: F1Curve, validation: Series, training: Series) -> tuple[Series, str]:
    """The losses at the steps of a curve: of validation, else medians of the training loss up to them."""
    steps = [point.step for point in curve.points]
    at = tuple(point for point in validation if point.step in set(steps))
    if len(at) >= 2:
        return at, "validation"
    if len(steps) < 2 or not training:
        return (), "training"
    found = []
    for before, step in zip([2 * steps[0] - steps[1], *steps], steps, strict=False):
        values = [point.value for point in training if before < point.step <= step]
        if values:
            found.append(Point(step, median(values)))
    return tuple(found), "training"
