"""Targets of one task that are written in more than one form."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row
from medspan.audit.forms import Form, forms
from medspan.core import Case, Finding, Severity

_Question = tuple[str | None, str]
"""A task and an aspect of its targets."""
_Shown = tuple[Row, list[Form]]
_TOLD = 5
"""Forms that a message names."""
_LONGEST = 80
"""Most characters of a line or form that are quoted."""


@register
class MixedTargetFormat(Check):
    """Aspects of a form: JSON or lines, bullets or numbers, headings, how types and relations are written.

    Each aspect is compared within a task, with the form that most lines of the training split have there;
    without a training split, with that of most lines. An evaluated split most of whose lines have another
    form than training is an error, single rows are a warning.
    """

    id: ClassVar[str] = "mixed-target-format"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "Targets of one task are written in several forms. A model learns to write now the one and now the "
        "other, and a parser of one form reads nothing from the other: scores of 0 of 0 without an error."
    )
    counted: ClassVar[str] = (
        "Rows whose target has a line in another form than most lines of the same task (in the training "
        "split, where there is one), of all rows with a written target."
    )
    remedy: ClassVar[str] = (
        "write all targets anew in one form: medspan train does so by itself; for another trainer, medspan "
        "convert IN OUT --to compact (or sections)"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        shown = {part.name: _shown(part) for part in data.parts}
        own = {name: _usual(rows) for name, rows in shown.items()}
        usual = _usual([one for rows in shown.values() for one in rows])
        if data.train is not None:
            usual |= own[data.train.name]
        for part in data.parts:
            odd = [
                (row, others)
                for row, found in shown[part.name]
                if (others := [form for form in found if form.form != usual[(row.task, form.aspect)]])
            ]
            if not odd:
                continue
            of = len(shown[part.name])
            against = data.train if part is not data.train else None
            contradicts = any(usual[question] != form for question, form in own[part.name].items())
            than = f"those of {against.name}" if against else "most of their task"
            yield self.finding(
                f"{len(odd)} of {of} targets of {part.name} ({len(odd) / of:.1%}) are written in another "
                f"form than {than}: {_told(odd, usual)}",
                len(odd),
                of,
                split=part.name,
                against=against.name if against else None,
                cases=(_case(row, others[0], usual) for row, others in odd),
                severity="error" if against and contradicts else None,
            )


def _shown(part: Part) -> list[_Shown]:
    """The rows that have a target, with every form that it shows."""
    rows = ((row, list(forms(row))) for row in part.rows)
    return [(row, found) for row, found in rows if found]


def _usual(rows: list[_Shown]) -> dict[_Question, str]:
    """By task and aspect the form of most lines."""
    counts: defaultdict[_Question, Counter[str]] = defaultdict(Counter)
    for row, found in rows:
        for form in found:
            counts[(row.task, form.aspect)][form.form] += 1
    return {question: max(sorted(seen), key=lambda form: seen[form]) for question, seen in counts.items()}


def _told(odd: list[_Shown], usual: dict[_Question, str]) -> str:
    """How many rows have which form in place of which."""
    rows: Counter[tuple[str, str, str]] = Counter()
    for row, others in odd:
        kinds = {(row.task or "", form.form, usual[(row.task, form.aspect)]) for form in others}
        rows.update(kinds)
    return "; ".join(
        f"{f'{task}: ' if task else ''}{_quoted(form)} in {count}, not {_quoted(wanted)}"
        for (task, form, wanted), count in sorted(rows.items(), key=lambda entry: (-entry[1], entry[0]))[
            :_TOLD
        ]
    )


def _quoted(form: str) -> str:
    return repr(form if len(form) <= _LONGEST else f"{form[: _LONGEST - 1]}…")


def _case(row: Row, form: Form, usual: dict[_Question, str]) -> Case:
    target = row.written.target if row.written else ""
    start = target.find(form.line)
    what = f"{_quoted(form.line.strip())}: {_quoted(form.form)}, not {_quoted(usual[row.task, form.aspect])}"
    return Case(what, row.place, target, ((start, start + len(form.line)),) if form.line else ())
