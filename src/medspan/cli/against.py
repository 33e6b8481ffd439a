"""`--against GOOD` of `medspan diagnose`: the other run, and the comparison for a terminal."""

from __future__ import annotations

import shlex
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from medspan.cli.cases import Given, make_case
from medspan.cli.console import Report, say, shown, table
from medspan.cli.retrained import trainer_for
from medspan.core import InputError

if TYPE_CHECKING:
    from medspan.diagnose import Case
    from medspan.diagnose.against import Against, AgainstProbe, Gap
    from medspan.diagnose.lab import Lab

WIDTH = 100
_LONGEST = 30
_VERDICTS = {
    "separates": "SEPARATES",
    "cleared": "cleared",
    "only-a-training-tells": "a training tells",
    "not-testable": "not testable",
}


def check_against(run: Path, good: Path | None, *, retrain: bool) -> None:
    """InputError for a call that compares nothing."""
    if good is None:
        if retrain:
            raise InputError(
                "--retrain is given without --against",
                cause="it trains with the settings of a good run, and none is named",
                remedy=f"medspan diagnose {shlex.quote(str(run))} --against GOOD --retrain",
            )
        return
    if good.exists() and good.resolve() == run.resolve():
        raise InputError(
            f"--against names {good}, which is the run itself",
            cause="a run has nothing to differ in from itself",
            remedy="name a run that works",
        )


def against_probe(
    good: Path, lab: Lab, given: Given, note: Report, *, retrain: bool, quiet: bool
) -> AgainstProbe:
    """The probe that compares the run of `lab` with the run in the folder `good`."""
    from medspan.diagnose.against import AgainstProbe
    from medspan.diagnose.lab import Lab

    run = lab.case
    train = trainer_for(run.folder, note, quiet=quiet) if retrain else None
    case = _good_case(good, run, given, note)
    for line in case.notes:
        note(f"note on {good}: {line}")
    # One store of weights: what both runs load is loaded once.
    return AgainstProbe(Lab(case, lab.device, lab.tell, weights=lab.weights), train)


def _good_case(good: Path, run: Case, given: Given, note: Report) -> Case:
    """GOOD on the part that RUN is examined on, where it has predictions for it.

    A run that brings no data of its own is scored on RUN's.
    """
    stored = good / "predictions" / f"{run.scored}.jsonl"
    split = given.split or (run.scored if stored.is_file() else None)
    own = (good / "config.yaml").is_file()
    case = make_case(good, Given(() if own else given.data, None, split, None, given.format))
    if not case.parts:
        note(f"note: {good} names no data that is here; it is scored on that of {run.folder}")
        return replace(case, parts=run.parts, scored=run.scored)
    return case


def print_against(found: Against) -> None:
    """The gap, a table of what the runs differ in with what swapping it does, and what is left."""
    say()
    _fold(f"against {found.run}: {found.sentence}")
    for one in found.gap:
        _fold(f"{one.kind}: F1 {shown(one.run)} here, {shown(one.good)} there{_between(one)}", "  ")
    rows, same = [], []
    for aspect in found.aspects:
        if aspect.same:
            same.append(aspect.name)
            continue
        good, run = (_cut(value) for value in aspect.values)
        effect = aspect.effect
        moved = "-" if effect is None else f"{shown(effect.before)} -> {shown(effect.after)}"
        closes = "-" if aspect.closes is None else f"{aspect.closes:.0%}"
        rows.append((aspect.name, run, good, moved, closes, _VERDICTS[aspect.verdict]))
    if rows:
        say()
        for line in table(("differs in", "here", "there", "F1", "of the gap", "verdict"), rows):
            say(line)
        say()
    if same:
        _fold(f"the same in both: {', '.join(same)}")
    for aspect in found.aspects:
        if not aspect.same:
            _fold(f"{aspect.name}: {'; '.join(aspect.evidence)}")
    for one in found.remaining:
        _fold(f"left of the gap, {one.kind}: {shown(one.run)} against {shown(one.good)}{_between(one)}")
    for line in found.notes:
        _fold(f"note: {line}")


def _between(gap: Gap) -> str:
    if gap.interval is None:
        return ""
    return f" (difference {gap.interval[0]:+.3f} to {gap.interval[1]:+.3f}, {gap.documents[0]} documents)"


def _cut(value: object) -> str:
    from medspan.diagnose.against.probe import words

    told = " ".join(words(value).split())
    return told if len(told) <= _LONGEST else f"{told[: _LONGEST - 3]}..."


def _fold(line: str, indent: str = "") -> None:
    shown_line = "".join(char if char.isprintable() else " " for char in line)
    for folded in textwrap.wrap(shown_line, WIDTH - len(indent), subsequent_indent="  ") or [""]:
        say(indent + folded)
