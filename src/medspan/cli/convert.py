"""`medspan convert IN OUT --to FORMAT`: between corpus formats, counting what the target cannot hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
from medspan.core import InputError

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
Renames = Annotated[
    list[str] | None,
    typer.Option(
        "--rename",
        metavar="OLD=NEW",
        help="Another name for an entity or relation type; may be given several times.",
    ),
]
LossesFile = Annotated[
    Path | None,
    typer.Option("--losses", metavar="FILE", help="Lists what the format cannot hold (JSON lines)."),
]


def convert(
    source: Annotated[
        Path,
        typer.Argument(metavar="IN", help="Corpus file or folder, folder of splits, or - for a pipe."),
    ],
    target: Annotated[
        Path,
        typer.Argument(
            metavar="OUT",
            help="What to write; a file is replaced. Of a folder of splits a folder; - for a pipe.",
        ),
    ],
    to: Annotated[str, typer.Option("--to", metavar="FORMAT", help=f"Format to write: {FORMATS}.")],
    format: FormatName = "auto",
    relations: RelationLevel = "as-read",
    annotation: WhichAnnotation = "as-read",
    rename: Renames = None,
    losses: LossesFile = None,
    on_error: OnError = "stop",
    rejected: RejectedFile = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Convert a corpus to another format."""
    from medspan.read import conversion
    from medspan.read.base import format_named
    from medspan.read.source import standard_input_as_file
    from medspan.read.write import lines_beside

    target_format = format_named(to)
    asked = conversion.Conversion(to, format, relations, annotation, parse_renames(rename), on_error)  # type: ignore[arg-type]
    with standard_input_as_file(source) as path:
        work = _work(path, target, target_format.suffix, format, notes(quiet))
        own = [] if target_format.in_folder or str(target) == PIPE else [one for _, one in work.values()]
        read = [file for files, _ in work.values() for file in files]
        check_targets(*own, losses, rejected, json_file, reads=(source, *read))
        done = conversion.Converted()
        with (
            lines_beside(rejected) as tell_rejected,
            lines_beside(losses) as tell_lost,
            counting("documents", quiet) as tell,
        ):
            for files, out in work.values():
                done.add(
                    conversion.convert(
                        files, out, asked, tell_lost=tell_lost, tell_rejected=tell_rejected, tell=tell
                    )
                )
    result = {**done.to_json(), "to": to, "files": {name: str(out) for name, (_, out) in work.items()}}
    write_json(json_file, result)
    # What is written to a pipe must not be mixed with words.
    told = notes(quiet) if str(target) == PIPE else say
    told(f"{target}: {result['documents']} documents from {result['from']} to {to}")
    placeless = f" ({result['unaligned']} have no place in their text)" if result["unaligned"] else ""
    mentions = f"{counted(result['mentions'])}{placeless}"
    told(f"read: mentions: {mentions}; relations: {counted(result['relations'])}")
    if result["lost"]:
        where = f"listed in {losses}" if losses else "name a file with --losses to list them"
        told(f"LOST, as {to} cannot hold it: {counted(result['lost'])} ({where})")
    _report(result, rejected, notes(quiet))


PIPE = "-"
Work = dict[str, tuple[Sequence[Path], Path]]


def _work(source: Path, target: Path, suffix: str, format: str, note: Report) -> Work:
    """What is read and written under each name: one corpus, or the splits of a folder."""
    from medspan.read.splits import is_corpus_folder, split_files

    if not source.is_dir() or is_corpus_folder(source):
        return {"corpus": ([source], target)}
    if target.is_file() or str(target) == PIPE:
        raise InputError(
            f"{source} is a folder of splits, and OUT, {target}, is "
            f"{'a file' if target.is_file() else 'a pipe'}",
            cause="the splits of a folder are written side by side into a folder",
            remedy="name a folder as OUT, or one file as IN",
        )
    splits = split_files(source, format)
    for name, files in splits.items():
        note(f"{name}: {', '.join(path.name for path in files.read)}")
        if files.ignored:
            note(f"{name}: not read: {', '.join(path.name for path in files.ignored)}")
    return {name: (files.read, target / f"{name}{suffix}") for name, files in splits.items()}


def parse_renames(stated: Sequence[str] | None) -> dict[str, str]:
    """New names by old ones. InputError where one is not OLD=NEW, or a name is given two new ones."""
    found: dict[str, str] = {}
    for one in stated or ():
        old, sign, new = (part.strip() for part in one.partition("="))
        if not (old and sign and new):
            raise InputError(
                f"--rename is {one!r}",
                cause="a type's old and new name are wanted",
                remedy="for instance --rename Chemical=chemical",
            )
        if found.setdefault(old, new) != new:
            raise InputError(
                f"--rename gives {old!r} two new names: {found[old]!r} and {new!r}",
                remedy="leave one of them out",
            )
    return found


def _report(result: Mapping[str, Any], rejected: Path | None, note: Report) -> None:
    if result["brought"]:
        note(f"relations brought to another level: {counted(result['brought'])}")
    if result["renamed"]:
        note(f"renamed: {counted(result['renamed'])}")
    for old in (old for old, count in result["renamed"].items() if not count):
        types = ", ".join((*result["mentions"], *result["relations"])) or "none"
        note(f"--rename: nothing has the type {old!r}; the types (renamed) are: {types}")
    if result["merged"]:
        note(f"mentions and relations that were the same as another once renamed: {result['merged']}")
    if result["unparsed"]:
        note(f"pieces of targets that could not be read: {result['unparsed']}")
    if any("type-not-asked" in kind for kind in result["lost"]):
        note(f"{result['to']} asks for its own types only, letter by letter: --rename OLD=NEW names them so")
    if result["rejected"]:
        where = f"listed in {rejected}" if rejected else "name a file with --rejected to list them"
        note(f"rows that could not be read and were left out: {result['rejected']} ({where})")
