"""The report of a diagnosis as one HTML file: verdict, causes with proof, what was excluded, remedies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from medspan.diagnose.base import Effect, Suspicion
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.diagnosis import Diagnosis
from medspan.diagnose.report import parts, words
from medspan.diagnose.report.commands import commands, to_fill_in
from medspan.page import render


def write_html(path: Path, found: Diagnosis) -> None:
    """Write the report to `path`, whole or not at all; the same diagnosis gives the same file."""
    from medspan.read import write_whole

    write_whole(path, [page(found)])


def page(found: Diagnosis) -> str:
    """The report as HTML, which needs nothing but itself; all text is escaped."""
    drawn = [(one.cause, bars(one.effect)) for one in found.named if one.effect is not None]
    return render(
        "medspan.diagnose.report",
        "report.html.jinja",
        title=PurePath(found.run).name or found.run,
        sign="bad" if found.named else {"healthy": "good"}.get(found.verdict, "doubtful"),
        verdict=found.verdict,
        sentence=words.verdict_sentence(found),
        figures=words.figure_sentence(found),
        drawn=drawn,
        facts={**words.facts(found), "As stored": words.score_sentence(found)},
        rates=parts.rates(found),
        folder_notes=found.notes,
        named=[_cause(one, found) for one in found.named],
        mere_notes=[_cause(one, found) for one in words.mere_notes(found)],
        excluded=words.excluded(found),
        untold=words.not_told(found),
        shown=parts.shown(found),
        against=found.against,
        beside=parts.beside(found),
        differences=parts.differences(found),
        alike=parts.alike(found),
        probes=[(one.probe, one.seconds, words.outcome(one)) for one in found.examinations],
    )


def _cause(one: Suspicion, found: Diagnosis) -> dict[str, Any]:
    lines = commands(one, found)
    return {
        "id": one.cause,
        "meaning": CAUSES[one.cause].meaning,
        "confidence": one.confidence,
        "certainty": words.certainty(one),
        "confirmed": one.confirmed,
        "effect": None if one.effect is None else words.effect_words(one.effect),
        "evidence": one.evidence,
        "remedy": words.remedy_of(one),
        "commands": lines,
        "blanks": to_fill_in(lines),
    }


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of the picture: what it shows, its figure, its length and whiskers in percent of the axis."""

    name: str
    figure: str
    length: float | None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Bars:
    """An effect as it is drawn: the score as it is, and mended with the interval of the difference."""

    metric: str
    told: str
    before: Bar
    after: Bar


def bars(effect: Effect) -> Bars:
    """The two bars of an effect; the axis goes from 0 to 1, or to the greater of the figures beyond it."""
    top = max(1.0, effect.before or 0.0, effect.after or 0.0)

    def length(value: float | None) -> float | None:
        return None if value is None else round(100 * min(max(value / top, 0.0), 1.0), 2)

    low, high = None, None
    if effect.interval is not None and effect.before is not None:
        low, high = (length(effect.before + limit) for limit in effect.interval)
    return Bars(
        effect.metric,
        words.effect_words(effect),
        Bar("as it is", words.figure(effect.before), length(effect.before)),
        Bar(words.mended(effect), words.figure(effect.after), length(effect.after), low, high),
    )
