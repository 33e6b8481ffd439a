"""How answers are made: each way in which GOOD asks otherwise is put in place of RUN's, one by one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from medspan.core import ModelError
from medspan.diagnose.against import applied, bases, decoding, template, wording
from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.against.trial import Comparer, Swap, Trial, harms, helps, reason, told
from medspan.diagnose.explanation import EXPLAINED
from medspan.diagnose.lab import clearest_effect

if TYPE_CHECKING:
    from medspan.core import Example
    from medspan.diagnose.base import Effect
    from medspan.diagnose.conditions import Conditions

WAYS = (decoding.ways, template.ways, wording.ways, applied.ways, bases.ways)
"""What may be asked otherwise, in the order in which it is tried."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """A swap that was tried by itself: what it does, and the answers that it gives."""

    effect: Effect
    answers: Sequence[Example]


class Answers(Comparer):
    """Tries each difference by itself, and where none closes the gap, all of them together.

    Of several that act together each is judged by what putting RUN's way back does where all else is as in
    GOOD: then none hides behind another.
    """

    name: ClassVar[str] = "answers"
    place: ClassVar[int] = 1

    def compare(self, trial: Trial) -> Iterator[Aspect]:
        found = [one for way in WAYS for one in way(trial.pair)]
        swaps = [one for one in found if isinstance(one, Swap)]
        _made_here(trial)
        told_of = {one.name: one for one in _tested(trial, swaps)}
        for one in found:
            yield told_of[one.name] if isinstance(one, Swap) else one


def _tested(trial: Trial, swaps: Sequence[Swap]) -> Iterator[Aspect]:
    problem = trial.pair.run.problem
    if problem is not None or not trial.answers:
        lacking = problem or "there are no documents to ask RUN about"
        for swap in swaps:
            yield _untested(swap, f"it differs, and cannot be tried: {lacking}")
        return
    tried, refused = _by_themselves(trial, swaps)
    alone = trial.closed or len(tried) < 2
    aspects = _judged(trial, tried) if alone else _together(trial, tried)
    for swap in swaps:
        if swap in refused:
            yield _untested(swap, f"it differs, and cannot be tried: {refused[swap]}")
        else:
            yield aspects.get(swap) or _untested(swap, "it differs; not tried")


def _made_here(trial: Trial) -> None:
    """Begin from answers that are made here, where the stored ones do not come out again here.

    Else a swap would be given the credit for what decoding in this environment changes by itself.
    """
    if trial.pair.run.problem is not None or not trial.answers:
        return
    found = trial.pair.run.lab.explanation
    if found.final is not None and found.final < EXPLAINED and found.temperature is None:
        trial.answers, trial.again = trial.decoded(trial.pair.run.asked), True


def _by_themselves(trial: Trial, swaps: Sequence[Swap]) -> tuple[dict[Swap, _Tried], dict[Swap, str]]:
    """Each swap by itself, until one closes the gap."""
    asked, before = trial.pair.run.asked, trial.answers
    tried: dict[Swap, _Tried] = {}
    refused: dict[Swap, str] = {}
    for swap in swaps:
        if trial.closed:
            break
        try:
            after = trial.decoded(swap.change(asked))
        except ModelError as error:
            refused[swap] = reason(error)
            continue
        tried[swap] = _Tried(clearest_effect(before, after), after)
        if helps(tried[swap].effect) and trial.pair.closed(trial.start, after):
            _mend(trial, [swap], swap.change(asked), after)
    return tried, refused


def _judged(trial: Trial, tried: dict[Swap, _Tried]) -> dict[Swap, Aspect]:
    """What the swaps did by themselves."""
    found = {}
    for swap, one in tried.items():
        if swap.name in trial.mended or (helps(one.effect) and not trial.closed):
            if swap.name not in trial.mended:
                _mend(trial, [swap], swap.change(trial.pair.run.asked), one.answers)
            found[swap] = _aspect(trial, swap, one.effect, "separates", told(swap.label, one.effect))
        else:
            found[swap] = _aspect(trial, swap, one.effect, "cleared", told(swap.label, one.effect))
    return found


def _together(trial: Trial, tried: dict[Swap, _Tried]) -> dict[Swap, Aspect]:
    """Several differences, none of which closes the gap by itself."""
    asked = trial.pair.run.asked
    taken = list(tried)
    effects: dict[Swap, Effect] = {}
    for _ in range(2):
        after = trial.decoded(_changed(asked, taken))
        effects = {swap: clearest_effect(_without(trial, asked, taken, swap), after) for swap in taken}
        harmful = [swap for swap in taken if harms(effects[swap])]
        if not harmful:
            break
        # What GOOD does and RUN's model does worse with hides what the others bring.
        taken = [swap for swap in taken if swap not in harmful]
    separating = [swap for swap in taken if helps(effects[swap])]
    if not separating:
        return _judged(trial, tried)
    conditions = _changed(asked, separating)
    _mend(trial, separating, conditions, trial.decoded(conditions))
    found = {}
    for swap, one in tried.items():
        alone = told(f"by itself {swap.label}", one.effect)
        if swap in separating:
            others = ", ".join(other.name for other in separating if other is not swap)
            beside = f", with {others} as in GOOD" if others else ""
            evidence = told(f"{swap.label}{beside}", effects[swap]), alone
            found[swap] = _aspect(trial, swap, effects[swap], "separates", *evidence)
        else:
            found[swap] = _aspect(trial, swap, one.effect, "cleared", alone)
    return found


def _without(trial: Trial, asked: Conditions, taken: Sequence[Swap], swap: Swap) -> Sequence[Example]:
    """The answers with all swaps but one; with none at all they are those that there are."""
    rest = [one for one in taken if one is not swap]
    return trial.decoded(_changed(asked, rest)) if rest else trial.answers


def _changed(conditions: Conditions, swaps: Sequence[Swap]) -> Conditions:
    for swap in swaps:
        conditions = swap.change(conditions)
    return conditions


def _mend(trial: Trial, swaps: Sequence[Swap], conditions: Conditions, answers: Sequence[Example]) -> None:
    trial.mended += [swap.name for swap in swaps]
    trial.conditions, trial.answers = conditions, answers


def _aspect(trial: Trial, swap: Swap, effect: Effect, verdict: str, *evidence: str) -> Aspect:
    return Aspect(
        swap.name,
        swap.values,
        False,
        "separates" if verdict == "separates" else "cleared",
        evidence,
        tested=True,
        effect=effect,
        closes=trial.pair.closes(effect, trial.start),
        cause=swap.cause,
    )


def _untested(swap: Swap, why: str) -> Aspect:
    return Aspect(swap.name, swap.values, False, "not-testable", (why,), cause=swap.cause)
