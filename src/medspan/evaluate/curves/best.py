"""The checkpoint to use: that of the best F1, which the lowest validation loss often does not name.

A validation loss also counts how sure a model is: it rises where few answers are wrong and very sure, while
more and more answers are right. What a user wants is the right answers.
"""

from __future__ import annotations

from dataclasses import dataclass

from medspan.evaluate.curves.carrier import Point, Series
from medspan.evaluate.curves.noise import noise_of

POINT, NOISE = 0.01, 5.0
"""F1 that differs by less than a point, or by less than so many times its noise, is told as level.
Of simulated trainings that overfit, with a level F1 2 of 275 were told as rising with 10 checkpoints and 4 of
219 with 5; with one that rose by 0.14 after the turn of the loss, 258 and 171 (docs/curves.md)."""


@dataclass(frozen=True, slots=True)
class Scores:
    """F1 (0 to 1) of the checkpoint `beside` a step, of the best (the earlier of equals), and at the end."""

    beside: Point
    best: Point
    last: Point
    noise: float

    @property
    def later(self) -> bool:
        """Whether F1 is best at a later checkpoint than the one beside the step."""
        return self.best.step > self.beside.step

    @property
    def disagrees(self) -> bool:
        """Whether it is better there by more than noise does."""
        return self.later and self.best.value - self.beside.value >= max(POINT, NOISE * self.noise)

    @property
    def words(self) -> str:
        best = f"F1 was best at step {self.best.step} ({self.best.value:.3f})"
        if self.last.step > self.best.step:
            best += f", {self.last.value:.3f} at the end"
        if not self.later:
            return best
        best = best.removeprefix("F1 was ")
        said = "does not agree" if self.disagrees else "stays level"
        return f"F1 {said}: {self.beside.value:.3f} at step {self.beside.step}, {best}"


def scores_beside(f1: Series, step: int) -> Scores | None:
    """F1 at a step, or at the nearest checkpoint (the earlier of two as near); None where none is known."""
    if not f1:
        return None
    noise = noise_of([point.value for point in f1])
    return Scores(
        min(f1, key=lambda point: (abs(point.step - step), point.step)),
        max(f1, key=lambda point: (point.value, -point.step)),
        f1[-1],
        noise.sigma if noise else 0.0,
    )
