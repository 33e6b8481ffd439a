"""`medspan audit PATH...`: what in this data would ruin a training or a score."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.console import (
    FormatName,
    JsonFile,
    Quiet,
    RejectedFile,
    Report,
    check_targets,
    notes,
    say,
    table,
    write_json,
)

if TYPE_CHECKING:
    from medspan.audit import Audit, Data, Part

BAD = 1


def _print_checks(wanted: bool) -> None:
    if wanted:
        from medspan.audit.report import checks_table

        for line in checks_table():
            say(line)
        raise typer.Exit


ListChecks = Annotated[
    bool,
    typer.Option(
        "--list",
        callback=_print_checks,
        is_eager=True,
        help="Print the checks with their severities, what they mean and what they count.",
    ),
]
SkipRows = Annotated[
    str,
    typer.Option("--on-error", metavar="stop|skip", help="At a row that cannot be read; skip counts it."),
]
SchemaFile = Annotated[
    Path | None,
    typer.Option("--schema", metavar="FILE", help="Types, legal pairs, symmetric and inverse ones (JSON)."),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="YAML of check ids with error, warning, info or off."),
]
BaseModel = Annotated[
    str | None,
    typer.Option("--base-model", metavar="M", help="The model to be trained: its tokens are counted."),
]
MaxLength = Annotated[
    int | None,
    typer.Option("--max-length", metavar="N", help="Most tokens of prompt and target: what is cut then?"),
]
Benchmarks = Annotated[
    list[Path] | None,
    typer.Option("--benchmark", metavar="PATH", help="A test set that must not be in the data; repeatable."),
]
Original = Annotated[
    Path | None,
    typer.Option("--original", metavar="PATH", help="The same data before cleaning: what was cut off?"),
]
CasesFile = Annotated[
    Path | None,
    typer.Option("--cases", metavar="FILE", help="Lists every case of every finding (JSON lines)."),
]


def audit(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH...", help="A folder of train, validation and test files, or files."),
    ],
    list_checks: ListChecks = False,
    format: FormatName = "auto",
    on_error: SkipRows = "skip",
    rejected: RejectedFile = None,
    schema_file: SchemaFile = None,
    policy: PolicyFile = None,
    base_model: BaseModel = None,
    max_length: MaxLength = None,
    benchmark: Benchmarks = None,
    original: Original = None,
    cases: CasesFile = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Find what would ruin a training or a score: leaks, lost labels, targets that cannot be learnt."""
    from medspan.audit import audit as run_checks
    from medspan.audit import load_policy
    from medspan.audit.report import lines
    from medspan.read.schema_file import read_schema

    given = [path for path in (schema_file, policy, original, *(benchmark or ())) if path]
    check_targets(json_file, rejected, cases, reads=[*paths, *given])
    chosen = load_policy(policy)
    note = notes(quiet)
    data = _data(
        paths,
        format,
        on_error,
        rejected,
        stated_schema=read_schema(schema_file) if schema_file else None,
        benchmarks={str(path): _part(path) for path in benchmark or ()},
        original=_part(original) if original else None,
        base_model=base_model,
        max_length=max_length,
    )
    _note_reading(data, note)
    done = run_checks(data, chosen)
    write_json(json_file, done.to_json())
    _write_cases(cases, done)
    if not quiet:
        for line in table(("split", "rows", "documents", "tasks"), _overview(done)):
            say(line)
        say()
    for line in lines(done):
        say(line)
    if done.errors:
        raise typer.Exit(BAD)


def _data(paths: Sequence[Path], format: str, on_error: str, rejected: Path | None, **more: Any) -> Data:
    from medspan.audit import Data
    from medspan.read import load_splits

    source = paths[0] if len(paths) == 1 else paths
    corpora = load_splits(source, format=format, on_error=on_error, rejected=rejected)  # type: ignore[arg-type]
    return Data.of(corpora, **more)


def _part(path: Path) -> Part:
    """All rows of a corpus, its splits put together."""
    from medspan.audit import Part
    from medspan.read import load_splits

    corpora = load_splits(path, on_error="skip").values()
    return Part.of(str(path), (example for corpus in corpora for example in corpus))


def _note_reading(data: Data, note: Report) -> None:
    for part in data.parts:
        note(f"{part.name}: {', '.join(part.files)} ({', '.join(part.formats)})")
        if part.rejected:
            note(f"{part.name}: {part.rejected} rows could not be read (--rejected FILE lists them)")


def _overview(done: Audit) -> list[list[str]]:
    rows = []
    for name, split in done.to_json()["splits"].items():
        tasks = ", ".join(f"{task} {share:.0%}" for task, share in split["tasks"].items())
        rows.append([name, str(split["examples"]), str(split["documents"]), tasks])
    return rows


def _write_cases(path: Path | None, done: Audit) -> None:
    from medspan.read import write_whole
    from medspan.read.instruction_rows import json_line

    if path is not None:
        write_whole(
            path,
            (
                json_line(
                    {
                        "check": finding.check,
                        "split": finding.split,
                        "against": finding.against,
                        **case.to_json(),
                    }
                )
                for finding in done.findings
                for case in finding.cases
            ),
        )
