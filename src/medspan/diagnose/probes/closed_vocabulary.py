"""A scored part whose strings all stand in training."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.diagnose.base import Cleared, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.lab import Lab
from medspan.diagnose.rescoring import data_path

CAUSE = "closed-vocabulary"
CONFIDENCE = 0.4


@register
class ClosedVocabulary(Probe):
    """The audit's check of this id, on training and the scored part.

    Confidence: 0.4 where every string stands in training, 0.2 from 95% on; never more, since nothing is
    wrong with such a run: its score only says nothing about strings that it has not seen.
    """

    name: ClassVar[str] = "closed-vocabulary"
    hypothesis: ClassVar[str] = (
        "every scored string stands in training, so that the score says nothing of others"
    )
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 0.2

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        from medspan.audit.base import all_checks
        from medspan.audit.checks.closed_vocabulary import FEWEST
        from medspan.audit.data import Data
        from medspan.audit.targets import strings

        if not case.train or case.scored == "train":
            yield Untold(CAUSE, "no training data (--data)" if not case.train else "another part than train")
            return
        data = Data.of({"train": case.train, case.scored: case.reference})
        train, scored = (
            next(strings(part.rows) for part in data.parts if part.name == name)
            for name in ("train", case.scored)
        )
        finding = next(iter(all_checks()[CAUSE].run(data)), None)
        if finding is None:
            few = f", fewer than the {FEWEST} that tell anything" if len(scored) < FEWEST else ""
            yield Cleared(
                CAUSE,
                (
                    f"{len(scored - train)} of {len(scored)} distinct strings of {case.scored} do not stand "
                    f"in training{few}",
                ),
            )
            return
        evidence = [finding.message, *finding.examples]
        whole = finding.count == finding.of
        if whole:
            evidence.insert(
                1, "a list of the training strings would find them all, so reading is not measured"
            )
        remedy = f"{CAUSES[CAUSE].remedy}: medspan split {data_path(case)} --out NEW --unseen 0.3"
        yield Suspicion(CAUSE, CONFIDENCE if whole else CONFIDENCE / 2, tuple(evidence), remedy)
