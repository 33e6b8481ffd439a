"""The report of a diagnosis in Markdown (CommonMark with tables), to paste into an issue."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from medspan.diagnose.base import Suspicion
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.diagnosis import Diagnosis
from medspan.diagnose.report import parts, words
from medspan.diagnose.report.commands import commands, to_fill_in

# What would be read as a mark within a line; an underscore within a word is none.
_MARKS = re.compile(r"[\\`*\[\]<>|~$]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
# What would be read as a mark where a line begins: headings, lists, quotes, rules.
_FIRST = re.compile(r"^(?:[#+=-](?!\w)|\d{1,9}(?=[.)](?:\s|$)))")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def write_markdown(path: Path, found: Diagnosis) -> None:
    """Write the report to `path`, whole or not at all; the same diagnosis gives the same file."""
    from medspan.read import write_whole

    write_whole(path, [markdown(found)])


def markdown(found: Diagnosis) -> str:
    """The report as Markdown; whatever texts hold is shown as it is, and never read as a mark."""
    lines: list[str] = []
    for section in (_head, _effects, _causes, _notes, _excluded, _untold, _shown, _against, _probes):
        told = list(section(found))
        if told:
            lines += [*told, ""]
    return "\n".join(lines).rstrip("\n").encode("utf-8", "replace").decode("utf-8") + "\n"


def inline(text: str) -> str:
    """Text within a paragraph, an item or a cell of a table, on one line."""
    told = []
    for line in _CONTROL.sub("\ufffd", text).strip().splitlines():
        line = _MARKS.sub(lambda found: f"\\{found.group()}", line.strip())
        told.append(_FIRST.sub(_escape_first, line))
    return "<br>".join(told)


def _escape_first(found: re.Match[str]) -> str:
    mark = found.group()
    # Of a number that would begin a list, its full stop is what makes it one.
    return f"{mark}\\" if mark[0].isdigit() else f"\\{mark}"


def block(text: str, language: str = "") -> str:
    """Text as it stands, in a fence that none of its lines can close."""
    text = _CONTROL.sub("\ufffd", re.sub(r"\r\n?", "\n", text))
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Sequence[int] = ()) -> Iterator[str]:
    """A table; cells are text. The columns `right` are figures."""
    yield "| " + " | ".join(headers) + " |"
    yield "| " + " | ".join("---:" if place in right else "---" for place in range(len(headers))) + " |"
    for row in rows:
        yield "| " + " | ".join(inline(cell) for cell in row) + " |"


def _head(found: Diagnosis) -> Iterator[str]:
    yield f"# Diagnosis of {inline(found.run)}"
    yield ""
    yield f"**Verdict: {inline(words.verdict_sentence(found))}**"
    yield ""
    yield inline(words.figure_sentence(found))
    yield ""
    for name, value in words.facts(found).items():
        yield f"- {name}: {inline(value)}"
    yield f"- As stored: {inline(words.score_sentence(found))}"
    high = [f"{rate.name} {rate.value:.1%}" for rate in parts.rates(found) if rate.high and rate.value]
    if parts.rates(found):
        yield f"- Health: {', '.join(high) + ' (high)' if high else 'no rate above 5%'}"
    for note in found.notes:
        yield f"- Note: {inline(note)}"


def _effects(found: Diagnosis) -> Iterator[str]:
    if not found.named:
        return
    rows = []
    for one in found.named:
        effect = one.effect
        told = [words.UNDEFINED] * 4
        if effect is not None:
            told = [effect.metric, words.figure(effect.before), words.figure(effect.after)]
            interval = "" if effect.interval is None else f" ({words.between(effect.interval, '+.3f')})"
            told.append(f"{words.signed(effect.difference)}{interval}")
        rows.append([one.cause, f"{one.confidence:.2f}", words.certainty(one), *told])
    yield from table(
        ("Cause", "Confidence", "How sure", "Metric", "As it is", "Without it", "Difference (95% interval)"),
        rows,
        right=(1, 4, 5, 6),
    )


def _causes(found: Diagnosis) -> Iterator[str]:
    for number, one in enumerate(found.named, 1):
        if number > 1:
            yield ""
        yield f"## {number}. {inline(one.cause)}"
        yield ""
        yield from _told(one, found)


def _told(one: Suspicion, found: Diagnosis) -> Iterator[str]:
    yield f"What it means: {inline(CAUSES[one.cause].meaning)}."
    yield ""
    yield from (f"- {inline(line)}" for line in one.evidence)
    yield ""
    yield f"What to do: {inline(words.remedy_of(one))}"
    lines = commands(one, found)
    if lines:
        yield ""
        yield block("\n".join(lines), "sh")
    blanks = to_fill_in(lines)
    if blanks:
        yield ""
        yield f"To fill in: {', '.join(blanks)}."


def _notes(found: Diagnosis) -> Iterator[str]:
    notes = words.mere_notes(found)
    if notes:
        yield "## Noted, not sure enough to be named"
        yield ""
        for one in notes:
            evidence = "; ".join(inline(line) for line in one.evidence)
            yield f"- {inline(one.cause)} ({one.confidence:.2f}): {evidence}"


def _excluded(found: Diagnosis) -> Iterator[str]:
    groups = words.excluded(found)
    if groups:
        yield "## What was excluded, and how"
        yield ""
        rows = ([", ".join(causes), "\n".join(evidence)] for causes, evidence in groups)
        yield from table(("Excluded", "Evidence"), rows)


def _untold(found: Diagnosis) -> Iterator[str]:
    groups = words.not_told(found)
    if groups:
        yield "## What could not be told"
        yield ""
        rows = ([", ".join(causes), missing] for causes, missing in groups)
        yield from table(("Cause", "What is missing"), rows)


def _shown(found: Diagnosis) -> Iterator[str]:
    texts = parts.shown(found)
    if texts:
        yield "## The same text under several conditions"
    for asked in texts:
        yield ""
        yield block(asked.text)
        if asked.task is not None:
            yield ""
            yield f"Task: {inline(asked.task)}"
        for answer in asked.answers:
            yield ""
            yield f"### {inline(answer.conditions)}"
            yield ""
            yield "No answer was written." if answer.raw is None else block(answer.raw)
            if answer.items or answer.relations:
                yield ""
            for type, string, there in answer.items:
                yield f"- {inline(type)}: {inline(string)}{_absent(there)}"
            for head, type, tail, there in answer.relations:
                yield f"- {inline(head)} {inline(type)} {inline(tail)}{_absent(there)}"


def _absent(there: bool) -> str:
    return "" if there else " (not in the text)"


def _against(found: Diagnosis) -> Iterator[str]:
    if found.against is None:
        return
    yield f"## Against {inline(str(found.against.get('run', 'another run')))}"
    yield ""
    told = parts.beside(found)
    yield from (f"- {inline(line)}" for line in told)
    if told:
        yield ""
    rows = [
        [one.what, one.here, one.there, "\n".join((one.verdict, *one.told))]
        for one in parts.differences(found)
    ]
    if rows:
        yield from table(("What differs", "Here", "There", "What swapping it does"), rows)
    else:
        yield "Nothing that is known of both differs."
    same = parts.alike(found)
    if same:
        yield ""
        yield f"The same in both: {inline(', '.join(same))}."


def _probes(found: Diagnosis) -> Iterator[str]:
    if found.examinations:
        yield "## How it was examined"
        yield ""
        rows = ([one.probe, f"{one.seconds:.1f}", words.outcome(one)] for one in found.examinations)
        yield from table(("Probe", "Seconds", "What came of it"), rows, right=(1,))
