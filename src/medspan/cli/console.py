"""What verbs share in talking: results to standard output, notes and bars to standard error, `--json`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from medspan.core import InputError

SCHEMA_VERSION = 1

FORMATS = (
    "bigbio, bioc-json, bioc-xml, brat, compact, compact-instruction, compact-messages, conll, medspan, "
    "pubtator, sections, sections-messages, sections-prompt, spert, tasks, tasks-instruction, tasks-messages"
)
"""Written out, so that --help need not load the readers."""

JsonFile = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the whole result to this file as JSON.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="No progress and no notes; the result and errors only.")]
FormatName = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"Format of the input: {FORMATS}; auto looks at the content.",
    ),
]
DocumentsFormat = Annotated[
    str,
    typer.Option(
        "--format",
        metavar="FORMAT",
        help=f"Format of the input: {FORMATS}, text; auto looks at the content.",
    ),
]
OnError = Annotated[
    str, typer.Option("--on-error", metavar="stop|skip", help="What to do at a row that cannot be read.")
]
RejectedFile = Annotated[
    Path | None,
    typer.Option("--rejected", metavar="FILE", help="With --on-error skip: lists what was left out."),
]
Device = Annotated[str, typer.Option("--device", metavar="D", help="auto, cpu, cuda, cuda:1, mps.")]
BaseModelName = Annotated[
    str | None,
    typer.Option("--base-model", metavar="M", help="Where the run's base model is now, if it was moved."),
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        "--min-confidence",
        metavar="P",
        help="Keep what is at least so probable, in place of the run's own limits (runs that tag).",
    ),
]
Int8 = Annotated[
    bool,
    typer.Option(
        "--int8", help="Eight-bit products on a processor: faster, a little less exact (runs that tag)."
    ),
]
Report = Callable[[str], None]


def notes(quiet: bool) -> Report:
    """A function that prints a line on standard error, or nothing if `quiet`."""

    def note(line: str) -> None:
        if not quiet:
            print(line, file=sys.stderr, flush=True)

    return note


def say(line: str = "") -> None:
    """Print a line of the result."""
    print(line)


def path_of(name: str) -> Callable[[str], Path]:
    """The parser of an argument or option that is a path: an empty one is refused, not taken for `.`."""

    def parsed(value: str) -> Path:
        if not value.strip():
            raise InputError(
                f"{name} is empty, and a path is wanted",
                cause='a variable of the shell that has no value, as in "$DIR"',
                remedy="name the file or folder (. is the folder that you are in)",
            )
        return Path(value)

    return parsed


def check_targets(*paths: Path | None, reads: Sequence[Path] = ()) -> None:
    """Make the folders of files to be written; InputError now rather than after the work.

    No file may be written twice, or be one of those that are read.
    """
    read = ("that is read", "an option that writes names what the call reads, or what a run was made of")
    twice = ("that is written already", "two options name the same file; one of them may do so by default")
    taken = {path.resolve(): read for path in reads}
    for path in paths:
        if path is None:
            continue
        if path.resolve() in taken:
            what, cause = taken[path.resolve()]
            raise InputError(f"{path} is a file {what}", cause=cause, remedy="write to another file")
        if not path.exists() or path.is_file():
            taken[path.resolve()] = twice
        if path.is_dir():
            raise InputError(
                f"{path} is a folder, and a file is to be written",
                cause="the name of the file is missing",
                remedy=f"name a file in it: {path / 'NAME'}",
            )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(
                f"{path.parent} cannot be made: {error.strerror or error}",
                cause="missing permission, or a file of that name",
                remedy="write to another place",
            ) from None
        problem = unwritable(path)
        if problem is not None:
            raise InputError(
                f"{path} cannot be written: {problem}",
                cause="missing permission, a full disk, or a file system that is read only",
                remedy="check it with ls -ld, or write to another place",
            )


def unwritable(path: Path) -> str | None:
    """Why no file can be written at `path`, whose folder is there; None where one can be.

    It is tried: on some file systems (/proc) permissions alone promise too much.
    """
    if path.is_dir():
        return "it is a folder"
    if path.exists() and not path.is_file():
        return None if os.access(path, os.W_OK) else "permission denied"
    # As `medspan.read.write` names the file that takes the place of the old one when it is complete.
    trial = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        trial.touch()
        trial.unlink()
    except OSError as error:
        return error.strerror or str(error)
    return None


def write_json(path: Path | None, data: Mapping[str, Any]) -> None:
    """Write the result of a verb, whole or not at all; nothing without a path."""
    if path is None:
        return
    from medspan.read import write_whole

    stated = {"schema_version": SCHEMA_VERSION, **data}
    write_whole(path, [json.dumps(stated, ensure_ascii=False, indent=1, allow_nan=False), "\n"])


def table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a table: the first column and headers to the left, the others to the right."""
    cells = [list(headers), *map(list, rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headers))]
    lines = []
    for row in cells:
        padded = [row[0].ljust(widths[0])]
        padded += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        lines.append("  ".join(padded).rstrip())
    return [lines[0], "-" * len(lines[0]), *lines[1:]]


def shown(value: float | None) -> str:
    """A score with three decimals; a dash where it is undefined."""
    return "-" if value is None else f"{value:.3f}"


def counted(counts: Mapping[str, int]) -> str:
    """`name n, name n` in the order given; `none` where there are none."""
    return ", ".join(f"{name} {count}" for name, count in counts.items()) or "none"


@contextmanager
def counting(what: str, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A running count on standard error where the total is not known; on a terminal only."""
    if quiet or not sys.stderr.isatty():
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} " + what), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done: bar.update(task, completed=done)


@contextmanager
def progress(what: str, total: int, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar on standard error; the function it gives hears how many are done."""
    if quiet:
        yield lambda done: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(what), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("left"))
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)
