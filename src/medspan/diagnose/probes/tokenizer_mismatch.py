"""Text is cut into other tokens than in training."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

from medspan.diagnose.base import Need, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.cuts import CUTS
from medspan.diagnose.explanation import AnswerProbe, Variant
from medspan.diagnose.lab import Lab

CAUSE = "tokenizer-mismatch"


@register
class TokenizerMismatch(AnswerProbe):
    """Compares the tokenizers of the base model, of the adapter's folder and of format.json.

    Where stored answers are better explained by another tokenizer than that of training, one that a file
    names or one that went wrong in a usual way (`cuts.CUTS`): as all faults of answers. Where the base
    model's tokenizer is not that of training, so that nothing can be extracted: 0.9.
    """

    name: ClassVar[str] = "tokenizer-mismatch"
    hypothesis: ClassVar[str] = "the tokenizer was another one than in training"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("adapter",)
    cost: ClassVar[float] = 16.0
    of_generation = False

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        hashes = lab.tokenizers
        own = hashes.get(current.tokenizer or current.base)
        found = []
        for name, one in hashes.items():
            if one != own:
                label = f"the tokenizer of {name}, which is not that of training"
                found.append(Variant(CAUSE, label, partial(_with, name, current.base)))
        if not case.lacks(("texts",)) and current.cut is None:
            for name in CUTS:
                changed = partial(_cut, name)
                if lab.tokenizer(changed(current)) is not None:
                    found.append(Variant(CAUSE, f"another tokenizer ({name})", changed, near=True))
        return found

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if lab.problem is not None:
            yield Untold(CAUSE, lab.problem)
            return
        wanted = getattr(case.card, "tokenizer_hash", None)
        hashes = lab.tokenizers
        of_base = hashes.get(lab.base.name)
        beside = hashes.get(str(case.adapter))
        if wanted and of_base and of_base != wanted and not lab.explanation.of(CAUSE):
            told = [f"training noted a tokenizer {wanted[:12]}, and {lab.base.name} has {of_base[:12]}"]
            if beside == wanted:
                told.append(f"the one beside the adapter ({case.adapter}) is that of training")
            yield Suspicion(CAUSE, 0.9, tuple(told), CAUSES[CAUSE].remedy)
            return
        if wanted and beside and beside != wanted and not lab.explanation.of(CAUSE):
            told = [f"the tokenizer files in {case.adapter} were changed after the training"]
            yield Suspicion(CAUSE, 0.6, tuple(told), CAUSES[CAUSE].remedy)
            return
        yield from super().examine(case, lab)


def _cut(name: str, conditions: Conditions) -> Conditions:
    return conditions.but(cut=name)


def _with(name: str, base: str, conditions: Conditions) -> Conditions:
    return conditions.but(tokenizer=None if name == base else str(Path(name)))
