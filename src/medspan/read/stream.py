"""The examples of a corpus one after another, in memory that does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Literal

from medspan.core import Example, InputError, Place
from medspan.read.base import MAX_LINE_BYTES, BadRow, Format, Row, format_named
from medspan.read.corpus import Rejected
from medspan.read.detect import check_readable, detect
from medspan.read.lines import unreadable
from medspan.read.tables import is_table

OnError = Literal["stop", "skip"]


_OR_FORMAT = "{}; or name the file's format with --format"


class Stream:
    """The examples of a corpus file or folder, read anew each time they are gone through.

    `heard` gets each rejected row once, however often the file is read. Going through it raises
    InputError where the file cannot be used, at the first bad row under `on_error="stop"`, and where
    no row can be read.
    """

    def __init__(
        self,
        path: Path | str,
        *,
        format: str = "auto",
        split: str | None = None,
        on_error: OnError = "stop",
        limit: int | None = None,
        max_line_bytes: int = MAX_LINE_BYTES,
        heard: Callable[[Rejected], None] | None = None,
    ):
        if on_error not in ("stop", "skip"):
            raise InputError(f"on_error is {on_error!r}", remedy="use 'stop' or 'skip'")
        if limit is not None and limit < 1:
            raise InputError(f"the limit is {limit} examples", remedy="use 1 or more, or leave it out")
        self.path = Path(path)
        self._split, self._on_error, self._limit = split, on_error, limit
        self._max_line_bytes = max_line_bytes
        self._heard, self._told = heard, 0
        try:
            check_readable(self.path)
            found = detect(self.path, max_line_bytes=max_line_bytes) if format == "auto" else format
            self.format: Format = format_named(found)
            if self.path.is_dir() != self.format.in_folder and not is_table(self.path):
                raise wrong_kind(self.path, self.format)
        except OSError as error:
            raise unreadable(self.path, error) from None

    def __iter__(self) -> Iterator[Example]:
        read = refused = 0
        first: InputError | None = None
        try:
            for row in self.format.rows(self.path, self._max_line_bytes):
                result = row.error if isinstance(row, BadRow) else _example(self.format, row)
                if isinstance(result, Example):
                    read += 1
                    yield result if self._split is None else replace(result, split=self._split)
                    if read == self._limit:
                        break
                    continue
                if self._on_error == "stop":
                    raise result
                refused += 1
                rejected = Rejected(result.place or Place(str(self.path)), _reason(result), row.text)
                first = first or result
                if refused > self._told and self._heard:
                    self._told = refused
                    self._heard(rejected)
        except OSError as error:
            raise unreadable(self.path, error) from None
        if not read:
            raise self._nothing(refused, first)

    def _nothing(self, refused: int, first: InputError | None) -> InputError:
        if first is not None:
            return InputError(
                f"none of the {refused} rows can be read as {self.format.name}; the first: {first.what}",
                cause=first.cause or "the file is of another format",
                remedy=first.remedy if "--format" in first.remedy else _OR_FORMAT.format(first.remedy),
                place=first.place,
            )
        return InputError(
            "the file holds no rows",
            cause="the step that should have written it found nothing to write",
            remedy="check that step",
            place=Place(str(self.path)),
        )


def wrong_kind(path: Path, chosen: Format) -> InputError:
    """The error for a folder where a format is of files, or the reverse."""
    if chosen.in_folder:
        return InputError(
            f"{path} is a file, and {chosen.name} is a folder of files",
            cause="one file of the corpus was named",
            remedy="name the folder that it stands in",
        )
    return InputError(
        f"{path} is a folder, and {chosen.name} is read from one file",
        cause="a folder of splits was given where one file is read",
        remedy="name one of its files",
    )


def _example(chosen: Format, row: Row) -> Example | InputError:
    try:
        return chosen.example(row)
    except InputError as error:
        return error
    except (ValueError, RecursionError) as error:
        return InputError(
            str(error),
            cause="the row breaks a rule that its format does not check",
            remedy="repair or remove the row",
            place=row.place,
        )


def _reason(error: InputError) -> str:
    return error.what + (f" (likely cause: {error.cause})" if error.cause else "")
