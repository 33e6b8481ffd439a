"""The brat standoff format: a folder of texts, each with the files of its annotations."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path
from typing import ClassVar

from medspan.core import Annotation, Document, Example, InputError, Place
from medspan.read.base import REJECTED_CHARACTERS, BadRow, FolderFormat, Row, Sample, register
from medspan.read.brat_lines import Standoff, read_standoff, write_standoff
from medspan.read.instruction_rows import chosen
from medspan.read.lines import check_text_file, read_lines, unreadable
from medspan.read.losses import Losses
from medspan.read.source import open_bytes

JOINED = "ann"
PARTS = ("a1", "a2", "co", "rel")
"""The suffixes of BioNLP's files, which are read together."""

_FILE = re.compile(r"(.+)\.(txt|ann|a1|a2|co|rel)(?:\.(?:gz|zst|bz2|xz))?", re.IGNORECASE | re.DOTALL)
_STANDOFF = ("ann", "a1")
_MARK = "\ufeff"
_MARKED = "brat.bom"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\ud800-\udfff]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE | re.DOTALL)
_MOST_NAME_BYTES = 200

Files = dict[str, list[Path]]


@dataclass(frozen=True, slots=True)
class Content:
    """A document's files: `annotations` by suffix, each with its path and text."""

    name: str
    group: str
    text: str
    marked: bool
    annotations: Mapping[str, tuple[Path, str]]


@register
class BratFormat(FolderFormat):
    """`NAME.txt` with `NAME.ann`, or with BioNLP's `NAME.a1` and `NAME.a2`; NAME is id and group.

    Relations of events are read as relations of their triggers. Events' arguments, equivalences,
    attributes and notes have no place in an annotation: they stay in the metadata, where the files
    are kept whole under `brat.SUFFIX`, and are written back as long as the files still say exactly
    what the annotation says. Otherwise lines are written anew, and those others counted as lost.
    A text without annotation files has an empty reference. Sub-folders and hidden files are not read.
    """

    name: ClassVar[str] = "brat"
    looks_like: ClassVar[str] = "a folder of texts 'NAME.txt' with annotations 'NAME.ann' (or .a1 and .a2)"
    keeps: ClassVar[tuple[str, ...]] = ("brat.",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        documents = _documents(path)
        for name in sorted(documents):
            files = documents[name]
            base, _, number = name.rpartition("#")
            group = base if number.isdigit() and base in documents else name
            shown = next(files[suffix][0] for suffix in (JOINED, *PARTS, "txt") if suffix in files)
            try:
                content = _content(path, name, group, files, max_line_bytes)
            except InputError as error:
                yield BadRow(error, "")
                continue
            except OSError as error:
                yield BadRow(unreadable(shown, error), "")
                continue
            texts = [text for _, text in content.annotations.values()]
            beginning = "".join(text[:REJECTED_CHARACTERS] for text in texts) or content.text
            yield Row(Place(str(shown)), content, beginning[:REJECTED_CHARACTERS])

    def example(self, row: Row) -> Example:
        content: Content = row.value
        files = {str(path): text for path, text in content.annotations.values()}
        standoff = read_standoff(files, content.text, content.marked)
        metadata = {f"brat.{suffix}": text for suffix, (_, text) in content.annotations.items()}
        if content.marked:
            metadata[_MARKED] = "yes"
        document = Document(content.name, content.text, content.group, metadata=metadata)
        return Example(document, standoff.annotation, source=self.name, place=row.place)

    def sniff(self, sample: Sample) -> bool:
        return any(_suffix(name) in _STANDOFF for name in sample.names)

    def render_files(self, examples: Iterable[Example], lost: Losses) -> Iterator[tuple[str, str]]:
        names = _Names(lost)
        for example in examples:
            document = example.document
            name = names.of(document)
            for suffix, text in _written(example, document, names.group_of(name), lost):
                yield f"{name}.{suffix}", text


def document_of(name: str) -> str:
    """The document that a file belongs to by its name; the name itself where it is none of a corpus."""
    match = _FILE.fullmatch(name)
    return match.group(1) if match else name


def _suffix(name: str) -> str:
    match = _FILE.fullmatch(name)
    return match.group(2).lower() if match else ""


def _documents(folder: Path) -> dict[str, Files]:
    """The files of each document by suffix. InputError where the folder is none of brat's."""
    documents: dict[str, Files] = {}
    below: list[Path] = []
    annotated = False
    for path in sorted(folder.iterdir()):
        match = _FILE.fullmatch(path.name)
        if path.name.startswith("."):
            continue
        if match:
            suffix = match.group(2).lower()
            documents.setdefault(match.group(1), {}).setdefault(suffix, []).append(path)
            annotated |= suffix != "txt"
        elif path.is_dir():
            below.append(path)
    corpora = [] if annotated else [path.name for path in below if _holds_standoff(path)]
    if corpora:
        some = ", ".join(corpora[:5]) + (", ..." if len(corpora) > 5 else "")
        raise InputError(
            f"{folder} holds no annotations itself; its sub-folders {some} do",
            cause="a corpus in several parts was named where one part is read",
            remedy=f"name one of them, for instance {folder / corpora[0]}",
        )
    if not documents:
        raise InputError(
            f"{folder} holds no files NAME.txt and NAME.ann",
            cause="the wrong folder was named, or the archive of the corpus was not unpacked",
            remedy="name the folder in which the texts and their annotations stand",
        )
    return documents


def _holds_standoff(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(_suffix(entry.name) in _STANDOFF for entry in entries)
    except OSError:
        return False  # it is only looked into for the sake of a better message


def _content(folder: Path, name: str, group: str, files: Files, limit: int) -> Content:
    place = Place(str(folder / _shown(name)))
    if _shown(name) != name:
        raise InputError("the file's name is not UTF-8", remedy="rename the file", place=place)
    chosen_suffixes = [suffix for suffix in (JOINED, *PARTS) if suffix in files]
    several = [path.name for paths in files.values() if len(paths) > 1 for path in paths]
    if JOINED in chosen_suffixes and len(chosen_suffixes) > 1:
        several += [files[suffix][0].name for suffix in chosen_suffixes]
    if several:
        raise InputError(
            f"{' and '.join(several[:4])} stand side by side",
            cause="two versions of the same file were put into one folder",
            remedy="remove all but one version",
            place=place,
        )
    if "txt" not in files:
        raise InputError(
            f"there is no text to {files[chosen_suffixes[0]][0].name}",
            cause=f"{_shown(name)}.txt was not copied, or is named differently",
            remedy=f"put {_shown(name)}.txt beside it, or remove it",
            place=Place(str(files[chosen_suffixes[0]][0])),
        )
    text = _read(files["txt"][0], folder, limit)
    annotations = {
        suffix: (files[suffix][0], _read(files[suffix][0], folder, limit)) for suffix in chosen_suffixes
    }
    return Content(name, group, text.removeprefix(_MARK), text.startswith(_MARK), annotations)


def _shown(name: str) -> str:
    return name.encode("utf-8", "replace").decode("utf-8")


def _read(path: Path, folder: Path, limit: int) -> str:
    """The file's text with line ends and byte order mark as they are. InputError where it is none."""
    place = Place(str(path))
    if not path.is_file():
        raise InputError(
            "it is no regular file", cause="a folder, or a link to nothing", remedy="remove it", place=place
        )
    real = os.path.realpath(path)
    if path.is_symlink() and not Path(real).is_relative_to(os.path.realpath(folder)):
        raise InputError(
            "it is a link that leads out of the folder, and is not followed",
            cause="the corpus was put together from links",
            remedy=f"copy {_shown(real)} into the folder, or name the folder in which it stands",
            place=place,
        )
    with open_bytes(path) as file:
        raw = file.read(limit + 1)
    if len(raw) > limit:
        raise InputError(
            f"the file is longer than the limit of {limit:,} bytes",
            cause="it is no text of one document",
            remedy="remove it, or raise max_line_bytes",
            place=place,
        )
    try:
        text = raw.decode("utf-8")
        damaged = "\0" in text
    except UnicodeDecodeError:
        damaged = True
    if damaged:
        raise _damage(path, limit)
    return text


def _damage(path: Path, limit: int) -> InputError:
    """The error for a file that is not UTF-8 or holds a NUL: what it is instead, or its first bad line."""
    try:
        check_text_file(path)
    except InputError as error:
        return error
    for line in read_lines(path, limit):
        if isinstance(line, BadRow):
            return line.error
    raise AssertionError(f"{path}: no bad line found again")


class _Names:
    """File names for documents: safe on every system, and none twice."""

    def __init__(self, lost: Losses):
        self._lost = lost
        self._used: set[str] = set()
        self._next: dict[str, int] = {}
        self._exact: set[str] = set()

    def of(self, document: Document) -> str:
        """The name for a document; what its id loses by it is counted."""
        name = _safe(document.id)
        if name != document.id:
            self._lost.add("document: characters of the id", document, document.id)
        if _key(name) in self._used:
            self._lost.add("document: id in use", document, document.id)
            for number in count(self._next.get(_key(name), 2)):
                further = f"{name}#{number}"
                if _key(further) not in self._used:
                    break
            self._next[_key(name)] = number + 1
            name = further
        self._used.add(_key(name))
        self._exact.add(name)
        return name

    def group_of(self, name: str) -> str:
        """The group that the document will have once it is read again."""
        base, _, number = name.rpartition("#")
        return base if number.isdigit() and base in self._exact else name


def _safe(identity: str) -> str:
    name = _UNSAFE.sub("_", identity)
    name = re.sub(r"^\.+", lambda dots: "_" * len(dots.group()), name)
    if _DEVICE.fullmatch(name):
        name = f"_{name}"
    return name.encode("utf-8")[:_MOST_NAME_BYTES].decode("utf-8", "ignore")


def _key(name: str) -> str:
    """What a file system that ignores case and kinds of accents sees in a name."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _written(example: Example, document: Document, group: str, lost: Losses) -> Iterator[tuple[str, str]]:
    annotation = chosen(example, lost) or Annotation()
    _count(document, annotation, group, lost)
    text = document.text.replace("\0", " ")
    stored = {
        suffix: document.metadata[f"brat.{suffix}"]
        for suffix in (JOINED, *PARTS)
        if f"brat.{suffix}" in document.metadata
    }
    marked = _MARKED in document.metadata
    standoff = _stored(stored, text, marked)
    fits = text == document.text and replace(standoff.annotation, made_by=annotation.made_by) == annotation
    if stored and fits:
        yield "txt", (_MARK if marked else "") + text
        yield from stored.items()
        return

    def lose(kind: str, what: str) -> None:
        lost.add(kind, document, what)

    lost.add_all(standoff.without_field, document)
    # A text that begins with U+FEFF needs a mark before it, or reading would take that for the mark.
    yield "txt", (_MARK if text.startswith(_MARK) else "") + text
    yield JOINED, write_standoff(annotation, text, standoff.names, lose)


def _stored(stored: Mapping[str, str], text: str, marked: bool) -> Standoff:
    """What the stored files say; nothing where they say nothing that can be read."""
    if JOINED not in stored or len(stored) == 1:
        with suppress(InputError):
            return read_standoff(stored, text, marked)
    return Standoff(Annotation())


def _count(document: Document, annotation: Annotation, group: str, lost: Losses) -> None:
    for kind, there in (
        ("document: group", document.group not in (None, group)),
        ("document: task", document.task is not None),
        ("document: NUL characters of the text", "\0" in document.text),
        ("document: mentions standing for every occurrence", annotation.scope == "string"),
    ):
        if there:
            lost.add(kind, document)
    for piece in annotation.unparsed:
        lost.add("unparsed piece", document, piece)
