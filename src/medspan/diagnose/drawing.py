"""Answers that were drawn by lot: at which temperature, and what speaks against it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from medspan.diagnose.teacher import Forced, legal_at, logits_of

TEMPERATURES = (0.2, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.05, 1.1, 1.2, 1.35, 1.5, 1.75, 2.0, 2.5)


@dataclass(frozen=True, slots=True)
class Drawn:
    """How answers look if drawn by lot at the `temperature` that makes them likeliest.

    `likelihood`: mean log probability of a token there. `expected`: share of tokens that are the most
    probable ones, if drawn so; `observed`: of those that stand there. `misfit`: chi square of how often the
    most probable token does not stand there, by how probable it is (`SURENESS`). `others`: how many other
    tokens could stand there, the geometric mean.
    """

    temperature: float
    likelihood: float
    expected: float
    observed: float
    misfit: float
    others: float


SURENESS = (0.5, 0.9, 0.99, 0.999)
"""Bounds of five groups of tokens, by the probability of the most probable one."""


class _Tried:
    """What adds up at one temperature over all tokens and in each group."""

    def __init__(self) -> None:
        groups = len(SURENESS) + 1
        self.likelihood = 0.0
        self.tops = 0.0
        self.missing, self.spread, self.missed = [0.0] * groups, [0.0] * groups, [0] * groups

    def add(self, scores: Any, wanted: Any) -> None:
        """Another answer: log probabilities (tokens, vocabulary) and the ids that stand there."""
        import torch

        most, best = scores.max(dim=-1)
        top = most.exp()
        self.likelihood += float(scores.gather(1, wanted[:, None]).sum())
        self.tops += float(top.sum())
        group = torch.bucketize(top, torch.tensor(SURENESS, device=top.device), right=True)
        for at in range(len(self.missed)):
            here = group == at
            self.missing[at] += float((1 - top[here]).sum())
            self.spread[at] += float((top[here] * (1 - top[here])).sum())
            self.missed[at] += int((best[here] != wanted[here]).sum())

    @property
    def misfit(self) -> float:
        # A variance of at least one: single tokens of rare groups are no evidence.
        sums = zip(self.missed, self.missing, self.spread, strict=True)
        return sum((seen - expected) ** 2 / max(spread, 1.0) for seen, expected, spread in sums)


def likeliest_temperature(model: Any, rows: Sequence[Forced]) -> Drawn:
    """The answers as drawn by lot at the likeliest of `TEMPERATURES`."""
    tried = {temperature: _Tried() for temperature in TEMPERATURES}
    count = hits = 0
    others = 0.0
    for logits, right, others_here in _choices(model, rows):
        wanted = _firsts(right, logits)
        count += len(wanted)
        others += others_here
        for temperature, one in tried.items():
            scores = _scores(logits, right, temperature)
            if temperature == 1.0:
                hits += int((scores.argmax(dim=-1) == wanted).sum())
            one.add(scores, wanted)
    best, found = max(tried.items(), key=lambda pair: pair[1].likelihood)
    of = max(1, count)
    spread = math.exp(others / of)
    return Drawn(best, found.likelihood / of, found.tops / of, hits / of, found.misfit, spread)


UNLIKELY = 0.05
"""Probability below which a token is unlikely where it stands."""


@dataclass(frozen=True, slots=True)
class Recurring:
    """A `token` that stands `seen` times where it was unlikely, and that drawing would put there `expected`
    times. `chance`: an upper bound of the probability of so many (Chernoff's, of a Poisson variable)."""

    token: int
    seen: int
    expected: float

    @property
    def chance(self) -> float:
        if self.seen <= self.expected:
            return 1.0
        if not self.expected:
            return 0.0
        return math.exp(self.seen - self.expected + self.seen * math.log(self.expected / self.seen))


def most_recurring(model: Any, rows: Sequence[Forced], temperature: float) -> Recurring | None:
    """The unlikely token that recurs most surely; None where none stands. By lot, others come each time."""
    seen: Counter[int] = Counter()
    expected: Any = None
    for logits, right, _ in _choices(model, rows):
        wanted = _firsts(right, logits)
        chances = _scores(logits, right, temperature).exp()
        unlikely = chances.where(chances < UNLIKELY, 0.0).sum(dim=0)
        expected = unlikely if expected is None else expected + unlikely
        given = chances.gather(1, wanted[:, None])[:, 0] < UNLIKELY
        seen.update(int(token) for token in wanted[given])
    found = [Recurring(token, count, float(expected[token])) for token, count in seen.items()]
    return min(found, key=lambda one: (one.chance, one.token), default=None)


def _choices(model: Any, rows: Sequence[Forced]) -> Iterator[tuple[Any, list[Sequence[int]], float]]:
    """Of each answer: the scores (choices, vocabulary) of what is legal, the tokens that are right at each
    choice, and the sum of the logarithms of how many others are legal."""
    import torch

    for index, logits in logits_of(model, rows, lambda row: row.start):
        row, others = rows[index], 0.0
        right = [row.right(place) for place in row.choices]
        logits = logits[row.choices]
        for at, place in enumerate(row.choices):
            legal = legal_at(row, place, logits.shape[1])
            others += math.log(max(1, (logits.shape[1] if legal is None else int(legal.sum())) - 1))
            if legal is not None:
                logits[at, torch.from_numpy(~legal).to(logits.device)] = -math.inf
        yield logits, right, others


def _firsts(right: Sequence[Sequence[int]], logits: Any) -> Any:
    import torch

    return torch.tensor([tokens[0] for tokens in right], dtype=torch.long, device=logits.device)


def _scores(logits: Any, right: Sequence[Sequence[int]], temperature: float) -> Any:
    import torch

    return _merged(torch.log_softmax(logits / temperature, dim=-1), right)


def _merged(scores: Any, right: Sequence[Sequence[int]]) -> Any:
    """The log probabilities with those of tokens that go on alike as one, which the first of them has."""
    import torch

    for at, tokens in enumerate(right):
        if len(tokens) > 1:
            together = torch.logsumexp(scores[at, list(tokens)], dim=0)
            scores[at, list(tokens)] = -math.inf
            scores[at, tokens[0]] = together
    return scores
