"""`medspan compare A B [C ...]`: what differs between runs, whether it matters, outputs side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.compared import print_comparison
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
    write_json,
)
from medspan.cli.run_folders import (
    Compared,
    data_differences,
    named,
    part_of,
    read_record,
    schema_of,
    stored_examples,
)
from medspan.cli.scored_files import pair_files
from medspan.cli.scoring import SchemaFile
from medspan.cli.words import decoding, sort_words
from medspan.core import Document, Example, InputError, Schema

if TYPE_CHECKING:
    from medspan.evaluate.comparison import Answers, Comparison, Told

USAGE = "medspan compare RUN RUN..., or medspan compare FILE FILE... --reference FILE"


def compare(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="RUN RUN... [KEY=VALUE]...",
            help="Run folders, or files of predictions; decoding options for --text.",
        ),
    ] = None,
    reference: Annotated[
        Path | None,
        typer.Option("--reference", metavar="FILE", help="Annotated file that the predictions are for."),
    ] = None,
    format: FormatName = "auto",
    split: Annotated[
        str | None, typer.Option("--split", metavar="NAME", help="Part of the data; test, else validation.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="A text that every run answers.")] = None,
    task: Annotated[
        str | None, typer.Option("--task", help="With --text: ask this task only (runs with tasks).")
    ] = None,
    free: Annotated[bool, typer.Option("--free", help="With --text: decode without the grammar.")] = False,
    no_scores: Annotated[bool, typer.Option("--no-scores", help="Tell only what differs.")] = False,
    schema_file: SchemaFile = None,
    allow_empty: Annotated[bool, typer.Option("--allow-empty", help="Score empty predictions too.")] = False,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Page with all documents side by side.")
    ] = None,
    device: Device = "auto",
    base_model: BaseModelName = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Compare runs: what differs, scores with significance, what became of each document."""
    from medspan.evaluate.comparison import write_page

    files, settings = sort_words(words)
    _check_call(files, settings, text, task, free)
    check_targets(html, json_file, reads=[*map(Path, files), *([reference] if reference else [])])
    runs = named([Path(file) for file in files])
    scored = None if no_scores else Scored(reference, format, schema_file, allow_empty)
    given = None if text is None else Given(text, settings, task, free, device, base_model)
    shown = _told(runs, part_of(runs, split), scored, given, notes(quiet))
    write_json(json_file, _result(shown, runs))
    if html:
        write_page(html, shown)
    print_comparison(shown)
    if html:
        say()
        say(f"page: {html}")


@dataclass(frozen=True, slots=True)
class Scored:
    """How the predictions are scored: against their own references, or against a file's.

    `schema`: a file that says which relation types are symmetric or inverse, in place of the runs' own.
    """

    reference: Path | None
    format: str
    schema: Path | None
    allow_empty: bool


@dataclass(frozen=True, slots=True)
class Given:
    """A text given by hand, and how the runs are asked about it."""

    text: str
    settings: Sequence[str]
    task: str | None
    free: bool
    device: str
    base_model: str | None


def _told(
    runs: Sequence[Compared], part: str, scored: Scored | None, given: Given | None, say_note: Report
) -> Told:
    """All that there is to tell of the runs; `scored` and `given` are left out where they are None."""
    from medspan.evaluate.comparison import Told, record_differences

    told: list[str] = []

    def note(line: str) -> None:
        told.append(line)
        say_note(line)

    records = [read_record(run, part, note) if run.is_run else None for run in runs]
    answers = None if given is None else _answers(runs, given)
    found = None
    if scored:
        try:
            found = _scores(runs, part, scored, records, note)
        except InputError as error:
            # A text needs no reference: what cannot be scored is said, and the answers stand.
            if given is None:
                raise
            note(f"scores are not compared: {error}")
    folders = any(run.is_run for run in runs)
    return Told(
        names=[run.name for run in runs],
        facts=[_facts(run, record) for run, record in zip(runs, records, strict=True)],
        part=part if folders else "",
        records=record_differences(records) if folders else None,
        rows=data_differences(runs, records, note),
        comparison=found,
        answers=answers,
        notes=told,
    )


def _check_call(
    files: Sequence[str], settings: Sequence[str], text: str | None, task: str | None, free: bool
) -> None:
    if len(files) < 2:
        raise InputError(
            f"{'only one run is given: ' + files[0] if files else 'no run is given'}",
            cause="a comparison needs two runs or more",
            remedy=USAGE,
        )
    if text is not None and not text.strip():
        raise InputError("--text is blank", remedy='give a sentence: --text "..."')
    for_text = settings[0] if settings else "--task" if task is not None else "--free" if free else None
    if text is None and for_text:
        raise InputError(
            f"{for_text!r} is given without --text",
            cause="stored predictions were decoded already, and only a text given by hand is decoded now",
            remedy="leave it out; medspan evaluate RUN --again decodes anew",
        )


def _check_answerable(runs: Sequence[Compared]) -> None:
    for run in runs:
        if not run.is_run:
            raise InputError(
                f"{run.path} is a file, and --text needs runs",
                cause="a file of predictions has no model that could answer",
                remedy="name run folders, or leave --text out",
            )


def _scores(
    runs: Sequence[Compared],
    part: str,
    asked: Scored,
    records: Sequence[dict[str, Any] | None],
    note: Report,
) -> Comparison:
    from medspan.evaluate.comparison import System
    from medspan.evaluate.comparison import compare as score
    from medspan.evaluate.directions import schema_notes

    systems = []
    for run in runs:
        if asked.reference is None:
            examples = stored_examples(run, part, asked.format, note)
        else:
            examples = _against_reference(run, part, asked.reference, asked.format, note)
        _check_sides(run, examples)
        systems.append(System(run.name, examples))
    schema = _schema(runs, records, asked.schema, note)
    for line in schema_notes(schema, (example for system in systems for example in system.examples)):
        note(line)
    return score(systems, schema=schema, allow_empty=asked.allow_empty)


def _against_reference(run: Compared, part: str, reference: Path, format: str, note: Report) -> list[Example]:
    """The documents of an annotated file with a run's predictions, or with those of a file.

    A file is read as medspan evaluate reads it: generated text of another trainer too.
    """
    from medspan.core.errors import missing_file
    from medspan.evaluate import compare_sets
    from medspan.read import load

    if not reference.exists():
        raise missing_file(reference, "--reference")
    try:
        if not run.is_run:
            return pair_files(reference, run.path, format, note).examples
        return compare_sets(load(reference, format=format).examples, stored_examples(run, part, format, note))
    except InputError as error:
        # What is wrong with a file or with --format is no misfit of the two.
        if run.name in error.what or repr(format) in error.what or error.place is not None:
            raise
        raise InputError(
            f"{run.name} does not fit {reference}: {error.what}",
            cause=error.cause,
            remedy=error.remedy,
        ) from None


def _schema(
    runs: Sequence[Compared], records: Sequence[dict[str, Any] | None], path: Path | None, note: Report
) -> Schema | None:
    """The schema by which all runs are scored: that of the file, else of the first run that has one."""
    from medspan.evaluate.match import Directions
    from medspan.read.schema_file import read_schema

    if path is not None:
        return read_schema(path)
    held = [(run, schema) for run, record in zip(runs, records, strict=True) if (schema := schema_of(record))]
    if not held:
        return None
    (first, schema), *others = held
    for run, other in others:
        if Directions.of(other) != Directions.of(schema):
            note(
                f"{run.name} has other symmetric or inverse relation types than {first.name}, by whose "
                "schema all are scored; --schema FILE names another"
            )
    return schema


def _check_sides(run: Compared, examples: Sequence[Example]) -> None:
    for side in ("reference", "predicted"):
        lacking = [one.id for one in examples if getattr(one, side) is None]
        if lacking:
            raise InputError(
                f"{len(lacking)} of {len(examples)} documents of {run.name} have no {side} annotation "
                f"({', '.join(lacking[:3])}{', ...' if len(lacking) > 3 else ''})",
                cause="the predictions were made on texts without annotation"
                if side == "reference"
                else "an annotated file was given as predictions, or extraction was not run on it",
                remedy="give the annotated file with --reference FILE"
                if side == "reference"
                else "medspan extract RUN FILE --out PREDICTIONS, and compare those",
            )


def _answers(runs: Sequence[Compared], given: Given) -> Answers:
    """What each run finds in the text, one model after the other."""
    from medspan.cli.documents import ask
    from medspan.cli.predict import Tally, load_extractor, predictions
    from medspan.evaluate.comparison import Answers
    from medspan.extract import adapter_folder
    from medspan.format import load_card

    _check_answerable(runs)
    example = Example(Document("text", given.text), source="text")
    found = []
    for run in runs:
        questions = ask([example], load_card(adapter_folder(run.path)), given.task)
        options = decoding(run.path, given.settings, free=given.free)
        extractor = load_extractor(run.path, options, device=given.device, base_model=given.base_model)
        found.append(tuple(predictions(extractor, questions, Tally(), quiet=True)))
    return Answers(given.text, tuple(run.name for run in runs), tuple(found))


def _facts(run: Compared, record: dict[str, Any] | None) -> dict[str, str]:
    """What a page says of a run under its name."""
    config = (record or {}).get("config") or {}
    names = {"base_model": "Base model", "method": "Method", "format": "Format", "seed": "Seed"}
    facts = {name: str(config[key]) for key, name in names.items() if config.get(key) is not None}
    return {("Run" if run.is_run else "File"): str(run.path), **facts}


def _result(told: Told, runs: Sequence[Compared]) -> dict[str, Any]:
    """What --json writes."""
    answers = None
    if told.answers:
        from medspan.read import example_to_json

        answers = {
            **told.answers.to_json(),
            "answers": [
                {"name": run.name, "examples": [example_to_json(one) for one in examples]}
                for run, examples in zip(runs, told.answers.found, strict=True)
            ],
        }
    scored = told.comparison.to_json() if told.comparison else {}
    return {
        "runs": [{"name": run.name, "path": str(run.path)} for run in runs],
        "split": told.part or None,
        "records": None if told.records is None else told.records.to_json(),
        "data": [
            {
                "first": runs[0].name,
                "second": run.name,
                "parts": {part: one.to_json() for part, one in parts.items()},
            }
            for run, parts in zip(runs[1:], told.rows, strict=True)
        ],
        "documents": scored.get("documents"),
        "groups": scored.get("groups"),
        "scores": scored.get("scores"),
        "sampling": scored.get("sampling"),
        "comparisons": scored.get("comparisons"),
        "text": answers,
        "notes": list(told.notes),
    }
