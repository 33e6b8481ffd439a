"""`medspan audit PATH...`: what in this data would ruin a training or a score."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
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
from medspan.core import ConfigError

if TYPE_CHECKING:
    from medspan.audit import Audit, Data, Part
    from medspan.audit.fixed import Fixed
    from medspan.core import Schema
    from medspan.models.counting import TokenCounter
    from medspan.read import Corpus

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
    typer.Option(
        "--schema",
        metavar="FILE",
        help="All types, with legal pairs, symmetric and inverse ones (JSON or YAML; docs/audit.md).",
    ),
]
WriteSchema = Annotated[
    Path | None,
    typer.Option(
        "--write-schema", metavar="FILE", help="Write the schema that the data show, to change for --schema."
    ),
]
PolicyFile = Annotated[
    Path | None,
    typer.Option("--policy", metavar="FILE", help="YAML of check ids with error, warning, info or off."),
]
BaseModel = Annotated[
    str | None,
    typer.Option("--base-model", metavar="M", help="The model to be trained, whose tokens are counted."),
]
MaxLength = Annotated[
    int | None,
    typer.Option(
        "--max-length", metavar="N", min=1, help="Most tokens of prompt and target: what is cut then?"
    ),
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
HtmlFile = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Write a page to look at: figures, findings, cases."),
]
Fix = Annotated[
    bool,
    typer.Option("--fix", help="Apply the safe remedies, and write the repaired data into the folder --out."),
]
OutFolder = Annotated[
    Path | None,
    typer.Option("--out", metavar="DIR", help="With --fix: a folder that is new or empty."),
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
    write_schema: WriteSchema = None,
    policy: PolicyFile = None,
    base_model: BaseModel = None,
    max_length: MaxLength = None,
    benchmark: Benchmarks = None,
    original: Original = None,
    cases: CasesFile = None,
    html: HtmlFile = None,
    fix: Fix = False,
    out: OutFolder = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Find what would ruin a training or a score: leaks, lost labels, targets that cannot be learnt."""
    from medspan.audit import audit as run_checks
    from medspan.audit import load_policy
    from medspan.read.schema_file import read_schema

    given = [path for path in (schema_file, policy, original, *(benchmark or ())) if path]
    check_targets(json_file, rejected, cases, html, write_schema, reads=[*paths, *given])
    _check_out(fix, out)
    chosen = load_policy(policy)
    schema = read_schema(schema_file) if schema_file else None
    corpora = _corpora(paths, format, on_error, rejected)
    fixed = _fixed(corpora, out, format, schema)
    data = _data(
        corpora,
        stated_schema=schema,
        benchmarks={str(path): _part(path) for path in benchmark or ()},
        original=_part(original) if original else None,
        count_tokens=_token_counter(base_model, max_length),
        max_length=max_length,
        named=tuple(map(str, paths)),
    )
    _note_reading(data, notes(quiet))
    done = run_checks(data, chosen)
    write_json(json_file, {**done.to_json(), **({"fix": fixed.to_json()} if fixed else {})})
    _write_schema(write_schema, data)
    _write_cases(cases, done)
    _write_html(html, paths, done)
    _say_found(done, quiet)
    if fixed is not None:
        _say_fixed(fixed, paths)
    if done.errors:
        raise typer.Exit(BAD)


def _check_out(fix: bool, out: Path | None) -> None:
    if fix and out is None:
        raise ConfigError(
            "--fix needs --out",
            cause="the data are never altered where they stand",
            remedy="name a folder for the repaired data, for instance --fix --out repaired",
        )
    if out is not None and not fix:
        raise ConfigError(
            f"--out is {out}, and nothing is written there without --fix",
            cause="--fix was forgotten",
            remedy="add --fix, or write the findings with --json, --html or --cases",
        )


def _corpora(paths: Sequence[Path], format: str, on_error: str, rejected: Path | None) -> dict[str, Corpus]:
    from medspan.read import load_splits

    source = paths[0] if len(paths) == 1 else paths
    return load_splits(source, format=format, on_error=on_error, rejected=rejected)  # type: ignore[arg-type]


def _fixed(
    corpora: Mapping[str, Corpus], out: Path | None, format: str, schema: Schema | None
) -> Fixed | None:
    if out is None:
        return None
    from medspan.audit.fix import fix

    return fix(corpora, out, format=format, schema=schema)


def _data(corpora: Mapping[str, Corpus], **more: Any) -> Data:
    from medspan.audit import Data

    return Data.of(corpora, **more)


def _say_found(done: Audit, quiet: bool) -> None:
    from medspan.audit.report import lines

    if not quiet:
        for line in table(("split", "rows", "documents", "tasks"), _overview(done)):
            say(line)
        say()
    for line in lines(done):
        say(line)


def _say_fixed(fixed: Fixed, paths: Sequence[Path]) -> None:
    say()
    for line in (*table(*fixed.summary()), "", *fixed.lines()):
        say(line)
    again = [fixed.folder] if len(paths) == 1 and len(fixed.files) > 1 else map(Path, fixed.files.values())
    say(f"to see what is left: medspan audit {' '.join(shlex.quote(str(path)) for path in again)}")


def _token_counter(base_model: str | None, max_length: int | None) -> TokenCounter | None:
    """Of the model that is named, or of the default one where a limit is; None without both."""
    if base_model is None and max_length is None:
        return None
    from medspan.models.counting import token_counter

    return token_counter(base_model or "default")


def _part(path: Path) -> Part:
    """All rows of a corpus, its splits put together."""
    from medspan.audit import Part
    from medspan.read import load_splits

    corpora = load_splits(path, on_error="skip").values()
    return Part.of(str(path), (example for corpus in corpora for example in corpus))


def _note_reading(data: Data, note: Report) -> None:
    for part in data.parts:
        note(f"{part.name}: {', '.join(part.files)} ({', '.join(part.formats)})")


def _overview(done: Audit) -> list[list[str]]:
    rows = []
    for name, split in done.to_json()["splits"].items():
        tasks = ", ".join(f"{task} {share:.0%}" for task, share in split["tasks"].items())
        rows.append([name, str(split["examples"]), str(split["documents"]), tasks])
    return rows


def _write_schema(path: Path | None, data: Data) -> None:
    if path is not None:
        from medspan.read import write_whole

        write_whole(path, [json.dumps(data.schema.to_json(), ensure_ascii=False, indent=1), "\n"])


def _write_html(path: Path | None, paths: Sequence[Path], done: Audit) -> None:
    if path is not None:
        from medspan.audit.page import write_page

        write_page(path, done, title=", ".join(source.resolve().name for source in paths))


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
