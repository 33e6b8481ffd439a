"""Simulated trainings whose verdict is known, with seeded noise."""

from __future__ import annotations

import math
from collections.abc import Callable
from random import Random

from medspan.evaluate.curves import Curves, F1Curve, Point, Series

STEPS = 400
LOGGED = 10
"""Steps between two logged training losses."""

Shape = Callable[[float], float]
"""A loss, or an F1, at a part (0 to 1) of a training."""


def falling(part: float) -> float:
    """Falls by a quarter over the last third, and goes on."""
    return 2.0 * math.exp(-0.9 * part) * (0.5 + 0.5 * math.exp(-8 * part))


def level(part: float) -> float:
    """Falls fast and is level from a third on."""
    return 0.4 + 1.6 * math.exp(-14 * part)


def turning(part: float) -> float:
    """Lowest at 0.45, and 40% above that at the end."""
    return 0.5 + 1.2 * math.exp(-12 * part) + 0.7 * max(0.0, part - 0.45) ** 1.5


def exploding(part: float) -> float:
    """Falls to 0.45 at 0.6 and is at 5 at the end."""
    return level(part) + 4.6 / (1 + math.exp(-40 * (part - 0.8)))


def climbing(part: float) -> float:
    """Creeps up again by a quarter of what it had fallen, from the middle on."""
    return level(part) + 0.8 * max(0.0, part - 0.5)


def rising_f1(part: float) -> float:
    return 0.85 - 0.6 * math.exp(-3 * part)


def stuck_f1(part: float) -> float:
    return 0.42


def series(
    shape: Shape, seed: str, *, noise: float, every: int = LOGGED, memory: float = 0.0, spikes: float = 0.0
) -> Series:
    """Points with log-normal noise of `noise`; `memory` is its correlation from point to point.

    `spikes` is the share of points that are multiplied by three.
    """
    draw = Random(seed)
    points, shift = [], draw.gauss(0, noise)
    for step in range(every, STEPS + 1, every):
        shift = memory * shift + math.sqrt(1 - memory**2) * draw.gauss(0, noise)
        spike = 3.0 if draw.random() < spikes else 1.0
        points.append(Point(step, shape(step / STEPS) * math.exp(shift) * spike))
    return tuple(points)


def scores(shape: Shape, seed: str, *, noise: float = 0.015, every: int = 40) -> Series:
    """F1 by checkpoint with normal noise, kept between 0 and 1."""
    draw = Random(seed)
    steps = range(every, STEPS + 1, every)
    return tuple(
        Point(step, min(1.0, max(0.0, shape(step / STEPS) + draw.gauss(0, noise)))) for step in steps
    )


def training(
    seed: object,
    loss: Shape,
    validation: Shape | None = None,
    f1: Shape | None = None,
    *,
    noise: float = 0.15,
    evaluations: int = 10,
    jitter: float = 0.03,
    memory: float = 0.0,
    spikes: float = 0.0,
) -> Curves:
    """A training of 400 steps; `noise` is that of a logged loss, `jitter` that of an evaluation."""
    every = STEPS // evaluations
    return Curves(
        source="simulated",
        kind="simulated",
        loss=series(loss, f"{seed} loss", noise=noise, memory=memory, spikes=spikes),
        validation_loss=series(validation, f"{seed} validation", noise=jitter, every=every)
        if validation
        else (),
        f1=(F1Curve("all", "entities", scores(f1, f"{seed} f1", every=every)),) if f1 else (),
    )
