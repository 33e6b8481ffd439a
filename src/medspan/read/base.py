"""What a corpus format is, and the register of formats.

To add one, put a file into this folder that holds a `Format` under `@register`: it is then read,
written, recognised and offered on the command line.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from medspan.core import Example, InputError, Place
from medspan.read.losses import Losses

MAX_LINE_BYTES = 64 * 1024 * 1024
"""Longest line, or item of a JSON list, that is read unless the caller says otherwise."""

REJECTED_CHARACTERS = 2_000
"""How much of a rejected row is kept."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row as it stands in the file: a parsed JSON value, or a block of lines."""

    place: Place
    value: Any
    text: str


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not even be taken out of the file."""

    error: InputError
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """The beginning of a file: its first JSON values (none where it is not JSON) or its first lines.

    Of a folder instead `names`, those of its first files in alphabetical order.
    """

    path: Path
    values: tuple[Any, ...] = ()
    lines: tuple[str, ...] = ()
    bad: tuple[BadRow, ...] = ()
    names: tuple[str, ...] = ()

    @property
    def objects(self) -> tuple[dict[str, Any], ...]:
        return tuple(value for value in self.values if isinstance(value, dict))


class Format(ABC):
    """Reader, writer and recogniser of one corpus format."""

    name: ClassVar[str]
    suffix: ClassVar[str]
    looks_like: ClassVar[str]
    in_folder: ClassVar[bool] = False
    """Whether a corpus is a folder of files; see `FolderFormat`."""
    keeps: ClassVar[tuple[str, ...]] = ("-",)
    """How the keys of metadata begin that are written; `""`: all, and confidences too."""

    @abstractmethod
    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        """Every row of the file in order; a row that cannot be taken out of it as a `BadRow`."""

    @abstractmethod
    def example(self, row: Row) -> Example:
        """The example of one row. InputError with its place where it cannot be read."""

    @abstractmethod
    def sniff(self, sample: Sample) -> bool:
        """Whether the beginning of a file is of this format."""

    @abstractmethod
    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        """The text of a file whose name ends in `suffix`, in pieces.

        `examples` may be gone through several times. What the format cannot hold is added to `lost`.
        """


class FolderFormat(Format):
    """A format whose corpora are folders, with a few files for each document."""

    suffix: ClassVar[str] = ""
    in_folder: ClassVar[bool] = True

    @abstractmethod
    def render_files(self, examples: Iterable[Example], lost: Losses) -> Iterator[tuple[str, str]]:
        """Names and texts of the folder's files."""

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        raise InputError(
            f"{self.name} is written as a folder, not as a file",
            cause="the name to write to ends like that of a file",
            remedy="name a folder",
        )


_FORMATS: dict[str, Format] = {}
FormatClass = TypeVar("FormatClass", bound=type[Format])


def register(format_class: FormatClass) -> FormatClass:
    """Class decorator: make a format known by its name."""
    if format_class.name in _FORMATS:
        raise ValueError(f"the format {format_class.name!r} is registered twice")
    _FORMATS[format_class.name] = format_class()
    return format_class


@lru_cache(maxsize=1)
def _import_all() -> None:
    import medspan.read as room

    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")


def formats() -> dict[str, Format]:
    """Every registered format by name, in order of name."""
    _import_all()
    return dict(sorted(_FORMATS.items()))


def format_named(name: str) -> Format:
    """The format of this name. InputError, with the nearest name, for an unknown one."""
    known = formats()
    if name in known:
        return known[name]
    nearest = get_close_matches(name.lower(), known, n=1)
    cause = f"{nearest[0]!r} was meant" if nearest else "it is misspelt or not supported"
    if name == "text":
        cause = "plain texts hold no annotations: they can be extracted from, and nothing else"
    raise InputError(
        f"{name!r} is no corpus format",
        cause=cause,
        remedy="choose one of " + ", ".join(known),
    )
