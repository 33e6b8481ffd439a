"""`medspan split PATH --out DIR`: train, validation and test parts between which nothing leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from medspan.cli.console import (
    FormatName,
    JsonFile,
    Quiet,
    Report,
    check_targets,
    counted,
    notes,
    say,
    write_json,
)
from medspan.core import ConfigError, InputError

if TYPE_CHECKING:
    from medspan.read import Corpus

SHOWN = 5
"""How many shares that are off are told; all are in the result of --json."""
PARTS = ("train", "validation", "test")


def split(
    source: Annotated[
        Path, typer.Argument(metavar="PATH", help="Corpus file, or a folder of parts, which are pooled.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="Folder for train.*, validation.* and test.*; replaced if there."
        ),
    ],
    shares: Annotated[
        str, typer.Option("--shares", metavar="T,V,T", help="Shares of train, validation and test; 0: none.")
    ] = "0.8,0.1,0.1",
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another seed, another split.")] = 0,
    format: FormatName = "auto",
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Cut a corpus into parts between which nothing leaks, with types and tasks shared out evenly."""
    from medspan.read import write
    from medspan.read.base import format_named
    from medspan.read.source import whole_suffix
    from medspan.split import assign

    wanted = parse_shares(shares)
    corpus = _pooled(source, format, notes(quiet))
    chosen = format_named(corpus.format)
    first = Path(corpus.files[0])
    suffix = whole_suffix(first) if first.is_file() else chosen.suffix
    targets = {part: out / f"{part}{suffix}" for part in wanted}
    _check_not_read(targets.values(), corpus)
    read = [Path(file) for file in corpus.files]
    check_targets(json_file, *(() if chosen.in_folder else targets.values()), reads=read)
    result = assign(corpus.examples, shares=wanted, seed=seed)
    lost: Counter[str] = Counter()
    for part, examples in result.parts.items():
        lost += write(targets[part], examples, corpus.format)
    files = {part: str(path) for part, path in targets.items()}
    write_json(
        json_file,
        {
            **result.report.to_json(),
            "files": files,
            "format": corpus.format,
            "lost": dict(sorted(lost.items())),
        },
    )
    for line in result.report.lines():
        say(line)
    for line in result.report.deviations(SHOWN):
        notes(quiet)(line)
    if lost:
        notes(quiet)(f"{corpus.format} cannot hold: {counted(lost)}")
    say(f"written to {', '.join(files.values())}")


def parse_shares(stated: str) -> dict[str, float]:
    """The shares of the parts, those of 0 left out. ConfigError unless there are three numbers."""
    try:
        numbers = [float(share) for share in stated.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) != len(PARTS):
        raise ConfigError(
            f"--shares is {stated!r}",
            cause="three numbers are wanted: train, validation, test",
            remedy="for instance --shares 0.8,0.1,0.1",
        )
    found = {part: share for part, share in zip(PARTS, numbers, strict=True) if share}
    if len(found) < 2:
        raise ConfigError(
            f"--shares is {stated!r}",
            cause="a split has two parts or three",
            remedy="for instance --shares 0.9,0.1,0",
        )
    return found


def _pooled(source: Path, format: str, note: Report) -> Corpus:
    from medspan.read import load, load_splits
    from medspan.read.source import whole_suffix
    from medspan.read.splits import is_corpus_folder

    if not source.is_dir() or is_corpus_folder(source):
        return load(source, format=format)
    parts = load_splits(source, format=format)
    formats = sorted({corpus.format for corpus in parts.values()})
    suffixes = sorted({whole_suffix(Path(file)) for corpus in parts.values() for file in corpus.files})
    if len(formats) > 1 or len(suffixes) > 1:
        raise InputError(
            f"the parts of {source} are in several formats: {', '.join(formats)} ({', '.join(suffixes)})",
            cause="the folder holds more than one version of the corpus",
            remedy="bring them to one with medspan convert",
        )
    sizes = ", ".join(f"{name} {len(corpus)}" for name, corpus in parts.items())
    note(f"all parts of {source} are pooled and cut anew: {sizes}")
    first = next(iter(parts.values()))
    return replace(
        first,
        examples=tuple(example for corpus in parts.values() for example in corpus.examples),
        files=tuple(file for corpus in parts.values() for file in corpus.files),
    )


def _check_not_read(targets: Iterable[Path], corpus: Corpus) -> None:
    read = {Path(file).resolve() for file in corpus.files}
    for target in targets:
        if target.resolve() in read:
            raise InputError(
                f"{target} is one of the files that are split",
                cause="--out is the folder of the corpus",
                remedy="choose another folder for --out",
            )
