"""The search for what explains stored answers: which faults make the model say them, token by token.

Answers that were decoded greedily are, token by token, what the model finds most probable under the
conditions of their making. So a fault of decoding, template, adapter and so on is found by reading the
stored answers under it: no record is needed, and no answer has to be decoded.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from medspan.diagnose.conditions import Conditions
from medspan.diagnose.drawing import likeliest_temperature, most_recurring
from medspan.diagnose.explanation import (
    EXPLAINED,
    UNEXPLAINED,
    Explanation,
    Step,
    Variant,
    answer_probes,
)
from medspan.diagnose.reading import WHOLE, Reading

if TYPE_CHECKING:
    from medspan.diagnose.lab import Lab

FITS = 0.995
"""Share of the tokens that the conditions of their making explain in most runs (135M: 99.4 to 100%)."""
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
AGAIN, DECODED = Reading(240, 16), 3
"""Stored answers that are decoded again where reading does not tell; with how many options of decoding."""
EVERY = Reading(10_000, 48)
"""Stored answers on which a small gain is judged."""
CHANCE, STATED_CHANCE = 1e-4, 0.01
"""Probability by chance from which on it is none: some forty forms of faults are tried, one or two stated."""
OTHERS = 20_000
"""Among how many tokens one that greedy decoding does not choose is thought to be drawn, at most: under the
grammar it is among the legal ones."""
STRAYING, STATED_STRAYING = 0.08, 0.25
"""How far the share of most probable tokens may lie from what drawing at the likeliest temperature gives;
and where files state that answers are drawn: hot ones are words that are cut otherwise when they are read."""
NEARLY_ALL = 0.975
"""Share of most probable tokens from which on answers are not thought to be drawn where no file states it."""
MISFIT, STATED_MISFIT = 13.3, 60.0
"""Chi square up to which surer tokens are missed as rarely as drawing misses them: 99% of four degrees of
freedom. Measured (135M, 48 answers): 9 and 1 where they were drawn, 17 with a tokenizer of fewer merges, at
least 100 with other weights or half an adapter."""
RECURS = 1e-9
"""Probability up to which an unlikely token stands in answers as often as it does by lot. Measured (135M): at
least 1e-6 where they were drawn, 1e-119 after prompts with an example that is named in most answers."""
SILENT = 0.1
"""Share of answers that say something up to which stored answers count as blank."""
COLDEST = 0.6
"""The lowest temperature that is thought of where no file states one: below, greedy answers look alike."""
STEP_COST = 0.1
"""Nats a token by which a more complicated explanation must be better."""


def explain(lab: Lab) -> Explanation:
    """Add faults to the mended conditions, the one that explains most first, as long as one does."""
    case, current = lab.case, lab.mended
    if case.lacks(("texts",)):
        return _stated_only(lab)
    plain = share = lab.fits([current])[0]
    if lab.worsened:
        # Whatever such a model is asked, rubbish follows: what would explain that explains nothing.
        return Explanation(plain, plain, (), current)
    if lab.edges.end_early and not _told_by_options(lab, current, share):
        lab.without_ends = True
        plain = share = lab.fits([current])[0]
    steps: list[Step] = []
    # Long answers hide in a share what moves few of their tokens, the names that a score counts among them.
    small = _small_stated(lab, current, _stated_best(lab, current), share) if share >= EXPLAINED else None
    if small is not None:
        steps, current = [small], small.variant.change(current)
        share = max(share, small.after or 0.0)
    stated = lab.asking.stated
    says = stated is not None and stated.options.do_sample
    if share < EXPLAINED and says and not _told_by_options(lab, current, share):
        # What files state is tried before all that costs a pass for each form of a fault.
        drawn = drawn_by_lot(lab, Explanation(plain, plain, (), current))
        if drawn.temperature is not None:
            return drawn
    while share < _enough(plain, MOST if _unusual(current) else MOST_OF_REST) and len(steps) < MOST_FAULTS:
        step = _next(lab, current, share, further=bool(steps))
        if step is None:
            break
        current = step.variant.change(current)
        # Not what the step says, which may be of all stored answers.
        share = _fit(lab, current)
        steps.append(replace(step, after=max(share, step.after or 0.0)) if _unusual(current) else step)
    found = _believed(lab, Explanation(plain, share, tuple(steps), current))
    spoken = sum(bool((one.raw or "").strip()) for one in case.sample)
    if spoken <= SILENT * len(case.sample):
        return _silenced(lab, found)
    found = found if share >= EXPLAINED else drawn_by_lot(lab, found)
    # Where more is unexplained, each form of a fault was tried already.
    known = found.causes or lab.without_ends or FITS - share >= GAIN
    return found if known else _looked_closer(lab, found)


def _looked_closer(lab: Lab, found: Explanation) -> Explanation:
    """What explains those answers alone that are not the model's, where it surely answers better again.

    Where it chooses nearly all tokens, the others are too few for each form of a fault to be read; but they
    may be the names that a score counts.
    """
    again = lab.asked_again
    if again is None or not again.sure or (again.difference or 0.0) <= 0:
        return found
    missed = lab.of_missed()
    best = _best(missed, found.conditions, missed.fits([found.conditions])[0])
    step = None if best is None else _of_every(lab, found.conditions, best[0])
    if step is None:
        return found
    return replace(found, final=step.after, steps=(step,), conditions=step.variant.change(found.conditions))


def _told_by_options(lab: Lab, current: Conditions, share: float) -> bool:
    """Whether something that files state, or an option of decoding, explains more of the answers."""
    stated = _stated_best(lab, current)
    told = stated is not None and stated[1] - share >= STATED_GAIN
    return told or _gains(_cheapest(lab, current, share), share)


def _next(lab: Lab, current: Conditions, share: float, *, further: bool) -> Step | None:
    """The fault that explains most beyond `share`, where it explains enough; `further`: one is known already.

    A second fault that costs little is not worth a pass for each of its forms.
    """
    stated = _stated_best(lab, current)
    if stated is not None and stated[1] - share >= STATED_GAIN:
        return Step(stated[0], share, stated[1])
    if FITS - share < GAIN:
        return None
    known = _small_stated(lab, current, stated, share) or _decoded_again(lab, current, share)
    if known is None and share >= UNEXPLAINED:
        known = _small_option(lab, current)
    if known is not None:
        return known
    search = _cheapest if further and FITS - share < DEAR_GAIN else _best
    best = search(lab, current, share)
    if best is None:
        return None
    return Step(best[0], share, best[1]) if _gains(best, share) else small_gain(lab, current, best, share)


def _fit(lab: Lab, conditions: Conditions) -> float:
    """The share that conditions explain: decoded again where reading falls short of what it cannot tell."""
    share = lab.fits([conditions])[0]
    again = share < EXPLAINED and _unusual(conditions)
    return max(share, lab.fit_again(conditions, AGAIN)) if again else share


def _unusual(conditions: Conditions) -> bool:
    """Whether answers may be written in tokens that their text does not show, as penalties make the model."""
    options = conditions.options
    return conditions.writes_cut or options.repetition_penalty != 1.0 or options.no_repeat_ngram_size > 0


def _decoded_again(lab: Lab, current: Conditions, share: float) -> Step | None:
    """The likeliest of the options that make answers unusual, where a few come out again under them."""
    if not current.options.grammar or _unusual(current):
        return None
    changed = [(one, one.change(current)) for one in _variants(lab, current, False)]
    changed = [pair for pair in changed if _unusual(pair[1])]
    fits = lab.fits([conditions for _, conditions in changed])
    order = sorted(range(len(changed)), key=lambda at: (not changed[at][0].stated, -fits[at], at))
    for at in [at for at in order if fits[at] - share >= GAIN][:DECODED]:
        variant, conditions = changed[at]
        # Near ties, of which a penalty makes many, come out otherwise at times.
        if lab.fit_again(conditions, SCREENED) >= _enough(share, MOST):
            return Step(variant, share, lab.fit_again(conditions, AGAIN))
    return None


def small_gain(lab: Lab, current: Conditions, best: tuple[Variant, float], share: float) -> Step | None:
    """A step that gains few tokens, where that is no chance: judged on all stored answers, token by token.

    Of the tokens on which the two differ, so many go to the better one by chance with less than `CHANCE`.
    """
    return None if best[1] - share < OF_REST * (1 - share) else _of_every(lab, current, best[0])


def _small_stated(
    lab: Lab, current: Conditions, stated: tuple[Variant, float] | None, share: float
) -> Step | None:
    """The same of a fault that files state, as long as it does not explain surely less."""
    return None if stated is None or stated[1] < share - GAIN else _of_every(lab, current, stated[0])


def _small_option(lab: Lab, current: Conditions) -> Step | None:
    """The same of options of decoding, which one pass reads: a few answers may not show a small penalty."""
    options = _variants(lab, current, False)
    best = _better(None, options, lab.fits([one.change(current) for one in options], EVERY))
    return None if best is None else _of_every(lab, current, best[0])


def _of_every(lab: Lab, current: Conditions, variant: Variant) -> Step | None:
    changed = variant.change(current)
    shares = lab.fits([current, changed], EVERY)
    sides = [[hit for row in lab.hits(one, EVERY) for hit in row] for one in (current, changed)]
    if len(sides[0]) != len(sides[1]):
        # Other tokens, which are not to be compared one by one.
        return None
    gained = sum(after and not before for before, after in zip(*sides, strict=True))
    lost = sum(before and not after for before, after in zip(*sides, strict=True))
    enough = gained - lost >= NEARLY * (len(sides[0]) - sum(sides[0]))
    chance = STATED_CHANCE if variant.stated else CHANCE
    return Step(variant, *shares) if enough and _by_chance(gained, lost) < chance else None


def _by_chance(gained: int, lost: int) -> float:
    """Probability that of `gained + lost` fair coins at least `gained` show heads (sign test)."""
    count = gained + lost
    return float(sum(math.comb(count, heads) for heads in range(gained, count + 1)) / 2**count)


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


def _enough(plain: float, of_rest: float = MOST_OF_REST) -> float:
    """The share from which on nothing further is looked for: what is left may be rounding.

    Answers that were made far from training are full of near ties, which rounding decides, and of words that
    are cut into other tokens when they are read than when they were written.
    """
    return min(EXPLAINED, plain + of_rest * (1 - plain))


def _stated_best(lab: Lab, current: Conditions) -> tuple[Variant, float] | None:
    """What files state and explains most: it is taken before anything that merely fits."""
    told = [one for reads in (False, True) for one in _variants(lab, current, reads) if one.stated]
    return _better(None, told, lab.fits([one.change(current) for one in told]))


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
    own = lab.fits([current], SCREENED)[0]
    screened: list[tuple[Variant, Conditions]] = []
    fits: list[float] = []
    for variant in _variants(lab, current, True):
        screened.append((variant, variant.change(current)))
        fits += lab.fits([screened[-1][1]], SCREENED)
        if fits[-1] >= _enough(share) and fits[-1] - own >= GAIN:
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
    the surest ones too: the answers of other weights stray where these are sure. And what is drawn is not the
    same unlikely token time and again.
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
    model, rows = lab.model(found.conditions), lab.stored_rows(found.conditions)
    drawn = likeliest_temperature(model, rows)
    strays = abs(drawn.expected - drawn.observed) > (STATED_STRAYING if says else STRAYING)
    odd = drawn.misfit > (STATED_MISFIT if says else MISFIT)
    others = min(OTHERS, drawn.others)
    likelier = drawn.likelihood > _greedy_likelihood(found.final, others) + STEP_COST
    if strays or odd or not likelier or (drawn.temperature < COLDEST and not says):
        return found
    recurring = None if says else most_recurring(model, rows, drawn.temperature)
    if recurring is not None and recurring.chance < RECURS:
        return found
    return replace(found, temperature=drawn.temperature)


def _greedy_likelihood(share: float, others: float) -> float:
    """Mean log likelihood of a token where `share` of them is what greedy decoding chooses."""
    missed = min(max(1 - share, 1e-3), 1 - 1e-3)
    return (1 - missed) * math.log(1 - missed) + missed * math.log(missed / others)


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
