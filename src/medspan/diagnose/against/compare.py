"""`diagnose RUN --against GOOD`: each difference between two runs, tested by itself, cheapest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from medspan.core import Example, MedspanError
from medspan.diagnose.against.answers import Answers
from medspan.diagnose.against.aspect import Against, Aspect, Gap
from medspan.diagnose.against.checkpoint import Checkpoint
from medspan.diagnose.against.environment import Environment
from medspan.diagnose.against.parser import NAME as PARSER
from medspan.diagnose.against.parser import Parser
from medspan.diagnose.against.part import TestPart
from medspan.diagnose.against.settings import Data, Settings
from medspan.diagnose.against.trial import Comparer, Trial
from medspan.diagnose.rescoring import KIND_NAMES, shown
from medspan.evaluate.outcome import KINDS

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Pair

COMPARERS: tuple[Comparer, ...] = tuple(
    sorted(
        (Parser(), Answers(), Checkpoint(), TestPart(), Data(), Environment(), Settings()),
        key=lambda one: one.place,
    )
)
"""In the order in which they are run."""
TOLD_FIRST = ("decoding", "template", "wording")
"""Aspects that are told before the parser, though reading texts again costs least and is done first."""


def compare_runs(pair: Pair) -> tuple[Against, Trial]:
    """Everything in which RUN differs from GOOD, and what separates them; the state to go on from."""
    start = _start(pair)
    trial = Trial(pair, start, start)
    aspects = [one for comparer in COMPARERS for one in _compared(comparer, trial)]
    return result(pair, trial, aspects), trial


def _compared(comparer: Comparer, trial: Trial) -> Iterator[Aspect]:
    try:
        yield from comparer.compare(trial)
    except MedspanError as error:
        # What one comparison cannot use must not take the others' findings with it.
        yield Aspect(comparer.name, (None, None), None, "not-testable", (str(error),))


def _start(pair: Pair) -> Sequence[Example]:
    """RUN's stored answers on the sample; those of its model where nothing is stored."""
    if pair.run.case.predictions:
        return pair.sample
    return pair.run.lab.answers(pair.run.asked, pair.sample) if pair.run.problem is None else ()


def result(pair: Pair, trial: Trial, aspects: Sequence[Aspect]) -> Against:
    """The result as the state of the trial has it: what is left untested is cleared where no gap is left."""
    done = sorted((_settled(trial, one) for one in aspects), key=_order)
    gap = [one for one in map(pair.gap, KINDS) if _known(one)]
    remaining = [one for one in (pair.left(trial.answers, kind) for kind in KINDS) if _known(one)]
    return Against(
        run=str(pair.good.case.folder),
        gap=gap,
        aspects=tuple(done),
        remaining=remaining,
        closed=trial.closed,
        sentence=_sentence(trial, done, gap),
        notes=tuple(_notes(pair, gap)),
    )


def _settled(trial: Trial, one: Aspect) -> Aspect:
    if (
        one.same is not False
        or one.verdict not in ("not-testable", "only-a-training-tells")
        or not trial.closed
    ):
        return one
    told = f"{trial.left_words()}, so it separates nothing"
    return replace(one, verdict="cleared", evidence=(*one.evidence, told))


def _order(one: Aspect) -> int:
    if one.name.startswith(TOLD_FIRST):
        return 0
    return 1 if one.name == PARSER else 2


def _known(gap: Gap) -> bool:
    return gap.run is not None or gap.good is not None


def _sentence(trial: Trial, aspects: Sequence[Aspect], gap: Sequence[Gap]) -> str:
    named = [one.name for one in aspects if one.verdict == "separates"]
    left = [one.name for one in aspects if one.verdict == "only-a-training-tells"]
    if not named and gap and not any(one.sure for one in gap):
        return f"RUN is not surely worse than GOOD: {_gaps(gap)}"
    told = (
        f"what separates the runs: {' and '.join(named)}"
        if named
        else "nothing that could be tried separates the runs"
    )
    if trial.closed:
        return f"{told}; {trial.left_words()}"
    rest = f"; only a training tells of: {', '.join(left)}" if left else ""
    return f"{told}{rest}; {trial.left_words()}"


def _gaps(gap: Sequence[Gap]) -> str:
    return "; ".join(
        f"{KIND_NAMES['entities' if one.kind == 'entities' else 'relations']} F1 {shown(one.run)} and GOOD "
        f"{shown(one.good)}"
        + (f" (difference {one.interval[0]:+.3f} to {one.interval[1]:+.3f})" if one.interval else "")
        for one in gap
    )


def _notes(pair: Pair, gap: Sequence[Gap]) -> Iterator[str]:
    if not any(one.sure for one in gap):
        yield "GOOD is not surely better than RUN: that something is the same in both excludes no cause"
    if pair.run.examples and pair.good.examples and not pair.shared:
        yield "the runs are scored on no common document: RUN is asked about its own part only"
    for name, side in (("RUN", pair.run), ("GOOD", pair.good)):
        if side.case.record is None and side.case.trainer == "medspan":
            yield f"{name} has no record.json: what made it is told from its config.yaml alone"
        if not side.examples:
            yield f"{name} has no predictions, and its model cannot be asked: {side.problem}"
