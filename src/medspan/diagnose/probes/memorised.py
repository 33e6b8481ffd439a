"""Strings of training are found, and strings that training has not seen are not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Effect, Interval, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Lab
from medspan.diagnose.residue import PLACES, answers_left
from medspan.diagnose.swapping import Namer, Swap, asking_alike, borrowed, invented, swapped
from medspan.diagnose.without_model import in_short
from medspan.evaluate.counts import SeenStrings
from medspan.evaluate.match import listed
from medspan.text import fold

CAUSE = "memorised"
DOCUMENTS = 24
FOUND = 0.5
FEW, SOME = 0.4, 0.55
SURELY = 0.2
ENOUGH = 20
WELL = 0.7
DRAWS = 1000

Hits = list[tuple[int, int]]
"""Of each document: how many strings were found, of how many."""


@dataclass(frozen=True, slots=True)
class Compared:
    """Recall of two sets of strings, and the 95% interval of the second less the first."""

    first: float
    second: float
    of: tuple[int, int]
    interval: Interval | None

    @property
    def ratio(self) -> float:
        return self.first / self.second if self.second else 1.0

    @property
    def tells(self) -> bool:
        """Whether there are enough of the first, and the second are found: then a difference means much."""
        return self.of[0] >= ENOUGH and self.second >= FOUND

    @property
    def far(self) -> bool:
        """Whether the first is surely far below the second."""
        return self.ratio < FEW and self.interval is not None and self.interval[0] >= SURELY


@register
class Memorised(Probe):
    """Puts invented strings in the place of reference mentions, and asks whether the answers follow.

    A string counts as found under whatever type, so that telling types apart is not asked for. Recall of the
    invented strings is compared with that of the strings that stood there before. 0.95 (confirmed) where it
    is below `FEW` of that and the interval of the difference lies above `SURELY`; a note of 0.4 below `SOME`.
    Where strings of training in the same places are found, it says so: then novelty is what the model cannot
    deal with. Cleared where the original recall is below `FOUND`: who finds nothing remembers nothing;
    not where the scored part's strings that training has are surely found far more often than its others.

    Where the scored part itself has `ENOUGH` strings that training has not, they are believed first: found
    `WELL` as often as seen ones, they clear the run. Without a model they decide alone, at 0.75.

    Measured on healthy runs (135M, synthetic notes, 25 and 40 steps, 24 documents): invented strings 0.69 and
    0.80 times as often as the original ones (invented words have no meaning to go by), strings of training
    0.96 and 1.01 times. Unseen strings of the scored part in 20 runs: 0.73 to 1.10 times as often as
    seen ones. `FEW` is set by these alone: no model that learnt strings by heart was measured.
    """

    name: ClassVar[str] = "memorised"
    hypothesis: ClassVar[str] = "the model finds the strings that it was trained on, and no others"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 28.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if not case.train:
            yield Untold(CAUSE, "no training part, so no string is known to be seen (--data)")
            return
        seen = SeenStrings.of(case.train)
        answers, what = answers_left(case, lab)
        natural = _natural(answers, seen)
        told = (
            [] if natural is None else [_words("strings that training has not", "those that it has", natural)]
        )
        told = [f"{line}, in {len(answers)} {what}" for line in told]
        if natural is not None and min(natural.of) >= ENOUGH and natural.ratio >= WELL:
            yield Cleared(CAUSE, tuple(told))
            return
        if (lab.problem is not None and not case.tags) or case.lacks(("model",)) is not None:
            yield self._by_files(natural, told, lab.problem or case.lacks(("model",)) or "no model")
            return
        yield self._by_swapping(case, lab, seen, natural, told)

    @staticmethod
    def _by_files(natural: Compared | None, told: list[str], problem: str) -> Said:
        if natural is None or not natural.tells:
            strings = "too few strings of the scored part are unseen in training, or seen ones are not found"
            return Untold(
                CAUSE, f"{strings}, and there is no model to ask about others ({in_short(problem)})"
            )
        if not natural.far:
            return Cleared(CAUSE, tuple(told))
        effect = _effect("entity recall (unseen strings; strings of training)", natural)
        return Suspicion(CAUSE, 0.75, tuple(told), CAUSES[CAUSE].remedy, effect)

    @staticmethod
    def _by_swapping(
        case: Case, lab: Lab, seen: SeenStrings, natural: Compared | None, told: list[str]
    ) -> Said:
        sample = [one for one in case.sample if one.reference is not None][:DOCUMENTS]
        new = swap_recall(case, lab, sample, invented(case.seed, seen.strings))
        if new is None:
            return Untold(CAUSE, "no reference mention of the sample can be replaced by another string")
        found, examples = new
        told = [*told, _words("invented strings", "the strings that stood in their places", found)]
        # Among the strings replaced are new ones, too: where few are found, those of training may still be.
        remembered = natural is not None and natural.tells and natural.far
        if found.second < FOUND and not remembered:
            return Cleared(CAUSE, (*told, "the strings that stood there are not found either"))
        if found.ratio >= SOME:
            return Cleared(CAUSE, tuple(told))
        told += examples
        old = swap_recall(case, lab, sample, borrowed(case.seed, _strings(case.train)))
        if old is not None:
            told.append(_words("strings of training put there", "the original ones", old[0]))
        effect = _effect("entity recall (invented strings; the strings they replace)", found)
        remedy = (
            "train on more different strings; where there are no more, medspan synth makes some; judge by "
            "unseen strings: medspan split DATA --out NEW --unseen 0.3"
        )
        return Suspicion(CAUSE, 0.95 if found.far else 0.4, tuple(told), remedy, effect, found.far)


def swap_recall(
    case: Case, lab: Lab, sample: Sequence[Example], name: Namer
) -> tuple[Compared, list[str]] | None:
    """Recall of the strings put in and of those that they replace, and examples of what was answered."""
    swaps = [found for one in sample if (found := swapped(one, name)) is not None]
    if not swaps:
        return None
    before = _answered(case, lab, swaps, copies=False)
    after = _answered(case, lab, swaps, copies=True)
    hits = (
        [_hits(one, [new for _, new in swap.strings]) for one, swap in zip(after, swaps, strict=True)],
        [_hits(one, [old for old, _ in swap.strings]) for one, swap in zip(before, swaps, strict=True)],
    )
    shown = [
        f"{swap.copy.document.text[:100]!r} was answered with {_listed(one)}"
        for one, swap, (right, of) in zip(after, swaps, hits[0], strict=True)
        if right < of
    ]
    return _compared(*hits), shown[:PLACES]


def _answered(case: Case, lab: Lab, swaps: Sequence[Swap], *, copies: bool) -> list[Example]:
    asked = [one.copy if copies else one.original for one in swaps]
    if not case.tags:
        return lab.answers(asking_alike(lab.mended, swaps) if copies else lab.mended, asked)
    from medspan.extract import load_extractor

    assert case.adapter is not None
    extractor = load_extractor(case.adapter, device=lab.device, base_model=case.base_model)
    return list(extractor.extract(asked))


def _hits(answered: Example, strings: Sequence[str]) -> tuple[int, int]:
    said = _said(answered)
    return sum(one in said for one in strings), len(strings)


def _said(answered: Example) -> set[str]:
    found = answered.predicted
    return {fold(one.text) for one in listed(found)} if found is not None else set()


def _listed(answered: Example) -> str:
    return ", ".join(repr(one) for one in sorted(_said(answered))[:5]) or "nothing"


def _natural(answers: Sequence[Example], seen: SeenStrings) -> Compared | None:
    """Recall of reference strings that training has not, and of those that it has."""
    hits: tuple[Hits, Hits] = ([], [])
    for one in answers:
        assert one.reference is not None
        strings = {fold(item.text) for item in listed(one.reference)}
        hits[0].append(_hits(one, sorted(strings - seen.strings)))
        hits[1].append(_hits(one, sorted(strings & seen.strings)))
    return _compared(*hits) if all(sum(of for _, of in side) for side in hits) else None


def _compared(first: Hits, second: Hits) -> Compared:
    """Two recalls over the same documents, with the percentile interval of `DRAWS` paired resamples."""
    import numpy as np

    table = np.array([(*one, *other) for one, other in zip(first, second, strict=True)], dtype=np.float64)
    sums = table.sum(axis=0)
    interval: Interval | None = None
    if len(table) > 1:
        drawn = np.random.default_rng(0).integers(0, len(table), (DRAWS, len(table)))
        each = table[drawn].sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            differences = each[:, 2] / each[:, 3] - each[:, 0] / each[:, 1]
        low, high = np.nanpercentile(differences, [2.5, 97.5])
        interval = float(low), float(high)
    return Compared(
        float(sums[0] / sums[1]), float(sums[2] / sums[3]), (int(sums[1]), int(sums[3])), interval
    )


def _words(name: str, other: str, found: Compared) -> str:
    interval = ""
    if found.interval is not None:
        interval = f" (difference {found.interval[0]:+.3f} to {found.interval[1]:+.3f})"
    return (
        f"{name} are found in {found.first:.1%} of {found.of[0]} cases, {other} in {found.second:.1%} of "
        f"{found.of[1]}{interval}"
    )


def _effect(metric: str, found: Compared) -> Effect:
    return Effect(metric, found.first, found.second, found.interval)


def _strings(train: Sequence[Example]) -> dict[str, Sequence[str]]:
    found: dict[str, set[str]] = {}
    for one in train:
        for item in listed(one.reference) if one.reference is not None else ():
            found.setdefault(item.type, set()).add(fold(item.text))
    return {type: sorted(strings) for type, strings in found.items()}
