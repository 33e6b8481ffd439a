"""`medspan convert IN OUT --to FORMAT`: between corpus formats, counting what the target cannot hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from medspan.cli.console import (
    FORMATS,
    FormatName,
    JsonFile,
    OnError,
    Quiet,
    RejectedFile,
    Report,
    check_targets,
    counted,
    counting,
    notes,
    say,
    write_json,
)
from medspan.core import Example, InputError

ANNOTATIONS = ("as-read", "predicted")
RelationLevel = Annotated[
    str,
    typer.Option(
        "--relations",
        metavar="LEVEL",
        help="as-read; or turn all into relations between mentions (mention) or concepts (concept).",
    ),
]
WhichAnnotation = Annotated[
    str,
    typer.Option(
        "--annotation",
        metavar="WHICH",
        help="Where both are there: write both or the reference (as-read), or what was predicted.",
    ),
]
LossesFile = Annotated[
    Path | None,
    typer.Option("--losses", metavar="FILE", help="Lists what the format cannot hold (JSON lines)."),
]
TELL_EVERY = 100
"""After how many documents the running count is drawn anew."""


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Corpus file or folder; - for a pipe.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="What to write; a file is replaced.")],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help=f"Format to write: {FORMATS}.")],
    format: FormatName = "auto",
    relations: RelationLevel = "as-read",
    annotation: WhichAnnotation = "as-read",
    losses: LossesFile = None,
    on_error: OnError = "stop",
    rejected: RejectedFile = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Convert a corpus to another format."""
    from medspan.read import Stream
    from medspan.read.base import format_named
    from medspan.read.endpoints import AtLevel, Chosen
    from medspan.read.source import standard_input_as_file
    from medspan.read.write import lines_beside, write

    target_format = format_named(to)
    _check(target, relations, annotation)
    own = None if target_format.in_folder else target
    check_targets(own, losses, rejected, json_file, reads=(source,))
    with (
        standard_input_as_file(source) as path,
        lines_beside(rejected) as tell_rejected,
        lines_beside(losses) as tell_lost,
        counting("documents", quiet) as tell,
    ):
        refused = 0

        def hear(row: Any) -> None:
            nonlocal refused
            refused += 1
            tell_rejected(row)

        stream = Stream(path, format=format, on_error=on_error, heard=hear)  # type: ignore[arg-type]
        brought = AtLevel(Chosen(stream, annotation), relations)  # type: ignore[arg-type]
        examples = _Counted(brought, tell)
        lost = write(target, examples, to, tell_lost)
    counts = examples.counts.to_json()
    result = {
        **counts,
        "from": stream.format.name,
        "to": to,
        "brought": dict(sorted(brought.counts.items())),
        "lost": dict(sorted(lost.items())),
        "rejected": refused,
    }
    write_json(json_file, result)
    _report(result, target, losses, rejected, notes(quiet))


def _report(
    result: Mapping[str, Any], target: Path, losses: Path | None, rejected: Path | None, note: Report
) -> None:
    say(f"{target}: {result['documents']} documents from {result['from']} to {result['to']}")
    say(f"read: mentions: {counted(result['mentions'])}; relations: {counted(result['relations'])}")
    if result["brought"]:
        note(f"relations brought to another level: {counted(result['brought'])}")
    if result["unaligned"]:
        note(f"mentions without a place in their text: {result['unaligned']}")
    if result["unparsed"]:
        note(f"pieces of targets that could not be read: {result['unparsed']}")
    if result["lost"]:
        where = f"listed in {losses}" if losses else "name a file with --losses to list them"
        note(f"{result['to']} cannot hold: {counted(result['lost'])} ({where})")
    if any("type-not-asked" in kind for kind in result["lost"]):
        note(f"{result['to']} asks for its own types only, letter by letter: Chemical is not chemical")
    if result["rejected"]:
        where = f"listed in {rejected}" if rejected else "name a file with --rejected to list them"
        note(f"rows that could not be read and were left out: {result['rejected']} ({where})")


class _Counted:
    """A stream that counts what goes through, anew each time."""

    def __init__(self, stream: Iterable[Example], tell: Callable[[int], None]):
        from medspan.read.corpus import Counts

        self._stream, self._tell = stream, tell
        self.counts = Counts()

    def __iter__(self) -> Iterator[Example]:
        self.counts = type(self.counts)()
        for example in self._stream:
            self.counts.add(example)
            if self.counts.documents % TELL_EVERY == 0:
                self._tell(self.counts.documents)
            yield example


def _check(target: Path, level: str, annotation: str) -> None:
    from medspan.read.endpoints import LEVELS

    if level not in LEVELS:
        raise InputError(f"--relations is {level!r}", remedy=f"use {', '.join(LEVELS)}")
    if annotation not in ANNOTATIONS:
        raise InputError(f"--annotation is {annotation!r}", remedy=f"use {', '.join(ANNOTATIONS)}")
    if str(target) == "-":
        raise InputError(
            "OUT is -, and a file is to be written",
            cause="- stands for standard input, as IN",
            remedy="name a file, or /dev/stdout with --quiet",
        )
