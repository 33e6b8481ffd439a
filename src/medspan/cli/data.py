"""`medspan data list` and `medspan data get NAME`: public corpora, fetched from their official places."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from medspan.cli.console import JsonFile, Quiet, check_targets, notes, say, write_json
from medspan.core import InputError

if TYPE_CHECKING:
    from medspan.read.public.catalogue import Dataset

data = typer.Typer(
    help="List and fetch public corpora.",
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@data.command("list")
def list_datasets(json_file: JsonFile = None) -> None:
    """Say what can be fetched, from where, and under which licence."""
    from medspan.read.public.catalogue import DATASETS

    check_targets(json_file)
    write_json(json_file, {"datasets": [dataset.to_json() for dataset in DATASETS]})
    for dataset in DATASETS:
        say(f"{dataset.name}: {dataset.title}")
        say(f"  documents  {dataset.documents}")
        say(f"  licence    {dataset.terms}")
        say(f"  page       {dataset.homepage}")
        for archive in dataset.archives:
            say(f"  address    {archive.url}")
    say("Next:")
    say("  medspan data get NAME")


@data.command("get")
def get_dataset(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name that medspan data list gives.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Folder for the files; data/NAME if not named."),
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", metavar="PATH", help="A copy in place of the network: archive, unpacked folder or file."
        ),
    ] = None,
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept the licence without being asked.")
    ] = False,
    expect: Annotated[
        list[str] | None,
        typer.Option(
            "--expect",
            metavar="[FILE=]SHA256",
            help="A checksum for a file that the catalogue states none of; may be given several times.",
        ),
    ] = None,
    quiet: Quiet = False,
    json_file: JsonFile = None,
) -> None:
    """Fetch a corpus and verify it."""
    from medspan.read.public.catalogue import dataset_named
    from medspan.read.public.fetch import Request, get

    dataset = dataset_named(name)
    folder = out if out is not None else Path("data") / dataset.name
    check_targets(json_file)
    note = notes(quiet)

    def agree() -> None:
        _agree(dataset, accept_licence, note)
        for archive in dataset.archives:
            if source is None and archive.url.startswith("http:"):
                note(
                    f"{archive.url}: the server has no https; only a checksum tells whether the file is right"
                )

    with _bytes_bar(dataset.name, quiet) as tell:
        request = Request(dataset, folder, agree, source, _checksums(expect or (), dataset), tell)
        fetched = get(request)
    write_json(json_file, {"folder": str(folder), "already": fetched.already, **fetched.record})
    for file, sha256 in fetched.unverified.items():
        note(f"no checksum known for {file}; its sha256 is {sha256} (pin it with --expect {file}={sha256})")
    if fetched.record["missing"]:
        note(f"not there: {', '.join(fetched.record['missing'])} (without --from it is fetched)")
    count, state = len(fetched.record["files"]), "there already, and right" if fetched.already else "fetched"
    say(f"{folder}: {count} files of {dataset.name} {state}; licence: {dataset.terms}")
    say("Next:")
    say(f"  {next_command(dataset, folder, fetched.record['files'])}")


def next_command(dataset: Dataset, folder: Path, files: Mapping[str, Mapping[str, Any]]) -> str:
    """What to do with the files: train on official splits, cut what has none."""
    splits = {entry["split"]: folder / name for name, entry in files.items() if "split" in entry}
    parts = folder.with_name(folder.name + "-parts")
    if {"train", "validation"} <= splits.keys():
        order = [split for split in ("train", "validation", "test") if split in splits]
        return "medspan train CONFIG " + " ".join(f"data.{split}={splits[split]}" for split in order)
    if "train" in splits:
        return f"medspan split {splits['train']} --out {parts} --shares 0.9,0.1,0"
    if any(archive.file_set for archive in dataset.archives):
        return f"medspan convert {folder} {folder.with_name(folder.name + '.jsonl')} --to medspan"
    return f"medspan split {folder / next(iter(files))} --out {parts}"


def _agree(dataset: Dataset, accepted: bool, note: Callable[[str], None]) -> None:
    if accepted:
        note(f"{dataset.name}: licence {dataset.terms}; cite {dataset.citation}")
        return
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise InputError(
            f"the licence of {dataset.name} was not accepted: {dataset.terms}; cite {dataset.citation}",
            cause="nobody can be asked where this runs",
            remedy=f"read the terms at {dataset.homepage} and give --accept-licence",
        )
    # Shown whatever --quiet says: it is the question.
    print(f"{dataset.name}: {dataset.title}", file=sys.stderr)
    print(f"licence: {dataset.terms}; see {dataset.homepage}", file=sys.stderr)
    print(f"cite: {dataset.citation}", file=sys.stderr)
    answer = str(typer.prompt("Accept, and fetch it? Type yes", default="no", err=True))
    if answer.strip().lower() != "yes":
        raise InputError(
            f"the licence of {dataset.name} was not accepted; nothing was fetched",
            cause=f"the answer was {answer!r}",
            remedy="type yes, or give --accept-licence",
        )


def _checksums(stated: Sequence[str], dataset: Dataset) -> dict[str, str]:
    """The checksums by name; one without a name is of the only file that needs one."""
    lacking = [file.name for file in dataset.files if file.sha256 is None]
    lacking += [a.file_set.name for a in dataset.archives if a.file_set and a.file_set.sha256 is None]
    checksums = {}
    for each in stated:
        name, _, sha256 = each.rpartition("=")
        if not name and len(lacking) != 1:
            raise InputError(
                f"--expect {each} does not say of which file",
                cause=f"{dataset.name} has {len(lacking)} files without a checksum",
                remedy=f"write --expect FILE={each}" + (f", FILE: {', '.join(lacking)}" if lacking else ""),
            )
        checksums[name or lacking[0]] = sha256
    return checksums


@contextmanager
def _bytes_bar(what: str, quiet: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A bar of bytes on standard error, from the first ones on; on a terminal only."""
    if quiet or not sys.stderr.isatty():
        yield lambda done, total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn(what), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    bar = Progress(*columns, console=Console(stderr=True))
    task = bar.add_task(what, total=None)

    def tell(done: int, total: int | None) -> None:
        # Started late: a running bar would draw over the question about the licence.
        bar.start()
        bar.update(task, completed=done, total=total)

    try:
        yield tell
    finally:
        bar.stop()
