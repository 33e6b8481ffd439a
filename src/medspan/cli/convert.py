"""`medspan convert IN OUT --to FORMAT`: between corpus formats, counting what the target cannot hold."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from medspan.cli.console import (
    FORMATS,
    FormatName,
    JsonFile,
    OnError,
    Quiet,
    RejectedFile,
    check_targets,
    counted,
    notes,
    say,
    write_json,
)
from medspan.core import InputError


def convert(
    source: Annotated[Path, typer.Argument(metavar="IN", help="Corpus file.")],
    target: Annotated[Path, typer.Argument(metavar="OUT", help="File to write; replaced if there.")],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help=f"Format to write: {FORMATS}.")],
    format: FormatName = "auto",
    on_error: OnError = "stop",
    rejected: RejectedFile = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Convert a corpus file to another format."""
    from medspan.read import load, write
    from medspan.read.base import format_named

    format_named(to)
    check_targets(target, rejected, json_file)
    if target.exists() and source.exists() and target.samefile(source):
        raise InputError(
            f"{target} is the file that is read",
            cause="IN and OUT are the same",
            remedy="write to another file",
        )
    corpus = load(source, format=format, on_error=on_error, rejected=rejected)  # type: ignore[arg-type]
    lost = write(target, corpus.examples, to)
    counts = corpus.counts()
    result = {
        **{key: counts[key] for key in ("documents", "mentions", "relations", "unaligned", "unparsed")},
        "aligned_by": counts["aligned_by"],
        "from": corpus.format,
        "to": to,
        "lost": dict(sorted(lost.items())),
        "rejected": len(corpus.rejected),
    }
    write_json(json_file, result)
    say(f"{target}: {len(corpus)} documents from {corpus.format} to {to}")
    say(f"mentions: {counted(counts['mentions'])}; relations: {counted(counts['relations'])}")
    note = notes(quiet)
    if counts["unaligned"]:
        note(f"mentions without a place in their text: {counts['unaligned']}")
    if counts["unparsed"]:
        note(f"pieces of targets that could not be read: {counts['unparsed']}")
    if lost:
        note(f"{to} cannot hold: {counted(result['lost'])}")
    if corpus.rejected:
        where = f"listed in {rejected}" if rejected else "name a file with --rejected to list them"
        note(f"rows that could not be read and were left out: {len(corpus.rejected)} ({where})")
