"""Two runs side by side: the documents that both were scored on, and the gap between their scores."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from medspan.core import Example
from medspan.diagnose.against.aspect import Gap
from medspan.diagnose.case import SAMPLE, Case, sampled
from medspan.diagnose.rescoring import counts_of, difference_of, f1
from medspan.evaluate.outcome import KINDS

if TYPE_CHECKING:
    from medspan.diagnose.base import Effect
    from medspan.diagnose.conditions import Conditions
    from medspan.diagnose.lab import Kind, Lab

MOST_REMAINING = 0.5
"""What remains of a gap is nothing where its interval reaches zero and stays below this share of the gap."""


@dataclass
class Side:
    """A run of the two, with what can be tried on its model."""

    case: Case
    lab: Lab

    @cached_property
    def problem(self) -> str | None:
        """Why its model cannot be asked; None where it can."""
        if self.case.tags:
            return "a model that tags is asked in one way only"
        return self.lab.problem

    @cached_property
    def examples(self) -> tuple[Example, ...]:
        """The stored predictions; without any, what the model answers on the sample as files ask it."""
        if self.case.predictions or self.problem is not None:
            return self.case.predictions
        return tuple(self.lab.answers(self.asked))

    @cached_property
    def asked(self) -> Conditions:
        """How the stored answers were made: as files state, and as the answers themselves show.

        What the answers show goes before what files state: a record can be of another extraction.
        """
        found, stated = self.lab.explanation, self.lab.asking.stated
        shown = found.conditions
        if stated is None:
            return shown
        options = replace(
            stated.options,
            repetition_penalty=shown.options.repetition_penalty,
            no_repeat_ngram_size=shown.options.no_repeat_ngram_size,
        )
        if found.temperature is not None and not options.do_sample:
            options = replace(options, do_sample=True, temperature=found.temperature)
        return shown.but(options=options)


@dataclass
class Pair:
    """RUN and GOOD."""

    run: Side
    good: Side

    @cached_property
    def shared(self) -> tuple[tuple[Example, Example], ...]:
        """(RUN's, GOOD's) examples of the same text and task, in RUN's order."""
        waiting: dict[tuple[str, str | None], list[Example]] = defaultdict(list)
        for one in reversed(self.good.examples):
            waiting[one.document.text, one.task].append(one)
        found = []
        for one in self.run.examples:
            partners = waiting.get((one.document.text, one.task))
            if partners:
                found.append((one, partners.pop()))
        return tuple(found)

    @cached_property
    def same_part(self) -> bool:
        """Whether both were scored on the same documents."""
        return len(self.shared) == len(self.run.examples) == len(self.good.examples)

    @cached_property
    def sample(self) -> tuple[Example, ...]:
        """The documents that are decoded again: shared ones where there are any, with RUN's predictions."""
        if not self.shared:
            return self.run.case.sample or self.run.examples
        own = {id(one) for one, _ in self.shared}
        if self.run.case.predictions and all(id(one) in own for one in self.run.case.sample):
            return self.run.case.sample
        return sampled(tuple(one for one, _ in self.shared), SAMPLE, self.run.case.seed)

    @cached_property
    def target(self) -> tuple[Example, ...]:
        """GOOD's answers on the sample, beside RUN's references; on its own part where nothing is shared."""
        if not self.shared:
            return sampled(self.good.examples, SAMPLE, self.run.case.seed)
        by_own = {id(one): other for one, other in self.shared}
        found = []
        for one in self.sample:
            other = by_own[id(one)]
            assert other.predicted is not None
            found.append(one.with_prediction(other.predicted, other.raw, other.truncated))
        return tuple(found)

    def gap(self, kind: Kind) -> Gap:
        """The gap between the stored predictions, each on its own part."""
        if self.same_part:
            own, other = ([pair[place] for pair in self.shared] for place in range(2))
            return _gap(kind, own, other, paired=True)
        return _gap(kind, self.run.examples, self.good.examples, paired=False)

    def left(self, answers: Sequence[Example], kind: Kind) -> Gap:
        """What is left of the gap on the sample where RUN gave these answers."""
        if not answers or not self.target:
            return Gap(kind, None, None, None, (len(answers), len(self.target)), False)
        return _gap(kind, answers, self.target, paired=bool(self.shared))

    def closed(self, before: Sequence[Example], after: Sequence[Example]) -> bool:
        """Whether these answers close the gap: for each kind that surely has one, nothing sure is left."""
        if not self.target or not before:
            return False
        return all(self._closed_for(before, after, kind) for kind in KINDS)

    def _closed_for(self, before: Sequence[Example], after: Sequence[Example], kind: Kind) -> bool:
        first = self.left(before, kind)
        if not first.sure:
            return True
        gap, left = first.difference, self.left(after, kind)
        if left.difference is not None and left.difference <= 0:
            return True
        if gap is None or left.interval is None:
            return False
        return left.interval[0] <= 0 and left.interval[1] <= MOST_REMAINING * gap

    def closes(self, effect: Effect, before: Sequence[Example]) -> float | None:
        """The share of the gap that a change closes, on the sample."""
        kind: Kind = "relations" if effect.metric.startswith("relation") else "entities"
        gap = self.left(before, kind).difference
        if gap is None or gap <= 0 or effect.difference is None:
            return None
        return effect.difference / gap


def _gap(kind: Kind, own: Sequence[Example], other: Sequence[Example], *, paired: bool) -> Gap:
    rows = [counts_of(side, kind) for side in (own, other)]
    counts = len(own), len(other)
    if paired:
        # Each side keeps its own references; documents are paired by their order.
        from medspan.evaluate.comparison import Sampling, paired_test

        test = paired_test(rows[0], rows[1], Sampling(permutations=1))
        return Gap(kind, *test.f1, test.interval, counts, True)
    interval = difference_of(own, other, kind)
    return Gap(kind, f1(rows[0]), f1(rows[1]), interval, counts, False)
