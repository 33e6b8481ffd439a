"""`medspan evaluate RUN`, or `--reference F --predicted F`: scores, intervals, health, and a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.console import (
    BaseModelName,
    Device,
    FormatName,
    JsonFile,
    Quiet,
    check_targets,
    notes,
    say,
    shown,
    write_json,
)
from medspan.cli.scores import print_scores
from medspan.cli.stored import Asked, run_part, run_predictions, scored_predictions
from medspan.cli.words import decoding, sort_words
from medspan.core import Example, InputError

if TYPE_CHECKING:
    from medspan.evaluate import Evaluation


def evaluate(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[RUN] [KEY=VALUE]...", help="Run folder; decoding options."),
    ] = None,
    reference: Annotated[
        Path | None, typer.Option("--reference", metavar="FILE", help="Annotated file, in place of a run.")
    ] = None,
    predicted: Annotated[
        Path | None, typer.Option("--predicted", metavar="FILE", help="Predictions for it, in any format.")
    ] = None,
    format: FormatName = "auto",
    split: Annotated[
        str | None,
        typer.Option("--split", metavar="NAME", help="Part of the data; test, else validation."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Extract anew, even if it is stored.")] = False,
    free: Annotated[bool, typer.Option("--free", help="Without the grammar, as other tools decode.")] = False,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Score empty predictions too.")] = False,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="HTML report; RUN/report.html for a run.")
    ] = None,
    device: Device = "auto",
    base_model: BaseModelName = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Score a run, or a file of predictions; a run's predictions are made where they are missing."""
    files, settings = sort_words(words)
    _check_call(files, settings, reference, predicted)
    check_targets(report, json_file)
    if reference is not None and predicted is not None:
        found = score_files(reference, predicted, format, allow_empty=allow_empty, report=report)
    else:
        run = Path(files[0])
        note = notes(quiet)
        name, examples = run_part(run, split, note)
        asked = Asked(decoding(run, settings, free=free), device, base_model, again, quiet)
        predictions, _ = run_predictions(run, name, examples, asked, note)
        from medspan.evaluate import evaluate as score

        scored = scored_predictions(run, name, examples)
        found = score(predictions, allow_empty=allow_empty, scored=scored)
        report = report or run / "report.html"
        write_run_metrics(run, name, found)
        facts = run_facts(run, name)
        write_html(report, f"{run.name}: {name}", predictions, found, facts)
    result = found.to_json()
    write_json(json_file, result)
    print_scores(result)
    if report:
        say(f"report: {report}")


def _check_call(
    files: list[str], settings: list[str], reference: Path | None, predicted: Path | None
) -> None:
    usage = "medspan evaluate RUN, or medspan evaluate --reference FILE --predicted FILE"
    if len(files) > 1:
        raise InputError(
            f"{len(files)} runs: {', '.join(files)}", cause="one is scored at a time", remedy=usage
        )
    pair = (reference, predicted)
    if files and any(pair):
        raise InputError(
            f"the run {files[0]} and --{'reference' if reference else 'predicted'} are both given",
            cause="a run is scored on its own data",
            remedy=usage,
        )
    if not files and not all(pair):
        lacking = "a run" if not any(pair) else "--predicted" if reference else "--reference"
        raise InputError(f"{lacking} is missing", cause="there is nothing to score yet", remedy=usage)
    if any(pair) and settings:
        raise InputError(
            f"{settings[0]!r} is given with files",
            cause="decoding options are for runs: predictions in a file are there already",
            remedy="leave it out",
        )


def score_files(
    reference: Path, predicted: Path, format: str, *, allow_empty: bool, report: Path | None
) -> Evaluation:
    """The scores of a file of predictions against an annotated file."""
    from medspan.evaluate import compare_sets
    from medspan.evaluate import evaluate as score
    from medspan.read import detect, load

    references = load(reference, format=format)
    # Predictions are mostly what `extract` wrote, whatever the format of the reference.
    own = predicted.is_file() and format != "auto" and _detected(predicted, detect) == "medspan"
    predictions = load(predicted, format="medspan" if own else format)
    examples = compare_sets(references.examples, predictions.examples)
    found = score(examples, allow_empty=allow_empty)
    if report:
        facts = {"Reference": str(reference), "Predictions": str(predicted), "Format": references.format}
        write_html(report, predicted.name, examples, found, facts)
    return found


def _detected(path: Path, detect: Any) -> str | None:
    try:
        return str(detect(path))
    except InputError:
        return None


def write_run_metrics(run: Path, split: str, found: Evaluation) -> None:
    """Put the scores of a part into the run's metrics.json, beside those of other parts."""
    from medspan.read import write_whole

    path = run / "metrics.json"
    try:
        before = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        before = {}
    write_whole(path, [json.dumps({**before, split: found.to_json()}, indent=1, ensure_ascii=False), "\n"])


def run_facts(run: Path, split: str) -> dict[str, str]:
    """What the report says of a run under its title."""
    record = json.loads((run / "record.json").read_text(encoding="utf-8"))
    made = json.loads((run / "predictions" / f"{split}.made.json").read_text(encoding="utf-8"))
    decoded = made["decoding"]
    return {
        "Run": str(run),
        "Base model": str(record["base_model"]["name"]),
        "Method": _method(record["format"]),
        "Chosen step": f"{record['trained']['best_step'] or record['trained']['steps']}",
        **({"Decoding": "grammar" if decoded["grammar"] else "free"} if not _tags(record["format"]) else {}),
        **_calibration(record["format"]),
        "medspan": str(record["packages"].get("medspan", "")),
    }


def _calibration(card: dict[str, Any]) -> dict[str, str]:
    """The calibration errors on validation, before and after, of a run that gives probabilities."""
    told = [
        f"{kind}s {shown(line['ece_before'])}, after {shown(line['ece_after'])}"
        for kind, line in card.get("calibration", {}).items()
    ]
    return {"Calibration error on validation": "; ".join(told)} if told else {}


def _tags(card: dict[str, Any]) -> bool:
    return card.get("method") == "tag"


def _method(card: dict[str, Any]) -> str:
    """The method of a run in words, with its format or what it reads relations from."""
    if _tags(card):
        return f"tag, relations by {card['level']}"
    return f"generate, format {card['format']}"


def write_html(
    path: Path,
    title: str,
    examples: list[Example],
    found: Evaluation,
    facts: dict[str, str],
    tables: list[tuple[str, list[str], list[list[str]]]] | None = None,
) -> None:
    """Write report.html."""
    from medspan.evaluate import write_report

    write_report(
        path, title=title, examples=examples, evaluation=found, facts=facts, extra_tables=tables or ()
    )
