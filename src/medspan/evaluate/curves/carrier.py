"""What a training leaves behind, as curves over optimizer steps: one frozen carrier for every source."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

WHOLE = ("f1", "overall_f1", "micro_f1", "f1_micro", "overall_micro_f1")
"""Names under which trainers log the F1 of the whole, by preference."""


@dataclass(frozen=True, slots=True)
class Point:
    """A value at an optimizer step; it may be NaN or infinite, as it was logged."""

    step: int
    value: float

    @property
    def finite(self) -> bool:
        return math.isfinite(self.value)


Series = tuple[Point, ...]
"""Points in the order of their steps, one a step."""


@dataclass(frozen=True, slots=True)
class F1Curve:
    """F1 (0 to 1) by checkpoint of one `kind`, as logged; `task` is `all` where a source parts no tasks."""

    task: str
    kind: str
    points: Series

    @property
    def name(self) -> str:
        return self.kind if self.task == "all" else f"{self.task}: {self.kind}"


@dataclass(frozen=True, slots=True)
class Curves:
    """The curves of one training.

    `loss` and `validation_loss` are in the unit of the source (mostly nats a target token), `learning_rate`
    and `grad_norm` as logged. `epochs` gives the epoch of a step, where it is known. `chosen_step` is the
    checkpoint that the training itself kept as its best, `planned_steps` how many it was to take; None where
    the source does not say. `notes` tell what was odd in the source, and `unused` names what was not read.
    """

    source: str
    kind: str
    loss: Series = ()
    validation_loss: Series = ()
    learning_rate: Series = ()
    grad_norm: Series = ()
    f1: tuple[F1Curve, ...] = ()
    epochs: Series = ()
    chosen_step: int | None = None
    planned_steps: int | None = None
    notes: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    @property
    def last_step(self) -> int:
        """The last step that anything was logged of; 0 where nothing was."""
        return max((points[-1].step for points in self.all_series().values() if points), default=0)

    @property
    def headline(self) -> Series:
        """One F1 a checkpoint: that of the whole where it is logged, else the mean of those over all tasks.

        medspan logs entities and relations of all tasks; their mean is what it chooses checkpoints by.
        Where no curve is over all tasks, the mean of those there are.
        """
        over_all = [curve for curve in self.f1 if curve.task == "all"] or list(self.f1)
        for name in WHOLE:
            whole = [curve for curve in over_all if curve.kind.lower() == name]
            if whole:
                return whole[0].points
        steps = sorted({point.step for curve in over_all for point in curve.points})
        return tuple(Point(step, _mean_at(over_all, step)) for step in steps)

    def all_series(self) -> dict[str, Series]:
        """Every curve by its name, empty ones too."""
        named = {
            "loss": self.loss,
            "validation_loss": self.validation_loss,
            "learning_rate": self.learning_rate,
            "grad_norm": self.grad_norm,
        }
        return named | {f"f1, {curve.name}": curve.points for curve in self.f1}

    def to_json(self) -> dict[str, Any]:
        """All values; one that is not finite is null, and listed under `not_finite` as it was logged."""
        named = {name: points for name, points in self.all_series().items() if not name.startswith("f1, ")}
        return {
            "source": self.source,
            "kind": self.kind,
            "last_step": self.last_step,
            "planned_steps": self.planned_steps,
            "chosen_step": self.chosen_step,
            "curves": {name: _pairs(points) for name, points in named.items()},
            "f1": [
                {"task": curve.task, "kind": curve.kind, "points": _pairs(curve.points)} for curve in self.f1
            ],
            "epochs": _pairs(self.epochs),
            "not_finite": [
                {"curve": name, "step": point.step, "value": str(point.value)}
                for name, points in self.all_series().items()
                for point in points
                if not point.finite
            ],
            "notes": list(self.notes),
            "unused": list(self.unused),
        }


def finite(points: Series) -> Series:
    """The points that have a finite value."""
    return tuple(point for point in points if point.finite)


def at_step(points: Series, step: int) -> float | None:
    """The value of a step; None where there is none."""
    return next((point.value for point in points if point.step == step), None)


def _mean_at(curves: list[F1Curve], step: int) -> float:
    values = [value for curve in curves if (value := at_step(curve.points, step)) is not None]
    return sum(values) / len(values)


def _pairs(points: Series) -> list[list[float | None]]:
    return [[point.step, point.value if point.finite else None] for point in points]
