"""Relations of the reference that do not follow from the text, and the score that can be reached without."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar

from medspan.diagnose.base import Cleared, Effect, Need, Probe, Said, Suspicion, Untold, register
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Lab
from medspan.diagnose.rescoring import counts_of, data_path, f1, shown
from medspan.diagnose.residue import answers_left

if TYPE_CHECKING:
    from medspan.audit.checks.labels_not_inferable import Examined
    from medspan.audit.inferable import Inferability
    from medspan.audit.unread_ceiling import UnreadCeiling
    from medspan.core import Finding

CAUSE = "labels-not-inferable"
UNDECIDED = "cannot tell"
"""How the check's messages begin where it has too little to judge by."""
CONFIDENCE = {"error": 0.88, "warning": 0.4, "info": 0.2}
CORROBORATED, FOUND = 0.75, 0.6
"""Confidence where a model that finds entities (F1 of `FOUND` or more) guesses relations, as a finding of
noisy labels says it must."""
SUSPECT = 0.55
"""The same where the text tells nothing for certain, of so many labels that those of untouched corpora are
told apart (`audit.checks.labels_not_inferable.LABELS_FOR_SHARE`)."""


@register
class LabelsNotInferable(Probe):
    """The audit's check of this id on all parts together: whether texts tell related pairs from others.

    Confidence, by the severity of the finding: an error 0.88 (in 252 corpora of untouched labels the check
    found none; `audit.checks.labels_not_inferable` says how it decides), a warning of noisy labels 0.4,
    since a part of them is random at most, and 0.75 where the trained model bears it out: it finds entities,
    and its relations score below joining all legal pairs; 0.55 where it does so and the check cannot tell
    many labels from chance. What else cannot be judged is not told. The effect is a ceiling and no mending,
    so it is never confirmed; its share of the loss is what the ceiling leaves out of reach.
    """

    name: ClassVar[str] = "labels-not-inferable"
    hypothesis: ClassVar[str] = "the relations of the reference do not follow from the texts"
    causes: ClassVar[tuple[str, ...]] = (CAUSE,)
    needs: ClassVar[tuple[Need, ...]] = ("data",)
    cost: ClassVar[float] = 5.0

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        from medspan.audit.checks.labels_not_inferable import FEWEST, LabelsNotInferable
        from medspan.audit.data import Data

        data = Data.of(dict(case.parts))
        if not data.schema.relation_types:
            yield Cleared(CAUSE, ("the references hold no relations",))
            return
        examined = LabelsNotInferable().examined(data)
        finding = next(iter(examined.findings), None)
        if finding is None:
            found = examined.found
            if found is None:
                yield Untold(CAUSE, f"at least {FEWEST} relations in the references")
            else:
                yield Cleared(CAUSE, (_told(found),))
        elif finding.severity == "error":
            yield self._not_inferable(case, examined, finding)
        else:
            yield self._noisy(case, lab, examined, finding)

    @staticmethod
    def _noisy(case: Case, lab: Lab, examined: Examined, finding: Finding) -> Said:
        """Of labels that are perhaps random in part: the model's relations speak for it or do not."""
        from medspan.audit.checks.labels_not_inferable import LABELS_FOR_SHARE, judgeable

        found = examined.found
        guessed = _guesses(case, lab) if found is not None else None
        undecided = finding.message.startswith(UNDECIDED)
        if undecided and not (guessed and judgeable(found) and found.together.labels >= LABELS_FOR_SHARE):
            return Untold(CAUSE, finding.message)
        told = tuple(line for line in (finding.message, guessed, *finding.examples) if line is not None)
        borne_out = SUSPECT if undecided else CORROBORATED
        return Suspicion(CAUSE, borne_out if guessed else CONFIDENCE[finding.severity], told, _cases(case))

    def _not_inferable(self, case: Case, examined: Examined, finding: Finding) -> Suspicion:
        from medspan.audit.checks.labels_not_inferable import failing_types
        from medspan.audit.unread_ceiling import unread_ceiling

        assert examined.found is not None
        failing = failing_types(examined.found)
        ceiling = unread_ceiling(examined.documents, failing)
        own = f1(counts_of([one for one in case.predictions if one.reference], "relations", failing))
        evidence = [finding.message]
        effect, share = None, None
        if ceiling is not None:
            best = ceiling.best.value
            effect = Effect(f"relation F1, reachable at most ({', '.join(failing)}; all parts)", own, best)
            share = 1 - best
            evidence.append(_beside(own, ceiling))
        evidence += finding.examples
        return Suspicion(
            CAUSE, CONFIDENCE[finding.severity], tuple(evidence), _cases(case), effect, share=share
        )


def _guesses(case: Case, lab: Lab) -> str | None:
    """In words, that the model finds entities and its relations are no better than all legal pairs."""
    from medspan.core import Schema
    from medspan.synth import all_legal_pairs_baseline

    answers, what = answers_left(case, lab)
    entities, relations = (f1(counts_of(answers, kind)) for kind in ("entities", "relations"))
    known = [*case.train, *case.reference]
    schema = Schema.infer((one.task, one.reference) for one in known if one.reference is not None)
    baseline = all_legal_pairs_baseline(answers, schema)["f1"]
    if entities is None or relations is None or baseline is None:
        return None
    if entities < FOUND or relations >= baseline:
        return None
    return (
        f"the model, too, finds no rule: with an entity F1 of {entities:.3f} ({what}), its relation F1 of "
        f"{relations:.3f} stays below the {baseline:.3f} of joining all pairs that the schema allows"
    )


def _beside(own: float | None, ceiling: UnreadCeiling) -> str:
    best = ceiling.best
    if own is None:
        return f"the run has no F1 on them; {best.value:.3f} is the most that can be expected"
    reached = f"{best.value:.3f} ({best.low:.3f} to {best.high:.3f})"
    if own > best.high:
        return (
            f"the run's F1 on them is {shown(own)}, above the ceiling of {reached}: what the texts do not "
            "say was known from elsewhere (leaked documents)"
        )
    where = "reaches" if own >= best.low else "is below"
    return (
        f"the run's F1 on them is {shown(own)}; it {where} the ceiling of {reached}: a target above it "
        "cannot be met by any training"
    )


def _told(found: Inferability) -> str:
    ranking = found.together.ranking
    return (
        f"the text ranks a related pair above another pair of its document in {ranking.value:.1%} of cases "
        f"(95% interval {ranking.low:.1%} to {ranking.high:.1%}; {found.together.labels} relations)"
    )


def _cases(case: Case) -> str:
    path = data_path(case)
    return (
        f"read the cases (medspan audit {path} --cases FILE lists them); where the text does not state the "
        "relation, annotate it from the text or leave its type out; judge the run by the ceiling"
    )
