"""What explains stored answers: faults, put on the right way of asking, that make the model say them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medspan.diagnose.base import Cleared, Probe, Said, Suspicion, Untold, all_probes, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.conditions import Conditions

if TYPE_CHECKING:
    from medspan.diagnose.lab import Lab

EXPLAINED = 0.985
"""Share of the tokens from which on stored answers count as explained. The rest is rounding: other batches,
other order of sums, tokens that the grammar chose."""
UNEXPLAINED, NEARLY_THIS = 0.93, 0.8
"""Share of the tokens below which stored answers were made in a way that nothing tried here is, and from
which on nearly this model answered: weights rounded to 4 bits by 192 leave 0.85 to 0.93 of them, other
weights 0.06 and 0.12 (135M)."""
FIRST_TO_TRY = 0.6
"""Confidence in what explains blank answers: others may as well, and this is the cheapest one to try."""


@dataclass(frozen=True, slots=True)
class Variant:
    """A fault that a probe can put on conditions: its cause, what it is in words, and what it changes.

    `stated`: files say that it was so. `near`: it stands for a family of faults, and may only come near the
    one that happened.
    """

    cause: str
    label: str
    change: Callable[[Conditions], Conditions]
    stated: bool = False
    near: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """A fault that explains more of the stored answers, with the shares explained without and with it.

    The shares are None where there are no texts, and the fault is known from files alone.
    """

    variant: Variant
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The faults that explain the stored answers, the share explained by none and by all of them.

    `conditions`: those with all of the faults. The shares are None where there are no texts to explain.
    `temperature`: that of drawing by lot, where that explains the rest. `blank`: the answers say nothing, so
    that any fault which silences the model explains them; `rivals`: the other causes that do.
    """

    plain: float | None
    final: float | None
    steps: tuple[Step, ...]
    conditions: Conditions
    temperature: float | None = None
    blank: bool = False
    rivals: tuple[str, ...] = ()

    @property
    def unknown(self) -> bool:
        """Whether the stored answers were made in a way that nothing tried is."""
        tried = self.steps or self.temperature is not None
        return not tried and self.final is not None and self.final < UNEXPLAINED

    def of(self, cause: str) -> tuple[Step, ...]:
        """The steps of one cause."""
        return tuple(step for step in self.steps if step.variant.cause == cause)

    @property
    def causes(self) -> tuple[str, ...]:
        drawn = () if self.temperature is None else ("decoding-samples",)
        return tuple(dict.fromkeys((*(step.variant.cause for step in self.steps), *drawn)))


class AnswerProbe(Probe):
    """A probe of how answers were made, whose fault can be put on conditions and taken off again.

    `reads`: whether its variants change what the model reads or is, so that each costs a pass by itself.
    """

    reads: bool = True
    of_generation: bool = True
    """Whether the fault is one of prompts and decoding, which a model that tags does not have."""

    @abstractmethod
    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        """The fault in all its forms, to be put on `current`; stated ones first."""

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        (cause,) = self.causes
        if case.tags and self.of_generation:
            yield Cleared(cause, ("the model tags: it is asked nothing, and generates nothing",))
            return
        if lab.problem is not None:
            yield Untold(cause, lab.problem)
            return
        steps = lab.explanation.of(cause)
        if not steps:
            yield Cleared(cause, (self.cleared(case, lab),))
            return
        effect = lab.mending(cause)
        told = [self.evidence(step) for step in steps]
        if effect.difference is not None and effect.difference > 0 and effect.sure:
            fits = any(step.after is not None for step in steps)
            sure = 0.97 if lab.explanation.final is None or lab.explanation.final > 0.9 else 0.9
            if lab.explanation.blank and not any(step.variant.stated for step in steps):
                sure = FIRST_TO_TRY
                told.append(_of_silence(lab.explanation))
            sure = sure if fits else min(0.9, sure)
            remedy = self.remedy(lab, steps)
            yield Suspicion(cause, sure, (*told, said_of(effect)), remedy, effect, True)
        else:
            told.append(f"{said_of(effect)}: it does no harm that {len(case.sample)} documents would show")
            yield Suspicion(cause, 0.3, tuple(told), self.remedy(lab, steps), effect)

    def cleared(self, case: Case, lab: Lab) -> str:
        """The evidence that the fault was not at work."""
        found = lab.explanation
        if found.plain is None:
            return "no file states it, and there are no generated texts to tell by"
        if not found.steps:
            return f"greedy decoding as in training chooses {found.plain:.1%} of the stored answers' tokens"
        others = ", ".join(found.causes)
        return f"{found.final:.1%} of the stored answers' tokens are explained by {others} without it"

    def evidence(self, step: Step) -> str:
        """What a step says of the stored answers."""
        stated = " (files state it)" if step.variant.stated else ""
        if step.after is None or step.before is None:
            return f"{step.variant.label}{stated}"
        return (
            f"{step.variant.label}{stated} explains {step.after:.1%} of the stored answers' tokens, "
            f"{step.before:.1%} are explained without it"
        )

    def remedy(self, lab: Lab, steps: Sequence[Step]) -> str:
        return CAUSES[self.causes[0]].remedy


def answer_probes() -> list[AnswerProbe]:
    return [probe for probe in all_probes() if isinstance(probe, AnswerProbe)]


def _of_silence(found: Explanation) -> str:
    """What blank answers leave open, in words."""
    others = f": {', '.join(found.rivals)} would" if found.rivals else " may"
    return (
        f"the stored answers are blank, which says little: other faults{others} silence the model as well; "
        "this one is the first to try"
    )
