"""Apply the safe remedies, and write the data anew: what was read is never altered."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from medspan.audit.data import Row
from medspan.audit.draft import Change, Draft
from medspan.audit.fixed import LOG, Fixed
from medspan.audit.remedies import Remedy, remedies
from medspan.audit.totals import UNREADABLE, totals_of
from medspan.core import Annotation, Example, InputError, MedspanError, Schema
from medspan.read import Corpus, load, write, write_whole
from medspan.read.base import Format
from medspan.read.instruction_rows import json_line
from medspan.read.losses import Loss
from medspan.read.patch import patch
from medspan.read.stream import Stream
from medspan.read.write import appearing

# Copies of the source, and what depends on the other rows of a file.
_COPIES = ("brat.", "bioc.", "bigbio.", "conll.", "spert.tokens", "spert.orig_id")


@dataclass
class _File:
    """One file or folder of a split: what was read from it, and where it is written."""

    path: Path
    split: str
    format: Format
    drafts: list[Draft]
    refused: list[Change]

    @property
    def name(self) -> str:
        """The name of what is written; a folder that becomes a file gets a suffix."""
        becomes_file = self.path.is_dir() and not self.format.in_folder and bool(self.rows)
        return f"{self.path.name}{self.format.suffix}" if becomes_file else self.path.name

    @property
    def rows(self) -> dict[str, dict[int | None, Example | None]]:
        """By file and row what is to be written instead; None where the row goes."""
        found: dict[str, dict[int | None, Example | None]] = {}
        for draft in self.drafts:
            place = draft.row.example.place
            if place is not None and (draft.gone or draft.is_changed):
                found.setdefault(place.file, {})[place.row] = None if draft.gone else draft.example
        for change in self.refused:
            found.setdefault(change.file, {})[change.row] = None
        return found

    @property
    def examples(self) -> list[Example]:
        """What the new file is to say."""
        made = (draft.example for draft in self.drafts if not draft.gone)
        return [example for example in made if example is not None]


def fix(
    corpora: Mapping[str, Corpus], out: Path, *, format: str = "auto", schema: Schema | None = None
) -> Fixed:
    """Write the repaired corpora into the new or empty folder `out`, under the names of their files.

    `format` as the corpora were read with; `schema` is the user's own. Files appear all together, with
    `changes.jsonl`. A row that would lose something by being written anew stays as it was, and the
    list says so. InputError where the folder cannot be used, or nothing of a file would be left.
    """
    files = _files(corpora, format)
    _check_folder(out, files)
    drafts = [draft for file in files for draft in file.drafts]
    formats = {id(draft): file.format for file in files for draft in file.drafts}
    _mend(drafts, schema, formats)
    for file in files:
        if not file.examples:
            raise _nothing_left(file)
    lost: list[Change] = []
    written: list[Example] = []
    with appearing(out) as temporary:
        temporary.mkdir()
        for file in files:
            more, read = _written(file, temporary / file.name)
            lost += more
            written += read
        changes = [change for file in files for draft in file.drafts for change in draft.changes]
        changes += [change for file in files for change in file.refused]
        totals = totals_of(drafts, changes, written, {change.split for change in lost})
        changes += lost
        write_whole(temporary / LOG, (json_line(change.to_json()) for change in changes))
        if out.is_dir():
            out.rmdir()
    return Fixed(out, tuple(changes), totals, {str(file.path): str(out / file.name) for file in files})


def _files(corpora: Mapping[str, Corpus], format: str) -> list[_File]:
    files = []
    for split, corpus in corpora.items():
        for name in corpus.files:
            path = Path(name)
            folder = path.is_dir()
            chosen = Stream(path, format=format).format
            refused = [
                Change(
                    UNREADABLE, split, row.place.file, row.place.row, "removed", "row", row.reason, row.row
                )
                for row in corpus.rejected
                if _is_of(row.place.file, path, folder)
            ]
            drafts = [
                Draft(Row(example, split))
                for example in corpus.examples
                if example.place is not None and _is_of(example.place.file, path, folder)
            ]
            files.append(_File(path, split, chosen, drafts, refused))
    return files


def _is_of(file: str, path: Path, folder: bool) -> bool:
    return file == str(path) or (folder and path in Path(file).parents)


def _check_folder(out: Path, files: Sequence[_File]) -> None:
    if out.is_file() or (out.is_dir() and any(out.iterdir())):
        raise InputError(
            f"{out} is {'a file' if out.is_file() else 'a folder that holds something'}",
            cause="--out names the folder for the repaired data, which must not be mixed with other data",
            remedy="name a folder that does not exist, or is empty",
        )
    for file in files:
        if file.path.is_dir() and file.path.resolve() in out.resolve().parents:
            raise InputError(
                f"{out} would stand within the corpus {file.path}",
                cause="what is read is never altered, and this corpus is the whole folder",
                remedy="name a folder elsewhere",
            )
    names = Counter(file.name for file in files)
    twice = next((name for name, count in names.items() if count > 1), None)
    if twice is not None:
        paths = " and ".join(str(file.path) for file in files if file.name == twice)
        raise InputError(
            f"two files are named {twice}: {paths}",
            cause="the repaired files stand in one folder under the names of those read",
            remedy="give one of them another name",
        )


def _mend(drafts: Sequence[Draft], schema: Schema | None, formats: Mapping[int, Format]) -> None:
    """Apply the remedies in turns until none finds anything, with rows that cannot be written set aside."""
    of_items = [remedy for remedy in remedies().values() if not remedy.of_rows]
    of_rows = [remedy for remedy in remedies().values() if remedy.of_rows]
    with TemporaryDirectory(prefix="medspan-") as folder:
        open_ends = True
        while open_ends:
            _until_nothing(of_items, drafts, schema)
            # Rows are compared as they will be written, so that this is known before.
            aside = _set_aside(drafts, formats, Path(folder))
            open_ends = bool(_until_nothing(of_rows, drafts, schema)) or aside > 0


def _until_nothing(chosen: Sequence[Remedy], drafts: Sequence[Draft], schema: Schema | None) -> int:
    """Apply some remedies again and again; how many changes they made."""
    first = before = sum(len(draft.changes) for draft in drafts)
    while True:
        for remedy in chosen:
            remedy.mend(drafts, schema)
        after = sum(len(draft.changes) for draft in drafts)
        if after == before:
            return after - first
        before = after


def _set_aside(drafts: Sequence[Draft], formats: Mapping[int, Format], folder: Path) -> int:
    """Take back the changes of rows that cannot be written with them; how many rows that are.

    `folder` is for trials.
    """
    aside = 0
    for draft in drafts:
        if draft.is_changed and draft.checked != len(draft.changes):
            draft.checked = len(draft.changes)
            why = _why_not(draft, formats[id(draft)], folder)
            if why is not None:
                draft.keep(f"the row stays as it is: {why}")
                aside += 1
    return aside


def _why_not(draft: Draft, chosen: Format, folder: Path) -> str | None:
    """Why a changed row cannot be written without losing something else; None where it can."""
    example = draft.example
    if example is None or not _says_the_same(example.reference, draft.annotation):
        return "its target cannot be changed piece by piece"
    try:
        again, told = _written_alone(example, chosen, folder)
        # What a row loses whenever it is written alone is not lost by the change.
        more = told - _written_alone(draft.row.example, chosen, folder)[1] if told else told
    except MedspanError as error:
        return f"{chosen.name} cannot be written so: {error.what}"
    if more:
        return f"{chosen.name} would lose with it {', '.join(sorted(more))}"
    if len(again) != 1 or not _is_same_row(again[0], example):
        return f"{chosen.name} would not give back what it says"
    return None


def _written_alone(
    example: Example, chosen: Format, folder: Path
) -> tuple[tuple[Example, ...], Counter[str]]:
    """What is read back of a row written by itself, and what its format lost, by kind."""
    path = folder / f"row{chosen.suffix}"
    if path.is_dir():
        shutil.rmtree(path)
    lost = write(path, [example], chosen.name)
    return load(path, format=chosen.name).examples, lost


def _is_same_row(one: Example, other: Example) -> bool:
    return (
        one.document.text == other.document.text
        and one.task == other.task
        and _says_the_same(one.reference, other.reference)
        and _further(one) == _further(other)
    )


def _further(example: Example) -> dict[str, str]:
    known = example.document.metadata.items()
    return {key: value for key, value in known if not key.startswith(_COPIES)}


def _says_the_same(one: Annotation | None, other: Annotation | None) -> bool:
    if one is None or other is None:
        return one is other
    lists = ("mentions", "unaligned", "relations", "unparsed")
    return all(Counter(getattr(one, name)) == Counter(getattr(other, name)) for name in lists)


def _written(file: _File, target: Path) -> tuple[list[Change], list[Example]]:
    """Write a file; what its writer lost, and what can be read in it again."""
    told: list[Loss] = []
    if not patch(file.path, target, file.format, file.rows):
        write(target, file.examples, file.format.name, told.append)
    by_id = {draft.row.example.id: draft.row.example.place for draft in file.drafts}
    lost = []
    for loss in told:
        place = by_id.get(loss.document)
        where = (place.file, place.row) if place else (str(file.path), None)
        kind = loss.kind.partition(":")[0]
        lost += [
            Change("rewriting", file.split, *where, "lost", kind, loss.kind, loss.what or None)
        ] * loss.count
    corpus = load(target, format=file.format.name, split=file.split)
    _check_written(file, corpus.examples, bool(told))
    return lost, list(corpus.examples)


def _check_written(file: _File, read: Sequence[Example], lossy: bool) -> None:
    wanted = file.examples
    same = len(read) == len(wanted) and (lossy or all(map(_is_same_row, read, wanted)))
    if not same:
        raise AssertionError(f"{file.path}: what was written is not what was to be written")


def _nothing_left(file: _File) -> InputError:
    return InputError(
        f"nothing would be left of {file.path}",
        cause="each of its rows stands in another part as well, or is empty",
        remedy="leave this file out, or name the files that belong together",
    )
