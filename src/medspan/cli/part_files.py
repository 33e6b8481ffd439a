"""The parts of a corpus in files: read as they stand, and written beside each other."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from medspan.core import Example, InputError
from medspan.read import load, load_splits, write, write_whole
from medspan.read.base import format_named
from medspan.read.instruction_rows import json_line
from medspan.read.source import whole_suffix
from medspan.read.splits import SPLITS, is_corpus_folder, split_of
from medspan.read.write import appearing
from medspan.split import LeftOut

LEFT_OUT = "left-out.jsonl"


@dataclass(frozen=True, slots=True)
class PartFiles:
    """A corpus as it stands: the rows and files of its parts by name; a single file has one part, ``."""

    path: Path
    rows: dict[str, tuple[Example, ...]]
    files: dict[str, tuple[Path, ...]]
    format: str
    suffix: str

    @property
    def names(self) -> tuple[str, ...]:
        """The parts that have a name."""
        return tuple(name for name in self.rows if name)

    @property
    def every_file(self) -> list[Path]:
        return [file for files in self.files.values() for file in files]

    def pooled(self, without: Sequence[str] = ()) -> list[Example]:
        """The rows of all parts but some."""
        return [row for name, rows in self.rows.items() if name not in without for row in rows]


def read_parts(path: Path, format: str) -> PartFiles:
    """Read a corpus file, or a folder of parts. InputError where these are in several formats."""
    if path.is_dir() and not is_corpus_folder(path):
        corpora = load_splits(path, format=format)
    else:
        corpora = {"": load(path, format=format)}
    files = {name: tuple(map(Path, corpus.files)) for name, corpus in corpora.items()}
    formats = sorted({corpus.format for corpus in corpora.values()})
    suffixes = sorted({_suffix(file, formats[0]) for its in files.values() for file in its})
    if len(formats) > 1 or len(suffixes) > 1:
        raise InputError(
            f"the parts of {path} are in several formats: {', '.join(formats)} ({', '.join(suffixes)})",
            cause="the folder holds more than one version of the corpus",
            remedy="bring them to one with medspan convert",
        )
    rows = {name: corpus.examples for name, corpus in corpora.items()}
    return PartFiles(path, rows, files, formats[0], suffixes[0])


def _suffix(file: Path, format: str) -> str:
    return whole_suffix(file) if file.is_file() else format_named(format).suffix


def target_files(folder: Path, parts: Iterable[str], source: PartFiles) -> dict[str, Path]:
    """Where the parts go, in the order train, validation, test.

    InputError where that is a file that is read, or where another part would stand beside them:
    whoever reads the folder would take it for one of these.
    """
    names = [part for part in SPLITS if part in set(parts)]
    targets = {part: folder / f"{part}{source.suffix}" for part in names}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        is_part = split_of(path.name) is not None or _is_fold(path)
        if is_part and path not in targets.values() and not path.name.startswith("."):
            raise InputError(
                f"{path} would stand beside the new parts",
                cause="it is left of another split, and what trains on the folder would read it too",
                remedy="remove it, or choose another folder for --out",
            )
    return targets


def check_fold_folders(folder: Path, folds: Iterable[str]) -> None:
    """InputError where a fold or part of another split would stand beside these."""
    names = set(folds)
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        is_part = split_of(path.name) is not None and not path.name.startswith(".")
        if is_part or (_is_fold(path) and path.name not in names):
            raise InputError(
                f"{path} would stand beside the new folds",
                cause="it is left of another split, whose folds share rows with these",
                remedy="remove it, or choose another folder for --out",
            )


def _is_fold(path: Path) -> bool:
    return path.is_dir() and path.name.startswith("fold-")


def check_not_read(targets: Iterable[Path], read: Iterable[Path]) -> None:
    """InputError where a target is one of the files that are read."""
    taken = {path.resolve() for path in read}
    for target in targets:
        if target.resolve() in taken:
            raise InputError(
                f"{target} is one of the files that are split",
                cause="--out is the folder of the corpus, or of the earlier split",
                remedy="choose another folder for --out",
            )


def write_parts(
    targets: Mapping[str, Path],
    parts: Mapping[str, Sequence[Example]],
    kept: Mapping[str, tuple[Path, ...]],
    source: PartFiles,
) -> Counter[str]:
    """Write the parts; what the format cannot hold, by kind. A part in `kept` is copied from its one file."""
    lost: Counter[str] = Counter()
    for part, target in targets.items():
        files = kept.get(part, ())
        if len(files) == 1 and files[0].is_file() and whole_suffix(files[0]) == source.suffix:
            with appearing(target) as temporary:
                shutil.copyfile(files[0], temporary)
        else:
            lost += write(target, parts[part], source.format)
    return lost


def write_left_out(folder: Path, rows: Sequence[LeftOut]) -> Path | None:
    """List the rows that are in no part; without any, a list of an earlier split in the folder goes."""
    path = folder / LEFT_OUT
    if not rows:
        path.unlink(missing_ok=True)
        return None
    write_whole(path, (json_line(row.to_json()) for row in rows))
    return path
