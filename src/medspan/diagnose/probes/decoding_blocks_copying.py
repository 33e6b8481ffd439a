"""Penalties on repetition, which count the prompt too, and so forbid copying from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Cleared, Need, Said, Suspicion, register
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.explanation import AnswerProbe, Variant
from medspan.diagnose.lab import Lab
from medspan.diagnose.without_model import NAMED, NOTED, scores_well, stated_options, unmeasured

PENALTIES = (1.02, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.8, 2.0)
NGRAMS = (2, 3, 4, 5, 6, 8)
HARMLESS = 1.05
"""A penalty up to which nothing is said of one that files state and nobody measured."""


@register
class DecodingBlocksCopying(AnswerProbe):
    """Reads the stored answers under every usual penalty: one pass for all of them.

    Without a model, what files state of the stored answers is named, unconfirmed: 0.6 where they state a
    penalty above `HARMLESS` or a blocked n-gram of a size in `NGRAMS`, 0.4 where these answers score well
    all the same or the n-gram is longer.
    """

    name: ClassVar[str] = "decoding-blocks-copying"
    hypothesis: ClassVar[str] = (
        "repetition_penalty or no_repeat_ngram_size kept the model from writing what stands in the prompt"
    )
    causes: ClassVar[tuple[str, ...]] = ("decoding-blocks-copying",)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 12.0
    reads = False

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        stated = "" if case.tags or lab.problem is None else _stated(case)
        (cause,) = self.causes
        if not stated:
            for said in super().examine(case, lab):
                if isinstance(said, Cleared) and not case.tags and not lab.worsened and _stated(case):
                    yield _without_harm(said, _stated(case))
                else:
                    yield said
            return
        confidence = NOTED if scores_well(case) or not _short(case) else NAMED
        yield Suspicion(cause, confidence, unmeasured(case, stated, lab.problem or ""))

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        found = []
        stated = lab.asking.stated
        if stated is not None:
            options = stated.options
            changes: dict[str, float] = {}
            if options.repetition_penalty != current.options.repetition_penalty:
                changes["repetition_penalty"] = options.repetition_penalty
            if options.no_repeat_ngram_size != current.options.no_repeat_ngram_size:
                changes["no_repeat_ngram_size"] = options.no_repeat_ngram_size
            if changes:
                found.append(_variant(changes, stated=True))
        if case.lacks(("texts",)):
            return found
        if current.options.repetition_penalty == 1.0:
            found += [_variant({"repetition_penalty": penalty}) for penalty in PENALTIES]
        if not current.options.no_repeat_ngram_size:
            found += [_variant({"no_repeat_ngram_size": size}) for size in NGRAMS]
            if current.options.repetition_penalty == 1.0:
                found += [
                    _variant({"repetition_penalty": penalty, "no_repeat_ngram_size": size})
                    for penalty in PENALTIES[2:]
                    for size in NGRAMS[1:3]
                ]
        return found


def _without_harm(said: Cleared, stated: str) -> Suspicion:
    told = f"files state {stated}, which explains no more of them: little or no harm here, maybe elsewhere"
    return Suspicion(said.cause, 0.3, (*said.evidence, told))


def _stated(case: Case) -> str:
    """The options that forbid copying, as files state them for the stored answers; empty without any."""
    options = stated_options(case)
    found = []
    if options is not None and options.repetition_penalty > HARMLESS:
        found.append(f"repetition_penalty={options.repetition_penalty:g}")
    if options is not None and options.no_repeat_ngram_size:
        found.append(f"no_repeat_ngram_size={options.no_repeat_ngram_size}")
    return ", ".join(found)


def _short(case: Case) -> bool:
    """Whether what is forbidden comes as often as the strings of an answer do."""
    options = stated_options(case)
    assert options is not None
    return options.repetition_penalty > HARMLESS or options.no_repeat_ngram_size <= max(NGRAMS)


def _variant(changes: dict[str, float], *, stated: bool = False) -> Variant:
    label = ", ".join(f"{name}={value}" for name, value in changes.items())
    return Variant("decoding-blocks-copying", label, partial(_changed, changes), stated)


def _changed(changes: dict[str, float], conditions: Conditions) -> Conditions:
    return conditions.decoding(**changes)
