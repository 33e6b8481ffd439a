"""The model learnt to write prompts: the loss fell on them as well."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Lab
from medspan.diagnose.teacher import mean_loss, mean_prompt_loss

CAUSE = "loss-on-prompt"
LEARNT = 0.75
"""Share of the base model's loss on the prompts below which the adapter has learnt them."""
UNLEARNT = 0.6
"""Share of the base model's loss on the answers above which the adapter has not learnt them."""
ROWS = 12


@register
class LossOnPrompt(Probe):
    """Reads the training prompts with the adapter and without it.

    A model that is trained on answers only does not come to expect the texts of its prompts better; one
    with a loss on the prompt does. 0.9 where the weights show it, also where files state it as well; where
    the answers are not learnt, it says so: then the mask was inverted. 0.6 where files state it and there is
    no model; 0.3 where files state it and the weights do not show it.
    """

    name: ClassVar[str] = "loss-on-prompt"
    hypothesis: ClassVar[str] = "the prompt's tokens had labels"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("adapter",)
    cost: ClassVar[float] = 24.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        stated = case.stated.get("loss_on_prompt") is True
        says = ("the run's files state that the prompt has labels",) if stated else ()
        if lab.problem is not None or case.tags:
            if stated:
                yield Suspicion(CAUSE, 0.6, says, CAUSES[CAUSE].remedy)
            else:
                yield Untold(CAUSE, lab.problem or "the model tags")
            return
        rows = [one for one in (case.train_sample or case.sample) if one.reference is not None][:ROWS]
        found = {}
        for name, conditions in (("with", lab.mended), ("without", lab.mended.but(adapter=None))):
            losses = lab.targets(conditions, rows, prompts=True)
            found[name] = mean_prompt_loss(losses), mean_loss(losses)
        ratio = found["with"][0] / found["without"][0]
        told = (
            f"a token of the training prompts costs {found['with'][0]:.2f} nats with the adapter, "
            f"{found['without'][0]:.2f} without it; one of the answers {found['with'][1]:.2f} and "
            f"{found['without'][1]:.2f}"
        )
        if ratio < LEARNT:
            explains = ["undertrained"]
            evidence = [told]
            if found["with"][1] > UNLEARNT * found["without"][1]:
                # Of the answers only the first token may have had a label, and not the end.
                explains += ["stop-token-untrained", "targets-masked"]
                evidence.append("the loss fell on prompts in place of answers, as with an inverted mask")
            yield Suspicion(CAUSE, 0.9, (*evidence, *says), CAUSES[CAUSE].remedy, explains=tuple(explains))
        elif stated:
            yield Suspicion(CAUSE, 0.3, (*says, told), CAUSES[CAUSE].remedy)
        else:
            yield Cleared(CAUSE, (told,))
