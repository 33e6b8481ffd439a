"""How much of the stored answers is read: evidence is counted in tokens, and costs by answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LEAST_ANSWERS = 3


@dataclass(frozen=True, slots=True)
class Reading:
    """How many stored answers are read: as many as have so many tokens together, and at most so many."""

    tokens: int
    answers: int

    def of(self, lengths: Sequence[int]) -> int:
        """How many answers of these lengths are read, at least `LEAST_ANSWERS` where there are as many."""
        count = total = 0
        while count < min(self.answers, len(lengths)) and (total < self.tokens or count < LEAST_ANSWERS):
            total += lengths[count]
            count += 1
        return count


WHOLE = Reading(450, 32)
"""Stored answers that are read to find what explains them: a share of 450 tokens has a standard error of a
hundredth where 95% are explained."""
