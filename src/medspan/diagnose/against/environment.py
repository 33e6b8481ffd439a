"""Packages, hardware and code: whether one environment gives the answers of both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.trial import Comparer, Trial, helps
from medspan.diagnose.explanation import EXPLAINED
from medspan.diagnose.lab import clearest_effect
from medspan.diagnose.rescoring import interval_in_words, shown

if TYPE_CHECKING:
    from medspan.diagnose.case import Case

CAUSE = "environment-changed"
HARDWARE = ("processor", "machine", "threads", "gpus", "device")
"""What of a machine can move a result."""


class Environment(Comparer):
    """Compares versions, machine and code. Where they differ: do RUN's stored answers come out here?

    They do where decoding here under the conditions of RUN chooses their tokens: then the environment that
    is here gives what RUN's gave, and RUN's did no harm.
    """

    name: ClassVar[str] = "environment"
    place: ClassVar[int] = 5

    def compare(self, trial: Trial) -> Iterator[Aspect]:
        for name, (good, run) in _sides(trial).items():
            differing = sorted(key for key in {*good, *run} if good.get(key) != run.get(key))
            if not good or not run:
                lacking = "GOOD" if not good else "RUN"
                evidence = (f"not stated for {lacking}",)
                yield Aspect(name, (good or None, run or None), None, "not-testable", evidence, cause=CAUSE)
            elif not differing:
                yield Aspect(
                    name, (dict(good), dict(run)), True, "cleared", ("the same in both",), cause=CAUSE
                )
            else:
                values = {key: good.get(key) for key in differing}, {key: run.get(key) for key in differing}
                yield _tested(trial, name, values)


def _tested(trial: Trial, name: str, values: tuple[Any, Any]) -> Aspect:
    run = trial.pair.run
    if run.problem is not None:
        return Aspect(name, values, False, "not-testable", (run.problem,), cause=CAUSE)
    found = run.lab.explanation
    if found.final is None or found.temperature is not None:
        lacking = "no generated texts" if found.final is None else "answers drawn by lot never come out again"
        return Aspect(name, values, False, "not-testable", (lacking,), cause=CAUSE)
    share = f"decoding here chooses {found.final:.1%} of the tokens of RUN's stored answers"
    if found.final >= EXPLAINED:
        again = (f"{share}: what is installed here gives the same answers",)
        return Aspect(name, values, False, "cleared", again, True, cause=CAUSE)
    effect = clearest_effect(trial.start, trial.decoded(run.asked))
    scores = f"{shown(effect.before)} stored, {shown(effect.after)} made here under its own conditions"
    evidence = (share, f"{effect.metric} of RUN's answers: {scores} ({interval_in_words(effect)})")
    closes = trial.pair.closes(effect, trial.start)
    if helps(effect):
        return Aspect(name, values, False, "separates", evidence, True, effect, closes, CAUSE)
    return Aspect(name, values, False, "cleared", evidence, True, effect, closes, CAUSE)


def _sides(trial: Trial) -> dict[str, tuple[Mapping[str, Any], Mapping[str, Any]]]:
    cases = trial.pair.good.case, trial.pair.run.case
    return {
        "packages": (_facts(cases[0], "packages"), _facts(cases[1], "packages")),
        "hardware": (_hardware(cases[0]), _hardware(cases[1])),
        "code": (_facts(cases[0], "code"), _facts(cases[1], "code")),
    }


def _facts(case: Case, name: str) -> Mapping[str, Any]:
    """What is stated of the extraction, else of the training."""
    return dict((case.made or {}).get(name) or (case.record or {}).get(name) or {})


def _hardware(case: Case) -> Mapping[str, Any]:
    return {key: value for key, value in _facts(case, "hardware").items() if key in HARDWARE}
