"""What explains stored answers: which faults, put on the right way of asking, make the model say them.

Answers that were decoded greedily are, token by token, what the model finds most probable under the
conditions of their making. So a fault of decoding, template, adapter and so on is found by reading the
stored answers under it: no record is needed, and no answer has to be decoded.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from medspan.diagnose.base import Cleared, Probe, Said, Suspicion, Untold, all_probes, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.reading import WHOLE, Reading
from medspan.diagnose.teacher import likeliest_temperature

if TYPE_CHECKING:
    from medspan.diagnose.lab import Lab

FITS = 0.995
"""Share of the tokens that the conditions of their making explain in most runs (135M: 99.4 to 100%)."""
EXPLAINED = 0.985
"""Share of the tokens from which on stored answers count as explained. The rest is rounding: other batches,
other order of sums, tokens that the grammar chose."""
GAIN = 0.015
"""Least gain of a further fault, in share of all tokens."""
DEAR_GAIN = 0.03
"""What must be left to explain, once a fault is found, for a pass for each form of a further one."""
OF_REST = 0.2
"""Least gain of a further fault, in share of what is unexplained."""
STATED_GAIN = 0.005
"""Least gain of a fault that files state, in share of all tokens."""
MOST, NEARLY = 0.7, 0.35
"""Share of what is unexplained, but for rounding, that an explanation must explain to be believed; where it
is merely near."""
MOST_OF_REST = 0.8
"""Share of what is unexplained that a fault which explains it all must explain."""
MOST_FAULTS = 4
SCREENED = Reading(120, 6)
"""Stored answers on which every variant is tried."""
FINALS = ((Reading(240, 16), 10), (WHOLE, 4))
"""Then, on how many stored answers how many of the variants are tried that did best on fewer."""
OTHERS = 20_000
"""Among how many tokens one that greedy decoding does not choose is thought to be drawn."""
STRAYING, STATED_STRAYING = 0.08, 0.25
"""How far the share of most probable tokens may lie from what drawing at the likeliest temperature gives;
and where files state that answers are drawn: hot ones are words that are cut otherwise when they are read."""
NEARLY_ALL = 0.975
"""Share of most probable tokens from which on answers are not thought to be drawn where no file states it."""
MISFIT, STATED_MISFIT = 13.3, 60.0
"""Chi square up to which surer tokens are missed as rarely as drawing misses them: 99% of four degrees of
freedom. Measured (135M, 48 answers): 9 and 1 where they were drawn, 17 with a tokenizer of fewer merges, at
least 100 with other weights or half an adapter."""
SILENT = 0.1
"""Share of answers that say something up to which stored answers count as blank."""
FIRST_TO_TRY = 0.6
"""Confidence in what explains blank answers: others may as well, and this is the cheapest one to try."""
COLDEST = 0.6
"""The lowest temperature that is thought of where no file states one: below, greedy answers look alike."""
STEP_COST = 0.1
"""Nats a token by which a more complicated explanation must be better."""


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


def explain(lab: Lab) -> Explanation:
    """Add faults to the mended conditions, the one that explains most first, as long as one does."""
    case, current = lab.case, lab.mended
    if case.lacks(("texts",)):
        return _stated_only(lab)
    plain = share = lab.fits([current])[0]
    if lab.worsened:
        # Whatever such a model is asked, rubbish follows: what would explain that explains nothing.
        return Explanation(plain, plain, (), current)
    steps: list[Step] = []
    stated = lab.asking.stated
    says = stated is not None and stated.options.do_sample
    if share < EXPLAINED and says and not _gains(_cheapest(lab, current, share), share):
        # What files state is tried before all that costs a pass for each form of a fault.
        drawn = drawn_by_lot(lab, Explanation(plain, plain, (), current))
        if drawn.temperature is not None:
            return drawn
    while share < _enough(plain) and len(steps) < MOST_FAULTS:
        best = _stated_best(lab, current, share)
        if best is None and FITS - share >= GAIN:
            # A second fault that costs little is not worth a pass for each of its forms.
            search = _best if not steps or FITS - share >= DEAR_GAIN else _cheapest
            best = search(lab, current, share)
            best = best if _gains(best, share) else None
        if best is None:
            break
        steps.append(Step(best[0], share, best[1]))
        current, share = best[0].change(current), best[1]
    found = _believed(lab, Explanation(plain, share, tuple(steps), current))
    spoken = sum(bool((one.raw or "").strip()) for one in case.sample)
    if spoken <= SILENT * len(case.sample):
        return _silenced(lab, found)
    return found if share >= EXPLAINED else drawn_by_lot(lab, found)


def _silenced(lab: Lab, found: Explanation) -> Explanation:
    """The explanation of answers that are blank: of the faults that silence the model, the first to be tried.

    Those of a family, such as rounding to few bits, are tried only where no other one does.
    """
    assert found.plain is not None
    if found.plain >= EXPLAINED or any(step.variant.stated for step in found.steps):
        return replace(found, blank=True)
    variants = [one for reads in (False, True) for one in _variants(lab, lab.mended, reads)]
    silencing: list[tuple[Variant, float]] = []
    for near in (False, True):
        # All at once: those that differ in decoding options alone are read in one pass.
        tried = [one for one in variants if one.near is near]
        fits = lab.fits([one.change(lab.mended) for one in tried], SCREENED)
        silencing = [pair for pair in zip(tried, fits, strict=True) if pair[1] >= EXPLAINED]
        if silencing:
            break
    if not silencing:
        return replace(found, blank=True)
    first, fit = silencing[0]
    rivals = dict.fromkeys(one.cause for one, _ in silencing if one.cause != first.cause)
    steps = (Step(first, found.plain, fit),)
    return Explanation(found.plain, fit, steps, first.change(lab.mended), blank=True, rivals=tuple(rivals))


def _of_silence(found: Explanation) -> str:
    """What blank answers leave open, in words."""
    others = f": {', '.join(found.rivals)} would" if found.rivals else " may"
    return (
        f"the stored answers are blank, which says little: other faults{others} silence the model as well; "
        "this one is the first to try"
    )


def _believed(lab: Lab, found: Explanation) -> Explanation:
    """The explanation if it explains most of what there was to explain; else only what files state of it.

    Under wrong conditions any other one may fit a little better by chance.
    """
    assert found.plain is not None
    assert found.final is not None
    near = any(step.variant.near for step in found.steps)
    if found.final - found.plain >= (NEARLY if near else MOST) * (EXPLAINED - found.plain):
        return found
    kept = tuple(step for step in found.steps if step.variant.stated)
    conditions = lab.mended
    for step in kept:
        conditions = step.variant.change(conditions)
    return Explanation(found.plain, kept[-1].after if kept else found.plain, kept, conditions)


def _enough(plain: float) -> float:
    """The share from which on nothing further is looked for: what is left may be rounding.

    Answers that were made far from training are full of near ties, which rounding decides, and of words that
    are cut into other tokens when they are read than when they were written.
    """
    return min(EXPLAINED, plain + MOST_OF_REST * (1 - plain))


def _stated_best(lab: Lab, current: Conditions, share: float) -> tuple[Variant, float] | None:
    """What files state and does explain more: it is taken before anything that merely fits."""
    told = [one for reads in (False, True) for one in _variants(lab, current, reads) if one.stated]
    best = _better(None, told, lab.fits([one.change(current) for one in told]))
    return best if best is not None and best[1] - share >= STATED_GAIN else None


def _gains(found: tuple[Variant, float] | None, share: float) -> bool:
    """Whether a variant explains enough more to be taken."""
    return found is not None and found[1] - share >= max(GAIN, OF_REST * (1 - share))


def _cheapest(lab: Lab, current: Conditions, share: float) -> tuple[Variant, float] | None:
    """The best of the variants that are read in one pass, whatever is explained already."""
    cheap = _variants(lab, current, False)
    return _better(None, cheap, lab.fits([one.change(current) for one in cheap]))


def _best(lab: Lab, current: Conditions, share: float) -> tuple[Variant, float] | None:
    """The variant that explains most, and how much; those that cost a pass each only where need be.

    The dear ones are read on a few answers, the cheapest first; on more only those that do best there.
    """
    best = _cheapest(lab, current, share)
    if best is not None and best[1] >= _enough(share):
        return best
    screened: list[tuple[Variant, Conditions]] = []
    fits: list[float] = []
    for variant in _variants(lab, current, True):
        screened.append((variant, variant.change(current)))
        fits += lab.fits([screened[-1][1]], SCREENED)
        if fits[-1] >= _enough(share):
            break
    for reading, kept in FINALS:
        order = sorted(range(len(fits)), key=lambda at: (-fits[at], not screened[at][0].stated, at))
        screened = [screened[at] for at in order[:kept]]
        fits = lab.fits([conditions for _, conditions in screened], reading)
    return _better(best, [variant for variant, _ in screened], fits)


def _variants(lab: Lab, current: Conditions, reads: bool) -> list[Variant]:
    return [
        variant
        for probe in answer_probes()
        if probe.reads is reads
        for variant in probe.variants(lab.case, lab, current)
    ]


def _better(
    best: tuple[Variant, float] | None, variants: Sequence[Variant], fits: Sequence[float]
) -> tuple[Variant, float] | None:
    for variant, fit in zip(variants, fits, strict=True):
        # What files state goes before what merely fits as well.
        if best is None or (fit, variant.stated) > (best[1], best[0].stated):
            best = variant, fit
    return best


def drawn_by_lot(lab: Lab, found: Explanation) -> Explanation:
    """The explanation with answers drawn by lot, where that is what they look like.

    They must be likelier so than with a greedy choice, which gives what it does not choose a share of the
    misfit, spread over `OTHERS` tokens; as many of them must be the most probable ones as drawing gives, of
    the surest ones too: the answers of other weights stray where these are sure.
    """
    assert found.final is not None
    made = (lab.case.made or {}).get("decoding") or {}
    if made.get("do_sample") is False:
        return found
    stated = lab.asking.stated
    says = stated is not None and stated.options.do_sample
    if found.final >= NEARLY_ALL and not says:
        return found
    # What is drawn by lot, no other fault explains: one that explains most is believed before.
    drawn = likeliest_temperature(lab.model(found.conditions), lab.stored_rows(found.conditions))
    strays = abs(drawn.expected - drawn.observed) > (STATED_STRAYING if says else STRAYING)
    odd = drawn.misfit > (STATED_MISFIT if says else MISFIT)
    likelier = drawn.likelihood > _greedy_likelihood(found.final) + STEP_COST
    if strays or odd or not likelier or (drawn.temperature < COLDEST and not says):
        return found
    return replace(found, temperature=drawn.temperature)


def _greedy_likelihood(share: float) -> float:
    """Mean log likelihood of a token where `share` of them is what greedy decoding chooses."""
    missed = min(max(1 - share, 1e-3), 1 - 1e-3)
    return (1 - missed) * math.log(1 - missed) + missed * math.log(missed / OTHERS)


def _stated_only(lab: Lab) -> Explanation:
    """Without texts: the faults that files state."""
    steps: list[Step] = []
    current = lab.mended
    for probe in answer_probes():
        for variant in probe.variants(lab.case, lab, current):
            if variant.stated:
                steps.append(Step(variant, None, None))
                current = variant.change(current)
                break
    return Explanation(None, None, tuple(steps), current)
