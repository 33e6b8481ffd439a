"""A diagnosis for a terminal, and its reports in files."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medspan.cli.console import Report, say, shown, table, unwritable, write_json
from medspan.core import MedspanError

if TYPE_CHECKING:
    from medspan.diagnose import Diagnosis, Suspicion
    from medspan.diagnose.report.parts import Asked

WIDTH = 100
REPORT = "diagnosis.html"
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_EVIDENCE = 6
"""Lines of evidence of a cause; the report has all."""


@dataclass(frozen=True, slots=True)
class Files:
    """The files that a diagnosis is written to, None for each that is not wanted."""

    html: Path | None = None
    markdown: Path | None = None
    json: Path | None = None


def own_report(trainer: str, run: Path, note: Report | None) -> Path | None:
    """The report of a run where the user names none; None, of which `note` hears, where it gets none."""
    path = run / REPORT
    # The folders of other trainers are not ours to write into.
    if trainer != "medspan":
        why: str | None = "another trainer's folder is not written into"
    elif (problem := unwritable(path)) is not None:
        why = f"{path} cannot be written ({problem})"
    else:
        return path
    if note is not None:
        note(f"note: there is no report, since {why}: name a file with --html or --markdown")
    return None


def write_reports(found: Diagnosis, files: Files) -> tuple[list[Path], Exception | None]:
    """Write the reports and the JSON; the reports that stand, and the first failure.

    It is given back rather than raised, so that neither the other files nor what is printed are lost.
    """
    from medspan.diagnose.report import write_html, write_markdown

    written: list[Path] = []
    failures: list[Exception] = []
    try:
        write_json(files.json, found.to_json())
    except (MedspanError, OSError) as error:
        failures.append(error)
    for path, write in ((files.html, write_html), (files.markdown, write_markdown)):
        if path is None:
            continue
        try:
            write(path, found)
        except (MedspanError, OSError) as error:
            failures.append(error)
        else:
            written.append(path)
    return written, next(iter(failures), None)


def print_diagnosis(found: Diagnosis, reports: Sequence[Path] = (), *, unanswered: str | None = None) -> None:
    """The verdict, the causes with evidence and remedies, what was excluded, what is missing.

    `unanswered`: why a text of the user's was not answered, None where it was, or there was none.
    """
    from medspan.diagnose.report import parts, words

    _fold(f"verdict: {words.verdict_sentence(found)}")
    _fold(words.figure_sentence(found), "  ")
    if found.named and words.scores(found):
        _fold(f"as stored: {words.score_sentence(found)}", "  ")
    if found.named:
        _print_table(found.named)
        for one in found.named:
            _print_cause(one, found)
    for asked in parts.shown(found):
        _print_answers(asked)
    if unanswered is not None:
        say()
        _fold(unanswered)
    say()
    for one in words.mere_notes(found):
        _fold(f"noted: {one.cause} ({one.confidence:.2f}): {'; '.join(one.evidence[:1])}")
    for stage, causes in words.excluded_by_stage(found):
        _fold(f"excluded, {stage}: {', '.join(causes)}")
    for causes, missing in words.not_told(found):
        _fold(f"not told, {missing}: {', '.join(causes)}")
    for path in reports:
        say(_printable(f"report: {path}"))


def _print_table(named: Sequence[Suspicion]) -> None:
    rows = []
    for one in named:
        effect = one.effect
        low_high = "-"
        if effect is not None and effect.interval is not None:
            low_high = f"{effect.interval[0]:+.3f} to {effect.interval[1]:+.3f}"
        rows.append(
            (
                one.cause,
                f"{one.confidence:.2f}",
                "-" if effect is None else _cut(effect.metric, 30),
                "-" if effect is None else shown(effect.before),
                "-" if effect is None else shown(effect.after),
                low_high,
            )
        )
    say()
    for line in table(("cause", "confidence", "metric", "as it is", "without it", "difference, 95%"), rows):
        say(line)


def _print_cause(one: Suspicion, found: Diagnosis) -> None:
    from medspan.diagnose.report import commands, words

    say()
    say(f"{one.cause} ({words.certainty(one)})")
    for line in one.evidence[:_EVIDENCE]:
        _fold(f"- {line}", "  ")
    left = len(one.evidence) - _EVIDENCE
    if left > 0:
        say(f"  - and {words.plural(left, 'more line')} in the report")
    _fold(f"what to do: {words.remedy_of(one)}", "  ")
    for line in commands(one, found):
        say(f"    {_printable(line)}")


def _print_answers(asked: Asked) -> None:
    say()
    task = "" if asked.task is None else f" ({asked.task})"
    _fold(f"asked{task}: {asked.text}")
    for answer in asked.answers:
        told = [f"{type}: {string}{_absent(there)}" for type, string, there in answer.items]
        told += [f"{head} {type} {tail}{_absent(there)}" for head, type, tail, there in answer.relations]
        _fold(f"{answer.conditions}: {'; '.join(told) or 'nothing'}", "  ")


def _absent(there: bool) -> str:
    return "" if there else " (NOT IN THE TEXT)"


def _fold(text: str, indent: str = "") -> None:
    """Print text in lines of `WIDTH`, the further ones indented; long words stay whole, to be copied."""
    told = _printable(" ".join(text.split()))
    lines = textwrap.wrap(
        told,
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines or [indent]:
        say(line)


def _printable(text: str) -> str:
    """Text for a terminal: control characters, which would steer it, and lone surrogates are replaced."""
    told = _CONTROL.sub("\ufffd", text)
    return told.encode("utf-8", "replace").decode("utf-8")


def _cut(text: str, width: int) -> str:
    """The text, without what stands in brackets where it is longer than `width`."""
    if len(text) > width:
        text = text.split(" (")[0]
    return text if len(text) <= width else f"{text[: width - 3]}..."
