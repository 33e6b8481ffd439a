"""What `extract` reads (any corpus format, a plain text, a folder of them) and what it asks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from medspan.core import ConfigError, Document, Example, InputError, Place
from medspan.core.errors import missing_file

if TYPE_CHECKING:
    from medspan.format import FormatCard, TagCard
    from medspan.read import Rejected

TEXT = "text"
"""The format name of plain text: one document a file, whose name without suffix is its id."""

_SUFFIX = ".txt"


@dataclass(frozen=True, slots=True)
class Documents:
    """What was read: the examples, their format, and what was left out."""

    examples: tuple[Example, ...]
    format: str
    rejected: tuple[Rejected, ...] = ()


def read_documents(
    path: Path, format: str, on_error: Literal["stop", "skip"], rejected: Path | None
) -> Documents:
    """The documents of a corpus, a plain text file, or a folder of plain texts.

    Under `auto`, a file is plain text where its name ends in `.txt` and no corpus format knows it.
    """
    from medspan.read import load
    from medspan.read.splits import is_corpus_folder
    from medspan.read.write import write_rejected

    if not path.exists():
        raise missing_file(path, "the input")
    of_texts = path.is_dir() and (format == TEXT or not is_corpus_folder(path))
    files = _texts_in(path) if of_texts else [path]
    if not of_texts and format != TEXT and not (format == "auto" and _is_plain(path)):
        corpus = load(path, format=format, on_error=on_error, rejected=rejected)
        return Documents(corpus.examples, corpus.format, corpus.rejected)
    examples, refused = _read_texts(files, on_error)
    if rejected is not None:
        write_rejected(rejected, refused)
    if not examples:
        raise InputError(
            f"none of the {len(files)} texts can be read; the first: {refused[0].reason}",
            remedy="repair the files",
            place=refused[0].place,
        )
    return Documents(tuple(examples), TEXT, tuple(refused))


def _is_plain(path: Path) -> bool:
    from medspan.read import formats
    from medspan.read.base import MAX_LINE_BYTES
    from medspan.read.detect import take_sample

    if path.suffix.lower() != _SUFFIX:
        return False
    sample = take_sample(path, MAX_LINE_BYTES)
    return not any(format_.sniff(sample) for format_ in formats().values())


def _texts_in(folder: Path) -> list[Path]:
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.suffix.lower() == _SUFFIX)
    if files:
        return files
    raise InputError(
        f"{folder} holds no {_SUFFIX} file",
        cause="a folder is read as plain texts, one document a file",
        remedy="name a corpus file of the folder instead",
    )


def _read_texts(files: Iterable[Path], on_error: str) -> tuple[list[Example], list[Rejected]]:
    from medspan.read import Rejected

    examples: list[Example] = []
    refused: list[Rejected] = []
    for path in files:
        try:
            examples.append(_read_text(path))
        except InputError as error:
            if on_error == "stop":
                raise
            refused.append(Rejected(error.place or Place(str(path)), error.what, ""))
    return examples, refused


def _read_text(path: Path) -> Example:
    from medspan.read.lines import check_text_file

    check_text_file(path)
    place = Place(str(path))
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"the text is not UTF-8: byte 0x{error.object[error.start]:02X} at byte offset {error.start}",
            cause="it is in another encoding, most likely latin-1 or Windows-1252",
            remedy=f"convert it: iconv -f WINDOWS-1252 -t UTF-8 {path} > {path}.utf8",
            place=place,
        ) from None
    if not text.strip():
        raise InputError("the text is blank", remedy="leave the file out", place=place)
    return Example(Document(path.stem, text), source=TEXT, place=place)


def ask(examples: Sequence[Example], card: FormatCard | TagCard, task: str | None) -> list[Example]:
    """The examples with the questions that an adapter was trained on.

    An adapter of several tasks is asked all of them about each document that has no task of its own,
    as examples of their own with the id `ID#TASK`; only `task`, where that is given. ConfigError for
    a task that the adapter does not know.
    """
    known = [name for name, _ in card.schema.tasks]
    for asked in dict.fromkeys([task, *(example.task for example in examples)] if known else [task]):
        if asked is not None and asked not in known:
            raise ConfigError(
                f"task {asked!r}: the adapter was not trained on it",
                cause="it is misspelt, or this is another run"
                if known
                else "this adapter asks one question about each text",
                remedy="use one of " + ", ".join(known) if known else "leave --task out",
            )
    if not known:
        return list(examples)
    chosen: list[Example] = []
    for example in examples:
        if example.task is not None:
            if task in (None, example.task):
                chosen.append(example)
        elif task is not None:
            chosen.append(_about(example, task, example.id))
        else:
            chosen += [_about(example, name, f"{example.id}#{name}") for name in known]
    if examples and not chosen:
        raise ConfigError(
            f"task {task!r}: none of the {len(examples)} documents asks it",
            cause="every document of the input names another task",
            remedy="leave --task out",
        )
    return chosen


def _about(example: Example, task: str, id: str) -> Example:
    return replace(example, document=replace(example.document, id=id, task=task))
