"""How much of the stored answers is read, and where their tokens are not the model's choice.

Evidence is counted in tokens, and costs by answers.
"""

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

LEAST_AT_EDGE = 4
AT_EDGE, AS_CHOSEN = 0.8, 0.1
BROKEN = 3
"""Last tokens of an answer, the stop token among them, that are others where it was broken off in a word."""


@dataclass(frozen=True, slots=True)
class Edges:
    """Of read `answers`, those of which every token is the model's choice (`whole`), those that have another
    one anywhere (`missed`), another first one (`begun`), and another end alone (`ended`)."""

    answers: int
    whole: int
    missed: int
    begun: int
    ended: int

    @property
    def begin_otherwise(self) -> bool:
        """Whether some answers begin otherwise, and all others are what the model says.

        Then what stands before the answer was another for some of the prompts, as right padding in a batch
        makes it: of 32 answers 25 began otherwise, and the 7 others were whole (135M). Roundings, penalties
        and parts of an adapter leave first tokens as they are (0 of 12); other weights leave no answer whole.
        """
        enough = self.begun >= max(LEAST_AT_EDGE, AT_EDGE * self.missed)
        return enough and self.whole >= max(2, AS_CHOSEN * self.answers)

    @property
    def end_early(self) -> bool:
        """Whether answers are what the model says, but for ending where it would go on: a limit cut them off,
        and nobody marked it."""
        return self.ended >= max(LEAST_AT_EDGE, AT_EDGE * self.missed)


def edges_of(hits: Sequence[Sequence[bool]], broken_off: Sequence[bool] = ()) -> Edges:
    """Where answers are not the model's choice, of each of whose tokens `hits` says it.

    `broken_off`: which answers end as no whole one does. Where a word is broken off, its last tokens are
    others than those of the whole word.
    """
    found = []
    for place, row in enumerate(hits):
        broken = place < len(broken_off) and broken_off[place]
        found.append((row, BROKEN if broken else 1))
    missed = [(row, end) for row, end in found if not all(row)]
    begun = sum(not row[0] for row, _ in missed)
    # Blank answers have no token but the last, and say nothing of a limit.
    ended = sum(len(row) > end and all(row[:-end]) for row, end in missed)
    answers = sum(bool(row) for row in hits)
    return Edges(answers, answers - len(missed), len(missed), begun, ended)


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
