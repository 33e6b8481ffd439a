"""`medspan evaluate RUN`, or `--reference F --predicted F`: scores, intervals, health, and a report."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.console import (
    BaseModelName,
    Device,
    FormatName,
    JsonFile,
    Quiet,
    Report,
    check_targets,
    notes,
    say,
    shown,
    write_json,
)
from medspan.cli.official import Official, OfficialCall, evaluate_official
from medspan.cli.scored_files import pair_files
from medspan.cli.scores import print_scores
from medspan.cli.scoring import (
    PerDocument,
    Samples,
    SchemaFile,
    Scored,
    Scoring,
    Seed,
    Training,
    load_part,
    score,
    write_per_document,
)
from medspan.cli.stored import Asked, run_part, run_predictions, run_schema, run_training, scored_predictions
from medspan.cli.words import decoding, sort_words
from medspan.core import InputError, Schema

if TYPE_CHECKING:
    from medspan.extract import DecodingOptions


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
    training: Training = None,
    schema_file: SchemaFile = None,
    per_document: PerDocument = None,
    samples: Samples = 1000,
    seed: Seed = 0,
    official: Official = None,
    device: Device = "auto",
    base_model: BaseModelName = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Score a run, or a file of predictions; a run's predictions are made where they are missing."""
    files, settings = sort_words(words)
    run_only = {"--split": split, "--again": again, "--free": free}
    _check_call(files, settings, (reference, predicted), run_only)
    read = [path for path in (reference, predicted, training, schema_file) if path is not None]
    check_targets(report, json_file, per_document, reads=read)
    if official is not None:
        asked_for = OfficialCall(official, format, allow_empty, report, quiet)
        evaluate_official(asked_for, reference, predicted, json_file)
        return
    note = notes(quiet)
    how = Scoring(allow_empty, _schema(schema_file), load_part(training, "--training"), samples, seed)
    if reference is not None and predicted is not None:
        pair = pair_files(reference, predicted, format, note)
        told = _Told(predicted.name, score(pair.examples, how, note=note), pair.facts)
    else:
        run = Path(files[0])
        asked = Asked(decoding(run, settings, free=free), device, base_model, again, quiet)
        told = _of_run(run, split, asked, how, note)
        report = report or run / "report.html"
    _tell(told, report, per_document, json_file)


@dataclass(frozen=True, slots=True)
class _Told:
    """The scores of a set, and what its report says beside them."""

    title: str
    found: Scored
    facts: dict[str, str]
    curves: str | None = None


def _of_run(run: Path, split: str | None, asked: Asked, how: Scoring, note: Report) -> _Told:
    name, examples = run_part(run, split, note)
    predictions, _ = run_predictions(run, name, examples, asked, note)
    own = replace(how, schema=how.schema or run_schema(run), training=how.training or run_training(run, name))
    try:
        found = score(predictions, own, scored_predictions(run, name, examples), note)
    except InputError as error:
        raise _with_decoding(error, run, asked.options) from None
    write_run_metrics(run, name, found)
    return _Told(f"{run.name}: {name}", found, run_facts(run, name), run_curves(run))


def _with_decoding(error: InputError, run: Path, options: DecodingOptions) -> InputError:
    """The refusal to score, with the decoding options that may have brought it about named first."""
    if options.repetition_penalty == 1.0 and not options.no_repeat_ngram_size:
        return error
    penalty, size = options.repetition_penalty, options.no_repeat_ngram_size
    said = (
        f"repetition_penalty={penalty} and no_repeat_ngram_size={size} forbid writing what the prompt holds"
    )
    return InputError(
        error.what,
        cause=f"decoding-blocks-copying: {said}; else, {error.cause}",
        remedy=f"medspan diagnose {run} tells which it is; {error.remedy}",
        place=error.place,
    )


def _tell(told: _Told, report: Path | None, per_document: Path | None, json_file: Path | None) -> None:
    if report is not None:
        write_html(report, told.title, told.found, told.facts, curves=told.curves)
    if per_document is not None:
        write_per_document(per_document, told.found.evaluation)
    result = told.found.to_json()
    write_json(json_file, result)
    print_scores(result)
    if report:
        say(f"report: {report}")


def _schema(path: Path | None) -> Schema | None:
    from medspan.read.schema_file import read_schema

    return None if path is None else read_schema(path)


def _check_call(
    files: list[str],
    settings: list[str],
    pair: tuple[Path | None, Path | None],
    run_only: Mapping[str, object],
) -> None:
    reference, _ = pair
    usage = "medspan evaluate RUN, or medspan evaluate --reference FILE --predicted FILE"
    if len(files) > 1:
        raise InputError(
            f"{len(files)} runs: {', '.join(files)}", cause="one is scored at a time", remedy=usage
        )
    if files and any(pair):
        raise InputError(
            f"the run {files[0]} and --{'reference' if reference else 'predicted'} are both given",
            cause="a run is scored on its own data",
            remedy=usage,
        )
    if not files and not all(pair):
        lacking = "a run" if not any(pair) else "--predicted" if reference else "--reference"
        raise InputError(f"{lacking} is missing", cause="there is nothing to score yet", remedy=usage)
    given = [name for name, value in run_only.items() if value]
    if any(pair) and given:
        raise InputError(
            f"{given[0]} is given with files",
            cause="it says how a run's predictions are chosen or made, and files hold theirs",
            remedy="leave it out",
        )
    if any(pair) and settings:
        raise InputError(
            f"{settings[0]!r} is given with files",
            cause="decoding options are for runs: predictions in a file are there already",
            remedy="leave it out",
        )


def write_run_metrics(run: Path, split: str, found: Scored) -> None:
    """Put the scores of a part into the run's metrics.json, beside those of other parts."""
    from medspan.read import write_whole

    path = run / "metrics.json"
    try:
        before = dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        before = {}
    write_whole(path, [json.dumps({**before, split: found.to_json()}, indent=1, ensure_ascii=False), "\n"])


def run_facts(run: Path, split: str) -> dict[str, str]:
    """What the report says of a run under its title; without record.json, that there is none."""
    if not (run / "record.json").is_file():
        return {"Run": str(run), "Made by": "not known, since there is no record.json"}
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


def run_curves(run: Path) -> str | None:
    """The picture of the run's training, where its log tells anything."""
    from medspan.evaluate.curves import judge, read_curves
    from medspan.evaluate.curves.picture import picture

    try:
        curves = read_curves(run)
    except InputError:
        return None
    return picture(curves, judge(curves))


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
    found: Scored,
    facts: dict[str, str],
    tables: list[tuple[str, list[str], list[list[str]]]] | None = None,
    curves: str | None = None,
) -> None:
    """Write report.html."""
    from medspan.evaluate import write_report
    from medspan.evaluate.match import Directions
    from medspan.evaluate.report import Details

    write_report(
        path,
        title=title,
        examples=found.examples,
        evaluation=found.evaluation,
        facts=facts,
        extra_tables=tables or (),
        details=Details(
            found.taxonomy.errors, found.taxonomy.to_json(), curves, Directions.of(found.scoring.schema)
        ),
    )
