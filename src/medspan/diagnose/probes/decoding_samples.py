"""Answers drawn by lot: likelier under a temperature than under greedy decoding."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Lab
from medspan.diagnose.without_model import NOTED, scores_well, stated_options, unmeasured

CAUSE = "decoding-samples"
HOT, LIKELY = 1.0, 0.5
"""Temperature from which on drawing by lot is named where files alone state it, and how surely."""


@register
class DecodingSamples(Probe):
    """Compares how likely the stored answers are if drawn by lot, and if chosen greedily.

    Without a model, do_sample=true that files state of the stored answers is told, unconfirmed: 0.5 at a
    temperature of `HOT` or more, 0.4 below, and where these answers score well all the same.
    """

    name: ClassVar[str] = "decoding-samples"
    hypothesis: ClassVar[str] = "answers were drawn by lot (do_sample=true), so that every run gives others"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 13.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if case.tags:
            yield Cleared(CAUSE, ("the model tags: it is asked nothing, and generates nothing",))
            return
        if lab.problem is not None:
            yield _without_model(case, lab.problem)
            return
        stated = lab.asking.stated
        says = stated is not None and stated.options.do_sample
        found = lab.explanation
        if found.temperature is None and not (says and found.plain is None):
            stating = "no file states do_sample" if not says else "files state do_sample=true"
            fit = "" if found.final is None else f", and {found.final:.1%} of the tokens are chosen greedily"
            yield Cleared(CAUSE, (stating + fit,))
            return
        temperature = found.temperature
        if temperature is None:
            assert stated is not None
            drawn = lab.mended.decoding(
                do_sample=True, temperature=stated.options.temperature, top_p=stated.options.top_p
            )
            effect = lab.effect(lab.answers(drawn), lab.answers(lab.mended))
            told = [f"files state do_sample=true, temperature={stated.options.temperature}"]
        else:
            effect = lab.mending(CAUSE)
            told = [
                f"the stored answers are likeliest as drawn by lot at a temperature near {temperature:g}; "
                f"greedy decoding chooses {found.final or 0:.1%} of their tokens"
            ]
            if says:
                told.append("files state do_sample=true")
        told.append(said_of(effect))
        harm = effect.difference is not None and effect.difference > 0 and effect.sure
        yield Suspicion(CAUSE, 0.95 if harm else 0.4, tuple(told), CAUSES[CAUSE].remedy, effect, harm)


def _without_model(case: Case, problem: str) -> Said:
    options = stated_options(case)
    if options is None or not options.do_sample:
        return Untold(CAUSE, problem)
    told = unmeasured(case, f"do_sample=true, temperature={options.temperature:g}", problem)
    hot = options.temperature >= HOT and not scores_well(case)
    return Suspicion(CAUSE, LIKELY if hot else NOTED, told)
