"""The answer has the right form, and does not depend on the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar

from medspan.core import Example
from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.lab import Lab
from medspan.diagnose.teacher import Forced, mean_loss

CAUSE = "input-ignored"
ROWS = 12
DEPENDS = 0.6
"""Nats by which a token of an answer must cost more after another text. Measured (135M): 1.6 and 2.2 in two
healthy runs, 1.1 to 1.9 with five steps, masked targets, no stop token or confused types; 0.28 where answers
were those to other prompts."""
SELDOM = 0.1
"""Share of the training rows below which a task is hardly trained."""
LOOSE = 0.2
"""Share of the training references' mentions that are not in their text, from which on targets and texts do
not belong together."""


@register
class InputIgnored(Probe):
    """Reads each reference answer after its own text and after another document's.

    Copying makes the first far cheaper (more than a nat a token). 0.95 where the difference
    is below `DEPENDS` although the format is learnt (an answer costs clearly less than without the adapter);
    0.6 more where many training targets are not in their texts and the difference is merely small.
    """

    name: ClassVar[str] = "input-ignored"
    hypothesis: ClassVar[str] = "the model learnt the form of answers and not to take them from the text"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data", "adapter")
    cost: ClassVar[float] = 26.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        loose, of = _not_in_text(case.train)
        data = (
            (f"{loose} of {of} mentions of the training references are not in their text",)
            if of and loose >= LOOSE * of
            else ()
        )
        if lab.problem is not None or case.tags:
            if data:
                yield Suspicion(CAUSE, 0.6, data, CAUSES[CAUSE].remedy)
            else:
                yield Untold(CAUSE, lab.problem or "the model tags: it cannot name what is not in the text")
            return
        rows, whose = _rows(case)
        if len(rows) < 2:
            yield Untold(CAUSE, "fewer than two documents with annotations")
            return
        own = mean_loss(lab.targets(lab.mended, rows))
        other = mean_loss(lab.forced(lab.mended, _exchanged(lab, lab.mended, rows)))
        without = mean_loss(lab.targets(lab.mended.but(adapter=None), rows))
        told = (
            f"a token of a reference answer{whose} costs {own:.2f} nats after its own text, {other:.2f} "
            f"after another document's, {without:.2f} without the adapter"
        )
        if other - own < DEPENDS and own < without:
            yield Suspicion(
                CAUSE,
                0.95,
                (told, *data),
                CAUSES[CAUSE].remedy,
                explains=("undertrained", "type-confusion", "boundary-errors", "memorised"),
            )
        elif data:
            yield Suspicion(CAUSE, 0.7, (*data, told), CAUSES[CAUSE].remedy, explains=("undertrained",))
        else:
            yield Cleared(CAUSE, (told,))


def _rows(case: Case) -> tuple[list[Example], str]:
    """Annotated documents of the sample, of tasks that were trained; and whose they are where not those.

    What the model was hardly ever asked in training, it answers alike after any text.
    """
    often = Counter(one.task for one in case.train)
    found = [
        one
        for one in case.sample
        if _says(one) and (not often or often[one.task] >= SELDOM * len(case.train))
    ]
    if len(found) < 2 and case.train_sample:
        return [one for one in case.train_sample if _says(one)][:ROWS], " of the training part"
    return found[:ROWS], ""


def _exchanged(lab: Lab, conditions: Conditions, rows: Sequence[Example]) -> list[Forced]:
    """Each answer after the prompt of the next document of the same task."""
    renderer = lab.renderer(conditions)
    found = []
    for place, one in enumerate(rows):
        others = [*rows[place + 1 :], *rows[:place]]
        # The same task, so that the question is the same and only the text another.
        other = next((row for row in others if row.task == one.task), others[0])
        assert one.reference is not None
        prompt = renderer.prompt_ids(other.document)
        found.append(Forced((*prompt, *renderer.target_ids(one.document, one.reference)), len(prompt)))
    return found


def _says(example: Example) -> bool:
    found = example.reference
    return found is not None and bool(found.mentions or found.unaligned or found.relations)


def _not_in_text(examples: Sequence[Example]) -> tuple[int, int]:
    """How many listed mentions of the references are not in their text, of how many."""
    loose = of = 0
    for example in examples:
        if example.reference is not None:
            loose += len(example.reference.unaligned)
            of += len(example.reference.unaligned) + len(example.reference.mentions)
    return loose, of
