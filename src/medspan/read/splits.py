"""Read a corpus by its splits: a folder of train, validation and test files, or such files by name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from medspan.core import InputError
from medspan.core.errors import missing_file
from medspan.read.base import MAX_LINE_BYTES, formats
from medspan.read.corpus import Corpus, Rejected
from medspan.read.detect import detect, take_sample
from medspan.read.load import load
from medspan.read.stream import OnError
from medspan.read.tables import is_table
from medspan.read.write import write_rejected

SPLITS = ("train", "validation", "test")
_SPELLINGS = (
    ("train", re.compile(r"train(ing)?(set|data|split)?\d*")),
    ("validation", re.compile(r"(val(id(ation)?)?|dev(el(op(ment)?)?)?)(set|data|split)?\d*")),
    ("test", re.compile(r"test(ing)?(set|data|split)?\d*")),
)
# Names that run together, such as `NCBItrainset_corpus.txt`, are told by the word before "set".
_JOINED = re.compile(r"(train(?:ing)?|val(?:idation)?|dev(?:elop(?:ment)?)?|test(?:ing)?)set")
_PARTS = (("train", "train"), ("validation", "val"), ("validation", "dev"), ("test", "test"))
_PIECE = re.compile(r"-\d{5}-of-\d{5}")
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


def split_of(name: str) -> str | None:
    """The split that a file's name claims, or None: `CDR_DevelopmentSet.PubTator.txt` is validation."""
    words = [word.lower() for word in _WORDS.findall(name)]
    for word in words:
        for split, spelling in _SPELLINGS:
            if spelling.fullmatch(word):
                return split
    joined = _JOINED.search(name.lower())
    return next((split for split, part in _PARTS if joined and joined.group(1).startswith(part)), None)


def load_splits(
    source: Path | str | Sequence[Path | str],
    *,
    format: str = "auto",
    on_error: OnError = "stop",
    rejected: Path | str | None = None,
    limit: int | None = None,
) -> dict[str, Corpus]:
    """The corpora of a folder, or of files, by split: train, validation, test, then others by name.

    A folder without such a name is one split if it holds one corpus: under that one's stem. In a
    folder the names of its files, or of the folders in it that are corpora themselves, tell the
    split; of several for one split, the one in a readable format is taken and the others are named in
    `ignored`. Pieces of one table (`train-00000-of-00002.parquet`), and files given by name that claim
    the same split, are read one after another; a file that claims none is a split of its own under its
    stem. `limit` holds for each file; the other options are those of `load`.
    """
    options: dict[str, Any] = {"format": format, "on_error": on_error, "limit": limit}
    corpora: dict[str, Corpus] = {}
    for split, files in split_files(source, format).items():
        parts = [load(path, split=split, **options) for path in files.read]
        corpora[split] = replace(_joined(parts), ignored=tuple(map(str, files.ignored)))
    if rejected is not None:
        refused: list[Rejected] = [row for corpus in corpora.values() for row in corpus.rejected]
        write_rejected(rejected, refused)
    return corpora


@dataclass(frozen=True, slots=True)
class SplitFiles:
    """The files of one split, read one after another, and those passed over for them."""

    read: tuple[Path, ...]
    ignored: tuple[Path, ...] = ()


def split_files(source: Path | str | Sequence[Path | str], format: str = "auto") -> dict[str, SplitFiles]:
    """The files that `load_splits` reads, by split: train, validation, test, then others by name."""
    chosen: dict[str, list[Path]] = {}
    ignored: dict[str, list[Path]] = {}
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.exists():
            raise missing_file(path, "the corpus")
        if path.is_dir() and not is_corpus_folder(path):
            chosen, ignored = _in_folder(path, format)
        else:
            chosen[_split_or_stem(path)] = [path]
    else:
        for path in map(Path, source):
            chosen.setdefault(_split_or_stem(path), []).append(path)
    if not chosen:
        raise InputError("no file was named", remedy="name a folder or a file of a corpus")
    order = sorted(chosen, key=lambda name: (SPLITS.index(name) if name in SPLITS else len(SPLITS), name))
    return {name: SplitFiles(tuple(chosen[name]), tuple(ignored.get(name, ()))) for name in order}


def _split_or_stem(path: Path) -> str:
    return split_of(path.name) or path.stem


def _joined(parts: Sequence[Corpus]) -> Corpus:
    return Corpus(
        tuple(example for part in parts for example in part.examples),
        ", ".join(dict.fromkeys(part.format for part in parts)),
        tuple(file for part in parts for file in part.files),
        tuple(row for part in parts for row in part.rejected),
    )


def is_corpus_folder(folder: Path) -> bool:
    """Whether a folder is one corpus (brat, a saved dataset) and not a place where corpora lie."""
    if is_table(folder):
        return True
    sample = take_sample(folder, MAX_LINE_BYTES)
    return any(format_.in_folder and format_.sniff(sample) for format_ in formats().values())


def _in_folder(folder: Path, format: str) -> tuple[dict[str, list[Path]], dict[str, list[Path]]]:
    files = sorted(
        path
        for path in folder.iterdir()
        if not path.name.startswith(".") and (path.is_file() or is_corpus_folder(path))
    )
    claims: dict[str, list[Path]] = {}
    for path in files:
        split = split_of(path.name)
        if split is not None:
            claims.setdefault(split, []).append(path)
    if not claims:
        alone = [path for path in files if _format_of(path) is not None]
        if len(alone) == 1:
            return {alone[0].stem: alone}, {}
        seen = ", ".join(path.name for path in files[:5]) + (" ..." if len(files) > 5 else "")
        raise InputError(
            f"{folder} holds no file of a split; it holds {seen or 'no files'}",
            cause="it is a folder of something else, or its files are named in another way",
            remedy="name the files train, validation (or val, dev) and test, or give the files themselves",
        )
    readable = {split: _readable(paths, format) for split, paths in claims.items()}
    chosen = {split: _agreeing(split, readable) for split in claims}
    for split, taken in chosen.items():
        if len({_PIECE.sub("", path.name) for path in taken}) != 1:
            names = ", ".join(path.name for path in claims[split])
            raise InputError(
                f"{folder} has {len(taken)} readable files for the split {split} among {names}",
                cause="the folder holds several versions of the corpus",
                remedy="name the format with --format, or give the files themselves instead of the folder",
            )
    ignored = {split: [path for path in claims[split] if path not in chosen[split]] for split in claims}
    return chosen, ignored


def _readable(paths: Sequence[Path], format: str) -> dict[Path, str | None]:
    """Of several files those that can be read (in `format`), with their formats; one alone as it is."""
    if len(paths) == 1:
        return {paths[0]: _format_of(paths[0])}
    found = {path: _format_of(path) for path in paths}
    return {path: name for path, name in found.items() if name is not None and format in ("auto", name)}


def _agreeing(split: str, readable: dict[str, dict[Path, str | None]]) -> list[Path]:
    """A split's readable files; of several those in the format that another split has alone."""
    here = readable[split]
    others = {next(iter(files.values())) for name, files in readable.items() if len(files) == 1}
    same = [path for path, name in here.items() if name in others]
    return same if len(here) > 1 and len(others) == 1 and same else list(here)


def _format_of(path: Path) -> str | None:
    try:
        return detect(path)
    except InputError:
        return None
