"""A training that diverged: values that are not finite, or a loss above its own past."""

from __future__ import annotations

import math
from statistics import median

from medspan.evaluate.curves.carrier import Curves, Series, at_step, finite
from medspan.evaluate.curves.finding import Verdict, per_cent
from medspan.evaluate.curves.noise import (
    FLAT,
    last_third,
    noise_of,
    scaled,
    share,
    t_quantile,
    thinned,
    trend,
)

FEWEST = 8
"""Logged losses below which a rise is not told from noise."""
LOST = 0.1
"""Share of what the loss had fallen that must be lost again: less is done by a restart of the learning rate
or by a harder stretch of the data."""
CHANCE = 0.001
"""Probability of calling a level loss diverged, over all of its windows together, and again by its trend."""
SKIPPED = 3
"""Gradient norms at the end of a log that are all not finite: loss scaling in half precision skips single
steps and halves its scale each time, so a longer row is no such skip."""

REMEDY = (
    "lower the learning rate, lengthen the warm-up, clip gradients, or train in bfloat16 or float32; "
    "do not use the last checkpoints"
)


def never_recovered(curves: Curves) -> Verdict | None:
    """The training loss, the validation loss or the gradient norm is not finite at the end.

    The Hugging Face Trainer logs a training loss that is not finite as the mean of the earlier ones of its
    interval, which is 0 where there are none (`logging_nan_inf_filter`): a loss of exactly 0 beside a
    gradient norm that is not finite counts as not finite. Single values from which a training recovers
    do not count.
    """
    hidden = {
        point.step
        for point in curves.loss
        if point.value == 0 and not math.isfinite(at_step(curves.grad_norm, point.step) or 0.0)
    }
    for name, points in (
        ("training loss", curves.loss),
        ("validation loss", curves.validation_loss),
        ("gradient norm", curves.grad_norm),
    ):
        bad = [not point.finite or (name == "training loss" and point.step in hidden) for point in points]
        length = next((n for n, one in enumerate(reversed(bad)) if not one), len(bad))
        if not length or (name == "gradient norm" and length < SKIPPED):
            continue
        first, value = points[-length].step, points[-1].value
        written = f"{value:g}" if not math.isfinite(value) else "0 beside a gradient norm that is not finite"
        return Verdict(
            "diverged",
            first,
            f"diverged: the {name} is {written} from step {first} to the end (step {points[-1].step}, "
            f"{length} of {len(points)} logged values)",
            {"curve": name, "value": str(value), "values": length, "of": len(points)},
            REMEDY,
        )
    return None


def stands_above_its_past(loss: Series) -> Verdict | None:
    """The training loss ends above a level that it had reached.

    Levels are medians of 5 neighbouring points (3 where there are fewer than 20), of at most 150 pieces of
    the curve. The last one is compared with the lowest: it must be higher by more than noise does with
    probability `CHANCE` in any of so many windows (Student's t with a standard error of the median of
    1.2533 sigma / sqrt(points)), or the trend of the last third rises as surely; by `FLAT` of it; and by
    `LOST` of what had been gained before.
    """
    known = thinned(finite(loss))
    if len(known) < FEWEST:
        return None
    size = 5 if len(known) >= 20 else 3
    on_scale = [point.value for point in scaled(known)]
    noise = noise_of(on_scale)
    places = range(len(known) - 2 * size + 1)
    levels = [median(on_scale[place : place + size]) for place in places]
    lowest = min(places, key=levels.__getitem__)
    rise = median(on_scale[-size:]) - levels[lowest]
    if noise is None:
        return None
    error = 1.2533 * noise.sigma * math.sqrt(2 / size)
    needed = t_quantile(1 - CHANCE / len(levels), noise.freedom) * error
    raw = [point.value for point in known]
    low, end = median(raw[lowest : lowest + size]), median(raw[-size:])
    gained = max(median(raw[place : place + size]) for place in range(lowest + 1)) - low
    late = trend(last_third(scaled(known)), noise, confidence=1 - 2 * CHANCE)
    sure = rise > needed or (late is not None and late.state == "rises")
    if not sure or share(rise) < FLAT or end - low <= LOST * gained:
        return None
    step = known[lowest + size // 2].step
    lost = f", {per_cent((end - low) / gained)} of what it had fallen until then" if gained > 0 else ""
    return Verdict(
        "diverged",
        step,
        f"diverged: the training loss rose from {low:.4g} around step {step} to {end:.4g} at the end{lost}",
        {
            "curve": "training loss",
            "lowest_level": low,
            "last_level": end,
            "lost_share": (end - low) / gained if gained > 0 else None,
            "noise": share(noise.sigma),
            "sure_above": share(needed),
        },
        REMEDY + "; or the rows are not shuffled, and the last ones are harder",
    )
