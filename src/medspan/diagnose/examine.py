"""Run the probes on a case, cheapest first, until nothing is left to find."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from medspan.core import MedspanError
from medspan.diagnose.base import Effect, Examination, Probe, Suspicion, Untold, all_probes, said_of
from medspan.diagnose.case import Case
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.diagnosis import NAMED, Diagnosis
from medspan.diagnose.lab import Lab
from medspan.diagnose.rank import cleared, ranked, untold
from medspan.diagnose.showing import shown_texts
from medspan.diagnose.without_model import listed

LOW = 0.5
"""An entity F1 below which a run is not called healthy only because nothing was found."""
ANSWERED_AGAIN = "environment-changed"
"""The cause whose probe answers the sample again as the stored answers were made."""
DEAR = 30.0
"""Probes of this cost (seconds) and more are left out once the ranking is settled."""

Tell = Callable[[str], None]


def diagnose(
    case: Case,
    *,
    device: str = "auto",
    tell: Tell = lambda line: None,
    probes: Sequence[Probe] | None = None,
    lab: Lab | None = None,
    texts: Sequence[str] = (),
) -> Diagnosis:
    """Examine a run. `tell` hears which probe runs; `probes` are those to run, all by default.

    `texts` are answered as the stored answers were made and as the model should be asked.
    """
    start = time.monotonic()
    lab = Lab(case, device, tell) if lab is None else lab
    done: list[Examination] = []
    for probe in all_probes() if probes is None else probes:
        tell(f"{probe.name}: {probe.hypothesis}?")
        done.append(_run(probe, case, lab, settled=_settled(done)))
    said = [one for examination in done for one in examination.said]
    causes = ranked(said)
    clear = cleared(done, causes)
    unclear = untold(done, [*(one.cause for one in causes), *(one.cause for one in clear)])
    scores = stored_scores(case)
    verdict, why = _verdict(causes, unclear, scores)
    if verdict == "healthy":
        verdict, why = _unread(case) or _asked_again(case, lab) or (verdict, why)
    return Diagnosis(
        run=str(case.folder),
        trainer=case.trainer,
        scored=case.scored,
        documents=len(case.sample),
        verdict=verdict,
        why=why,
        causes=causes,
        cleared=clear,
        untold=unclear,
        examinations=tuple(done),
        scores=scores,
        shown=shown_texts(lab, texts) if texts else (),
        seconds=time.monotonic() - start,
        notes=case.notes,
        free=_free(case, lab),
    )


def _run(probe: Probe, case: Case, lab: Lab, *, settled: str | None) -> Examination:
    lacking = case.lacks(probe.needs)
    if lacking is not None:
        return Examination(
            probe.name,
            tuple(Untold(cause, lacking) for cause in probe.causes),
            f"it needs what is not there: {lacking}",
        )
    if settled is not None and probe.cost >= DEAR:
        return Examination(probe.name, (), f"not needed: {settled} explains the loss")
    start = time.monotonic()
    try:
        said = tuple(probe.examine(case, lab))
    except MedspanError as error:
        # One probe that cannot use what it finds must not take the others' findings with it.
        said = tuple(Untold(cause, str(error)) for cause in probe.causes)
    return Examination(probe.name, said, None, time.monotonic() - start)


def _settled(done: Sequence[Examination]) -> str | None:
    """The cause that explains the whole loss: confirmed, and the score is high once it is mended."""
    for one in ranked(said for examination in done for said in examination.said):
        effect = one.effect
        if one.confirmed and one.confidence >= 0.9 and effect is not None and (effect.after or 0.0) >= 0.9:
            return one.cause
    return None


def _verdict(
    causes: Sequence[Suspicion], unclear: Sequence[Untold], scores: Mapping[str, Any]
) -> tuple[str, str]:
    named = [one for one in causes if one.confidence >= NAMED]
    if named:
        return named[0].cause, CAUSES[named[0].cause].meaning
    entity = scores.get("entities") or {}
    if unclear and len(unclear) > len(CAUSES) / 3:
        missing = listed(one.missing for one in unclear)
        return (
            "undetermined",
            f"nothing was found, and {len(unclear)} causes could not be looked for: {missing}",
        )
    if entity.get("f1") is not None and entity["f1"] < LOW:
        return "undetermined", (
            f"entity F1 is {entity['f1']:.3f}, and no probe found why; medspan diagnose RUN --against GOOD "
            "compares it with a run that works"
        )
    again = next((one.effect for one in causes if one.cause == ANSWERED_AGAIN), None)
    return _better_here(again) or ("healthy", "no probe found a fault")


def _free(case: Case, lab: Lab) -> bool:
    """Whether the stored answers were made without the grammar: files state it, or the texts show it."""
    stated = ((case.made or {}).get("decoding") or {}).get("grammar")
    if stated is not None or case.lacks(("data", "texts", "model")) is not None or lab.problem is not None:
        return stated is False
    return not lab.mended.options.grammar


def _better_here(effect: Effect | None) -> tuple[str, str] | None:
    """The verdict where the model's answers are surely better than the stored ones; None where not."""
    if effect is None or not effect.sure or (effect.difference or 0.0) <= 0:
        return None
    return "undetermined", (
        "the model answers surely better here than the stored answers are, and nothing that was tried "
        f"explains them: {said_of(effect)}; they were made in a way that no file states, or changed since. "
        "To answer again here mends it, whatever the cause"
    )


def _unread(case: Case) -> tuple[str, str] | None:
    """The verdict where there are stored predictions, and none could be used; None where not."""
    if case.refusal is None or case.predictions:
        return None
    return "undetermined", (
        f"the stored predictions cannot be used ({case.refusal}), so that nothing is known of them; the "
        "model was examined by answers that it gives now, and nothing was found"
    )


def _asked_again(case: Case, lab: Lab) -> tuple[str, str] | None:
    """The same, where enough stored answers are not the model's for asking it to be worth its time."""
    if case.lacks(("data", "texts", "model")) is not None or case.tags or lab.problem is not None:
        return None
    return _better_here(lab.asked_again)


def stored_scores(case: Case) -> dict[str, Any]:
    """F1 (text match) of all stored predictions by kind, with its interval; empty without predictions."""
    from medspan.core import InputError
    from medspan.evaluate import evaluate

    if not case.predictions:
        return {}
    try:
        found = evaluate(case.predictions, allow_empty=True)
    except InputError:
        return {}
    return {
        kind: {"f1": scores.micro.f1, "f1_interval": scores.micro.f1_interval}
        for kind, scores in found.match["text"].items()
    } | {"health": dict(found.health.rates)}
