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

LEAST_BEGUN = 4
BEGUN_OTHERWISE, AS_CHOSEN = 0.8, 0.1


@dataclass(frozen=True, slots=True)
class Beginnings:
    """Of read `answers`, those of which every token is the model's choice (`whole`), and those that have
    another first token (`otherwise`) or another one anywhere (`missed`)."""

    answers: int
    whole: int
    otherwise: int
    missed: int

    @property
    def alone(self) -> bool:
        """Whether some answers begin otherwise, and all others are what the model says.

        Then what stands before the answer was another for some of the prompts, as right padding in a batch
        makes it: of 32 answers 25 began otherwise, and the 7 others were whole (135M). Roundings, penalties
        and parts of an adapter leave first tokens as they are (0 of 12); other weights leave no answer whole.
        """
        return (
            self.otherwise >= LEAST_BEGUN
            and self.otherwise >= BEGUN_OTHERWISE * self.missed
            and self.whole >= max(2, AS_CHOSEN * self.answers)
        )


def beginnings_of(hits: Sequence[Sequence[bool]]) -> Beginnings:
    """How answers begin, of which tokens are the model's choice."""
    spoken = [row for row in hits if row]
    missed = sum(not all(row) for row in spoken)
    return Beginnings(len(spoken), len(spoken) - missed, sum(not row[0] for row in spoken), missed)


LEAST_CUT = 4
AS_LENGTHS_SAY = 0.9


def limit_between(lengths: Sequence[int], hits: Sequence[Sequence[bool]]) -> tuple[int, int] | None:
    """Between which limits of prompts' lengths that one lies beyond which answers are not the model's choice.

    `lengths`: of the prompts, in tokens, in the order of `hits`. The least and the greatest limit under which
    most answers are as it says: whole after prompts of up to so many tokens, and missed after longer ones.
    None where lengths do not part whole answers from missed ones, or too few are missed.
    """
    read = sorted((length, all(row)) for length, row in zip(lengths, hits, strict=False) if row)
    missed = sum(not whole for _, whole in read)
    if missed < LEAST_CUT or not read:
        return None
    # Answers that are on their side of a limit after the first `at` prompts, which has to lie between two.
    right, best, at_best = missed, -1, 0
    for at in range(len(read)):
        between = at == 0 or read[at - 1][0] < read[at][0]
        if between and right > best:
            best, at_best = right, at
        right += 1 if read[at][1] else -1
    if best < AS_LENGTHS_SAY * len(read):
        return None
    return (read[at_best - 1][0] if at_best else 1), read[at_best][0] - 1
