"""What a diagnosis says, in sentences and figures: the same in the page, in Markdown and in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, get_args

from medspan.diagnose.base import Effect, Examination, Suspicion
from medspan.diagnose.catalogue import CAUSES, Stage
from medspan.diagnose.diagnosis import NAMED, Diagnosis

KINDS = {"entities": "entity", "relations": "relation"}
UNDEFINED = "–"
STAGES: tuple[Stage, ...] = get_args(Stage)


def plural(count: int, noun: str) -> str:
    """`1 document`, `2 documents`."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


def figure(value: float | None) -> str:
    """A score with three decimals; an en dash where it is undefined."""
    return UNDEFINED if value is None else f"{value:.3f}"


def signed(value: float | None) -> str:
    """A difference with its sign; an en dash where it is undefined."""
    return UNDEFINED if value is None else f"{value:+.3f}"


def between(interval: Sequence[float] | None, form: str = ".3f") -> str:
    """`0.710 to 0.861`; an en dash where there is no interval."""
    return UNDEFINED if interval is None else f"{interval[0]:{form}} to {interval[1]:{form}}"


def mended(effect: Effect) -> str:
    """What the second figure of an effect is: the score mended, without what flatters it, or its ceiling."""
    if "reachable at most" in effect.metric:
        return "at most"
    return "without it" if (effect.difference or 0.0) < 0 else "mended"


def effect_words(effect: Effect) -> str:
    """An effect in a clause: `entity F1 0.059 as it is, 0.854 mended (+0.795, 95% interval ...)`."""
    if effect.before is None and effect.after is None:
        return f"{effect.metric} is undefined"
    told = f"{effect.metric} {_defined(effect.before)} as it is, {_defined(effect.after)} {mended(effect)}"
    if effect.difference is None:
        return told
    if effect.interval is None:
        return f"{told} ({signed(effect.difference)}, no interval)"
    return f"{told} ({signed(effect.difference)}, 95% interval {between(effect.interval, '+.3f')})"


def _defined(value: float | None) -> str:
    return "undefined" if value is None else f"{value:.3f}"


def verdict_sentence(found: Diagnosis) -> str:
    """The verdict in one sentence, or in two where causes act together."""
    named = found.named
    if not named:
        return f"{found.verdict.capitalize()}: {found.why}."
    first = named[0]
    told = f"{first.cause}: {CAUSES[first.cause].meaning}."
    if len(named) == 1:
        return told
    others = ", ".join(one.cause for one in named[1:])
    return f"{told} {plural(len(named), 'cause')} act together; after this one: {others}."


def figure_sentence(found: Diagnosis) -> str:
    """The figure that goes with the verdict: the first effect of a named cause, else the scores."""
    effect = next((one.effect for one in found.named if one.effect is not None), None)
    told = score_sentence(found) if effect is None else effect_words(effect)
    return f"{told[:1].upper()}{told[1:]}."


def score_sentence(found: Diagnosis) -> str:
    """F1 of the stored predictions with its intervals; that there are none where there are none."""
    told = [
        f"{KINDS[kind]} F1 {_defined(score['f1'])}"
        + (f" ({between(score['f1_interval'])})" if score.get("f1_interval") else "")
        for kind, score in scores(found)
    ]
    return ", ".join(told) or "there are no stored predictions that could be scored"


def scores(found: Diagnosis) -> list[tuple[str, Mapping[str, Any]]]:
    """(kind, {"f1", "f1_interval"}) of the stored predictions."""
    return [(kind, found.scores[kind]) for kind in KINDS if kind in found.scores]


def certainty(one: Suspicion) -> str:
    """How sure a cause is, in words: the meaning of its confidence."""
    if one.confirmed:
        return "confirmed by an intervention"
    if one.confidence >= 0.7:
        return "strong evidence, no intervention"
    return "likely" if one.confidence >= NAMED else "a note"


def remedy_of(one: Suspicion) -> str:
    """What to do about a cause."""
    return one.remedy or CAUSES[one.cause].remedy


def mere_notes(found: Diagnosis) -> tuple[Suspicion, ...]:
    """What was suspected and is not sure enough to be named."""
    return tuple(one for one in found.causes if one.confidence < NAMED)


def excluded(found: Diagnosis) -> list[tuple[list[str], list[str]]]:
    """(causes, evidence) of what was excluded; causes that the same evidence excludes stand together."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for one in found.cleared:
        groups.setdefault(one.evidence, []).append(one.cause)
    return [(causes, list(evidence)) for evidence, causes in groups.items()]


def excluded_by_stage(found: Diagnosis) -> list[tuple[str, list[str]]]:
    """(stage, causes) of what was excluded, in the order of a run's life backwards."""
    names = [one.cause for one in found.cleared]
    by_stage = {stage: [name for name in names if CAUSES[name].stage == stage] for stage in STAGES}
    return [(stage, causes) for stage, causes in by_stage.items() if causes]


def not_told(found: Diagnosis) -> list[tuple[list[str], str]]:
    """(causes, what is missing) of what could not be told; causes that miss the same stand together."""
    groups: dict[str, list[str]] = {}
    for one in found.untold:
        # A whole message ends with a full stop, and the causes follow it.
        groups.setdefault(one.missing.rstrip("."), []).append(one.cause)
    return [(causes, missing) for missing, causes in groups.items()]


def outcome(one: Examination) -> str:
    """What came of a probe, in words."""
    if one.skipped is not None:
        return f"not run: {one.skipped}"
    said = one.to_json()
    told = [
        f"{verb} {', '.join(line['cause'] for line in said[key])}"
        for key, verb in (("suspected", "suspects"), ("cleared", "excludes"), ("untold", "cannot tell of"))
        if said[key]
    ]
    return "; ".join(told) or "has nothing to say"


def facts(found: Diagnosis) -> dict[str, str]:
    """What was examined: the run, who trained it, the part, its documents, the seconds."""
    return {
        "Run": found.run,
        "Trained by": found.trainer,
        "Part": found.scored,
        "Examined": plural(found.documents, "document"),
        "Took": f"{found.seconds:.0f} s",
    }
