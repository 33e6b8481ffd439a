"""A comparison for a terminal."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from medspan.cli.console import say, shown, table
from medspan.core import Mention, Relation

if TYPE_CHECKING:
    from rich.text import Text

    from medspan.evaluate.comparison import Answers, Comparison, Told

SHOWN_DOCUMENTS = 3
_SIGNS = {"found": "\u2713", "missed": "M", "spurious": "S", "only": "\u2605"}
_STYLES = {"found": "green", "missed": "yellow", "spurious": "magenta", "only": "magenta"}
_LONGEST = 36
_WIDTH = 110


def print_comparison(told: Told, documents: int = SHOWN_DOCUMENTS) -> None:
    """Print what differs, the scores, and the `documents` with the largest changes side by side."""
    from medspan.evaluate.comparison import letters

    marks = letters(len(told.names))
    for mark, name in zip(marks, told.names, strict=True):
        say(f"{mark}  {name}")
    if told.answers:
        _print_answers(told.answers, marks)
    _print_records(told, marks)
    _print_rows(told, marks)
    if told.comparison:
        _print_scores(told.comparison, told.part, marks)
        _print_transitions(told.comparison, marks, documents)


def _heading(title: str) -> None:
    say()
    say(title)


def _print_records(told: Told, marks: Sequence[str]) -> None:
    from medspan.evaluate.comparison import grouped, shown_value

    records = told.records
    if records is None:
        return
    rows = []
    for group, differences in grouped(records):
        rows.append([f"[{group}]", *("" for _ in marks)])
        for one in differences:
            values = [shown_value(one, place, _LONGEST) for place in range(len(marks))]
            rows.append([one.path, *values])
    if rows:
        _print_table("what differs", marks, rows)
    else:
        _heading("nothing differs in the records")
    for place in records.missing:
        say(f"{told.names[place]} has no record")
    if records.by_nature:
        say("differ by nature, left out: " + ", ".join(one.path for one in records.by_nature))


def _print_rows(told: Told, marks: Sequence[str]) -> None:
    for mark, parts in zip(marks[1:], told.rows, strict=False):
        for part, one in parts.items():
            if one.identical:
                order = ", in another order" if one.reordered else ""
                _heading(f"rows of {part}: the same {one.same} in {marks[0]} and {mark}{order}")
                continue
            sizes = ["no part" if count is None else str(count) for count in one.rows]
            _heading(f"rows of {part}: {sizes[0]} in {marks[0]}, {sizes[1]} in {mark}, {one.same} the same")
            told_of = {"removed": one.removed, "added": one.added, "changed": one.changed}
            told_of |= {f"moved here from {other}": tally for other, tally in one.moved.items()}
            for what, tally in told_of.items():
                if tally.count:
                    more = ", ..." if tally.count > len(tally.examples) else ""
                    say(f"  {what}: {tally.count} ({', '.join(tally.examples)}{more})")
            if one.unread:
                say(f"  of {one.unread} rows only the hash is known; a changed one is removed and added")


def _print_scores(found: Comparison, part: str, marks: Sequence[str]) -> None:
    from medspan.evaluate.comparison import score_rows, sentences

    rows = score_rows(found)
    _heading(f"{found.documents} documents" + (f" of the part {part}" if part else ""))
    _print_table(
        "micro F1 (95% interval)",
        marks,
        [[f"{row['kind']}, {row['how']}", *(_score(score) for score in row["scores"])] for row in rows],
    )
    lines = []
    for row in rows:
        for system, test, adjusted in row["tests"]:
            interval = "-" if test.interval is None else f"{test.interval[0]:+.3f} to {test.interval[1]:+.3f}"
            cells = [
                "-" if test.difference is None else f"{test.difference:+.3f}",
                interval,
                _p(test.p_value),
            ]
            name = f"{marks[system]} - {marks[0]}: {row['kind']}, {row['how']}"
            lines.append([name, *cells, *([_p(adjusted)] if len(marks) > 2 else [])])
    headers = ["difference", "95% interval", "p", *(["p (Holm)"] if len(marks) > 2 else [])]
    _print_table(f"against {marks[0]}", headers, lines)
    drawn = found.sampling
    together = "" if found.groups is None else f", those of one group together ({found.groups:,} groups)"
    say(
        f"p: paired permutation test over documents{together}, two-sided, {drawn.permutations:,} "
        "permutations; intervals of differences: paired bootstrap over documents"
        f"{together and ', likewise'}, {drawn.resamples:,} samples; seed {drawn.seed}"
    )
    say()
    for line in sentences(found, marks):
        say(line)


def _print_transitions(found: Comparison, marks: Sequence[str], documents: int) -> None:
    for against in found.against:
        told = against.transitions
        states = list(told.examples)
        rows = [["documents", *(str(told.examples[state]) for state in states)]]
        rows += [[kind, *(str(counts[state]) for state in states)] for kind, counts in told.items.items()]
        pair = f"from {marks[0]} to {marks[against.system]}"
        _print_table(pair, states, rows)
    changed = [one for one in found.against[0].transitions.documents if one.changes][:documents]
    if changed:
        _heading(
            f"largest changes from {marks[0]} to {marks[found.against[0].system]} "
            "(\u2713 found, M missed, S spurious; --html FILE shows all documents)"
        )
    for one in changed:
        say()
        say(
            f"{one.id}{f' ({one.task})' if one.task else ''}: {one.state}, "
            f"errors {one.errors[0]} to {one.errors[1]}"
        )
        cells = []
        for system, outcomes in zip(found.systems, found.outcomes, strict=True):
            outcome = outcomes[one.document]
            items = [
                (verdict, item)
                for kind in ("entities", "relations")
                for verdict in ("found", "missed", "spurious")
                for item in getattr(outcome[kind], verdict)
            ]
            cells.append(_marked(system.examples[one.document].document.text, items))
        _print_columns(marks, cells)


def _print_answers(answers: Answers, marks: Sequence[str]) -> None:
    _heading("the text given (\u2713 found by all runs, \u2605 not by all)")
    shared = answers.shared()
    cells = [
        _marked(answers.text, [("found" if key in shared else "only", item) for key, item in found.items()])
        for found in answers.claims()
    ]
    _print_columns(marks, cells)


def _marked(text: str, items: Sequence[tuple[str, Any]]) -> Text:
    """The text with its mentions in brackets, then what has no place in it."""
    from rich.text import Text

    inserted: list[tuple[int, int, int, str, str]] = []
    below = []
    for verdict, item in items:
        if isinstance(item, Relation):
            below.append((verdict, f"{_end(item.head)} --[{item.type}]--> {_end(item.tail)}"))
        elif isinstance(item, Mention):
            for place, (start, end) in enumerate(item.segments):
                last = place == len(item.segments) - 1
                closing = f"|{item.type} {_SIGNS[verdict]}]" if last else "]"
                # At one place, what ends comes before what begins, the inner one first.
                inserted.append((start, 1, -end, "[", _STYLES[verdict]))
                inserted.append((end, 0, -start, closing, _STYLES[verdict]))
        else:
            below.append((verdict, f"{item.text} ({item.type}, without a place)"))
    made, done = Text(), 0
    for place, _, _, mark, style in sorted(inserted):
        made.append(text[done:place])
        made.append(mark, style)
        done = place
    made.append(text[done:])
    for verdict, line in below:
        made.append(f"\n{_SIGNS[verdict]} {line}", _STYLES[verdict])
    return made


def _print_columns(marks: Sequence[str], cells: Sequence[Text]) -> None:
    """The cells side by side, each as wide as the others."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table

    width = shutil.get_terminal_size((_WIDTH, 24)).columns
    if width < 34 * len(cells):
        for mark, cell in zip(marks, cells, strict=True):
            say(f"{mark}: {cell.plain}")
        return
    made = Table(box=SIMPLE_HEAD, expand=True, pad_edge=False)
    for mark in marks:
        made.add_column(mark, ratio=1, overflow="fold")
    made.add_row(*cells)
    Console(file=sys.stdout, width=width, highlight=False).print(made)


def _end(end: Any) -> str:
    from medspan.evaluate.comparison import end_text

    return end_text(end)


def _score(score: Any) -> str:
    interval = score.f1_interval
    return shown(score.f1) + ("" if interval is None else f" ({shown(interval[0])} to {shown(interval[1])})")


def _p(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _print_table(title: str, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        say()
        for line in table((title, *headers), rows):
            say(line)
