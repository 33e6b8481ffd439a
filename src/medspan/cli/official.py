"""`medspan evaluate --official NAME`: the scores that a benchmark's own evaluator would give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from medspan.cli.console import check_targets, notes, say, shown, table, write_json
from medspan.core import InputError

Official = Annotated[
    str | None,
    typer.Option(
        "--official",
        metavar="NAME",
        help="Count as this benchmark's own evaluator does, and only so: bc5cdr.",
    ),
]
"""The names are written out, so that --help need not load the scorers."""

HEADERS = ("P", "R", "F1", "TP", "FP", "FN")


@dataclass(frozen=True, slots=True)
class OfficialCall:
    """The options of `medspan evaluate` that bear on an official scorer."""

    name: str
    format: str
    allow_empty: bool
    report: Path | None
    quiet: bool


def evaluate_official(
    call: OfficialCall, reference: Path | None, predicted: Path | None, json_file: Path | None
) -> None:
    """Score a file of predictions against a reference as the official evaluator does, and print it."""
    from medspan.evaluate.official import scorer_named

    scorer = scorer_named(call.name)
    if reference is None or predicted is None:
        raise InputError(
            f"--official {call.name} is given with a run",
            cause="official evaluators compare two files",
            remedy="name the benchmark's file with --reference, and with --predicted the run's, such as "
            "RUN/predictions/test.jsonl",
        )
    if call.report is not None:
        raise InputError(
            f"--official {call.name} is given with --report",
            cause="official evaluators give scores, and no report is made of them",
            remedy="leave out one of the two",
        )
    check_targets(json_file, reads=[reference, predicted])
    found = scorer.score(reference, predicted, format=call.format, allow_empty=call.allow_empty)
    result = found.to_json()
    write_json(json_file, result)
    note = notes(call.quiet)
    for line in found.notes:
        note(f"note: {line}")
    _print(call.name, found.documents, {level: result[level] for level in found.levels})


def _print(name: str, documents: Mapping[str, int], levels: Mapping[str, Mapping[str, Any]]) -> None:
    say(f"{documents['reference']} documents, counted as the official evaluator {name} does")
    say()
    rows = [
        [f"{level} {type}", *map(shown, (score["precision"], score["recall"], score["f1"])), *_counts(score)]
        for level, types in levels.items()
        for type, score in types.items()
    ]
    for line in table((name, *HEADERS), rows):
        say(line)


def _counts(score: Mapping[str, int]) -> list[str]:
    return [str(score[f"{kind}s"]) for kind in ("true_positive", "false_positive", "false_negative")]
