"""The adapter was put on other weights than those that it was trained on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import ClassVar

from medspan.diagnose.base import Need, Said, Suspicion, Untold, register, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.explanation import NEARLY_THIS, AnswerProbe, Variant
from medspan.diagnose.lab import Lab

CAUSE = "wrong-base-model"


@register
class WrongBaseModel(AnswerProbe):
    """Compares hashes of weights, and reads the stored answers with every base model that files name.

    0.95 where the base model that is named has another hash than that of training, and where the right one
    is at hand and does surely better, 0.97. Where all hashes agree and the stored answers are still not
    what the model says in any way that is known here, while answers made anew are surely better: other
    weights answered than these, 0.6; 0.4 where medspan states that it made them, which refuses other weights,
    and where most tokens are still this model's (`NEARLY_THIS`), which is likelier of rounded weights.
    """

    name: ClassVar[str] = "wrong-base-model"
    hypothesis: ClassVar[str] = "the adapter sat on another base model than in training"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data", "model")
    cost: ClassVar[float] = 27.0
    of_generation = False

    def variants(self, case: Case, lab: Lab, current: Conditions) -> Sequence[Variant]:
        known = [name for name in lab.base.found if name != current.base]
        return [Variant(CAUSE, f"the base model {name}", partial(_on, name), False) for name in known]

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if lab.problem is not None:
            yield Untold(CAUSE, lab.problem)
            return
        base = lab.base
        if base.right is False or (base.right and base.name != case.base_model):
            yield self._other_hash(case, lab)
            return
        said = list(super().examine(case, lab))
        found = lab.explanation
        if found.unknown and not lab.edges.begin_otherwise:
            assert found.final is not None
            effect = lab.effect(lab.stored, lab.answers(lab.mended))
            if effect.difference is not None and effect.difference > 0 and effect.sure:
                told = (
                    f"the stored answers are not this model's: {found.final:.1%} of their tokens are "
                    "explained by a template, wording, decoding or precision that was tried",
                    "by elimination: other weights than these answered, or this model through another "
                    "tokenizer; no file tells which",
                    said_of(effect),
                )
                # medspan refuses to extract on another base, and then writes how the answers were made.
                other = not case.made and found.final < NEARLY_THIS
                yield Suspicion(CAUSE, 0.6 if other else 0.4, told, CAUSES[CAUSE].remedy, effect)
                return
        yield from said

    @staticmethod
    def _other_hash(case: Case, lab: Lab) -> Said:
        base = lab.base
        wanted = (base.wanted or "")[:12]
        here = base.found.get(str(case.base_model))
        told = [
            f"training noted a base model of hash {wanted}; {case.base_model} has "
            f"{here[:12] if here else 'no readable weights'}"
        ]
        if base.right and here:
            assert case.base_model is not None
            wrong = lab.mended.but(base=case.base_model)
            before = lab.stored if case.predictions else lab.answers(wrong)
            effect = lab.effect(before, lab.answers(lab.mended))
            harm = effect.difference is not None and effect.difference > 0 and effect.sure
            told += [f"the right one is at hand: {base.name}", said_of(effect)]
            return Suspicion(CAUSE, 0.97 if harm else 0.6, tuple(told), "", effect, harm)
        told.append("the right one is not at hand, so what it would answer is not known")
        return Suspicion(CAUSE, 0.95, tuple(told), CAUSES[CAUSE].remedy)


def _on(name: str, conditions: Conditions) -> Conditions:
    return conditions.but(base=name)
