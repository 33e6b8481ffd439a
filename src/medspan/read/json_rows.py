"""Rows of JSON files: one object a line, or the items of one list, read without holding the whole file."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from typing import Any, TextIO

from medspan.core import InputError, Place
from medspan.read.base import REJECTED_CHARACTERS, BadRow, Row
from medspan.read.lines import read_lines
from medspan.read.source import open_bytes
from medspan.read.tables import is_table, table_rows

DOCUMENT_LISTS = ("documents", "PubTator3")
"""The names of the list that a collection, one object for a whole file, has its documents in."""

_CHUNK = 1 << 20
_SPACE = " \t\r\n"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def first_character(path: Path) -> str:
    """The first character of the file that is no white space; empty where there is none."""
    with open_bytes(path) as file:
        head = file.read(_CHUNK).removeprefix(b"\xef\xbb\xbf").lstrip()
    return head[:1].decode("latin-1")


def json_rows(path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
    """The rows of a JSON file, or of a table (`tables.is_table`), as JSON values.

    Lines of JSON count lines from 1, a list its items, a table its rows.
    """
    if is_table(path):
        return table_rows(path)
    if first_character(path) == "[":
        return _list_rows(path, max_line_bytes)
    return line_rows(path, max_line_bytes)


def line_rows(path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
    """The lines of a file as JSON values, blank ones left out; rows count lines from 1."""
    for line in read_lines(path, max_line_bytes):
        if isinstance(line, BadRow):
            yield line
        elif line.text.strip():
            place = Place(str(path), line.number)
            head = line.text[:REJECTED_CHARACTERS]
            try:
                value = json.loads(line.text)
                _check_surrogates(line.text, value)
            except (ValueError, RecursionError) as error:
                yield BadRow(_broken(error, place, f"line {line.number}"), head)
            else:
                yield Row(place, value, head)


def _broken(error: ValueError | RecursionError, place: Place, where: str) -> InputError:
    if isinstance(error, RecursionError):
        return InputError(
            f"{where} is nested too deeply",
            cause="it is no row of a corpus",
            remedy="remove it, or name the right file",
            place=place,
        )
    if isinstance(error, UnicodeEncodeError):
        return InputError(
            f"{where} holds half of a surrogate pair (U+{ord(error.object[error.start]):04X})",
            cause="a text was cut in the middle of a character, an emoji say, before it was written",
            remedy="write the row again from the whole text",
            place=place,
        )
    if isinstance(error, json.JSONDecodeError):
        return InputError(
            f"{where}, column {error.colno} is no JSON: {error.msg}",
            cause="the row was cut off, edited by hand, or is spread over several lines",
            remedy="repair it; each line must be one whole JSON object",
            place=place,
        )
    return InputError(f"{where} is no usable JSON: {error}", remedy="repair or remove the row", place=place)


def _check_surrogates(text: str, value: Any) -> None:
    if _SURROGATE.search(text):
        json.dumps(value, ensure_ascii=False).encode("utf-8")


class _Broken(Exception):
    """A list that cannot be read beyond a line and column."""

    def __init__(self, message: str, line: int, column: int):
        super().__init__(message)
        self.line, self.column = line, column


def _list_rows(path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
    number = 0
    try:
        with TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="") as file:
            for value, text in _Window(file, max_line_bytes).items():
                number += 1
                place = Place(str(path), number)
                head = text[:REJECTED_CHARACTERS]
                try:
                    _check_surrogates(text, value)
                except (ValueError, RecursionError) as error:
                    yield BadRow(_broken(error, place, f"item {number}"), head)
                else:
                    yield Row(place, value, head)
    except UnicodeDecodeError:
        yield _bad_line(path, max_line_bytes)
    except _Broken as error:
        yield _cut_off(error, path, f"item {number + 1}")


@dataclass(frozen=True, slots=True)
class Member:
    """An item of an object's list, with the object's other values as far as they were read.

    Where the list `opens` and where the object `closes` there is no item.
    """

    head: dict[str, Any]
    value: Any
    text: str
    opens: bool = False
    closes: bool = False


def opening(path: Path, lists: Collection[str], limit: int) -> dict[str, Any] | None:
    """The values before a list of one of these names in the file's first object; None without one."""
    try:
        with TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="") as file:
            first = next(_Window(file, limit).members(lists), None)
    except (UnicodeDecodeError, _Broken):
        return None
    return first.head if first is not None and first.opens else None


def member_rows(path: Path, lists: Collection[str], limit: int) -> Iterator[Row | BadRow]:
    """The items of the lists of these names in the file's objects; each row's value is a `Member`.

    Only one item is held at a time, however long the lists are. Rows count items from 1.
    """
    number = 0
    try:
        with TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="") as file:
            for member in _Window(file, limit).members(lists):
                if member.opens or member.closes:
                    continue
                number += 1
                place = Place(str(path), number)
                head = member.text[:REJECTED_CHARACTERS]
                try:
                    _check_surrogates(member.text, member.value)
                except (ValueError, RecursionError) as error:
                    yield BadRow(_broken(error, place, f"document {number}"), head)
                else:
                    yield Row(place, member, head)
    except UnicodeDecodeError:
        yield _bad_line(path, limit)
    except _Broken as error:
        yield _cut_off(error, path, f"item {number + 1}")


def closing(path: Path, lists: Collection[str], limit: int) -> dict[str, Any]:
    """All values of the file's first object but those lists, wherever they stand; none where it is broken."""
    try:
        with TextIOWrapper(open_bytes(path), encoding="utf-8-sig", newline="") as file:
            return next((found.head for found in _Window(file, limit).members(lists) if found.closes), {})
    except (UnicodeDecodeError, _Broken):
        return {}


def _cut_off(error: _Broken, path: Path, item: str) -> BadRow:
    problem = InputError(
        f"line {error.line} column {error.column}: {error}; nothing from {item} on was read",
        cause="the list was cut off or edited by hand",
        remedy="repair the file at this place",
        place=Place(str(path), error.line),
    )
    return BadRow(problem, "")


def _bad_line(path: Path, max_line_bytes: int) -> BadRow:
    # Text decoding in chunks loses the place of the bad byte; reading by lines finds it again.
    for line in read_lines(path, max_line_bytes):
        if isinstance(line, BadRow):
            return line
    raise AssertionError(f"{path}: no bad line found again")


class _Window:
    """A sliding window over a JSON list that parses one item at a time."""

    def __init__(self, file: TextIO, limit: int):
        self._file, self._limit = file, limit
        self._decoder = json.JSONDecoder()
        self._text, self._at = "", 0
        self._lines_before, self._columns_before = 0, 0

    def items(self) -> Iterator[tuple[Any, str]]:
        """Every item with its text. `_Broken` at the first error of syntax."""
        yield from self._list()
        if self._peek():
            raise self._broken("something follows the end of the list", self._at)

    def members(self, lists: Collection[str]) -> Iterator[Member]:
        """The items of the lists of these names in the objects that the file consists of.

        An object without such a list comes whole, as its own item. `_Broken` as `items`.
        """
        while mark := self._peek():
            if mark != "{":
                raise self._broken("expected an object", self._at)
            yield from self._object(lists)

    def _object(self, lists: Collection[str]) -> Iterator[Member]:
        self._take()
        head: dict[str, Any] = {}
        found, held = False, 0
        if self._peek() == "}":
            self._take()
            return
        while True:
            at = self._at
            key, text = self._item()
            if not isinstance(key, str) or self._peek() != ":":
                raise self._broken("expected a key and ':'", at if not isinstance(key, str) else self._at)
            self._take()
            if key in lists and self._peek() == "[":
                found = True
                yield Member(head, None, "", opens=True)
                for value, text in self._list():
                    yield Member(head, value, text)
            else:
                head[key], text = self._item()
                held += len(text)
            if held > self._limit:
                raise self._broken(f"the object is longer than the limit of {self._limit:,}", self._at)
            if self._ends("}", "object"):
                break
        yield (
            Member(head, None, "", closes=True)
            if found
            else Member({}, head, str(head)[:REJECTED_CHARACTERS])
        )

    def _list(self) -> Iterator[tuple[Any, str]]:
        self._take()
        if self._peek() == "]":
            self._take()
            return
        while True:
            yield self._item()
            if self._ends("]", "list"):
                return

    def _ends(self, end: str, what: str) -> bool:
        mark = self._take()
        if mark not in (end, ","):
            self._at -= len(mark)
            problem = f"expected ',' or {end!r}" if mark else f"the file ends within the {what}"
            raise self._broken(problem, self._at)
        return mark == end

    def _item(self) -> tuple[Any, str]:
        self._peek()
        self._forget()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except json.JSONDecodeError as error:
                cut = error.msg.startswith("Unterminated") or error.pos > len(self._text) - 16
                if len(self._text) - self._at > self._limit:
                    raise self._broken(
                        f"the item is longer than the limit of {self._limit:,}", self._at
                    ) from None
                if cut and self._more():
                    continue
                raise self._broken(error.msg, error.pos) from None
            except RecursionError:
                raise self._broken("the item is nested too deeply", self._at) from None
            except ValueError as error:
                raise self._broken(str(error), self._at) from None
            # A number at the end of the window may go on beyond it.
            if end == len(self._text) and self._more():
                continue
            text, self._at = self._text[self._at : end], end
            return value, text

    def _peek(self) -> str:
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def _take(self) -> str:
        mark = self._peek()
        self._at += len(mark)
        return mark

    def _more(self) -> bool:
        piece = self._file.read(max(_CHUNK, len(self._text)))
        self._text += piece
        return bool(piece)

    def _forget(self) -> None:
        """Drop what was read, counting its lines, once it is long."""
        if self._at < _CHUNK:
            return
        gone = self._text[: self._at]
        lines = gone.count("\n")
        self._lines_before += lines
        last = len(gone) - gone.rfind("\n") - 1
        self._columns_before = last if lines else self._columns_before + last
        self._text, self._at = self._text[self._at :], 0

    def _broken(self, message: str, at: int) -> _Broken:
        before = self._text[:at]
        lines = before.count("\n")
        column = len(before) - before.rfind("\n")
        if not lines:
            column += self._columns_before
        return _Broken(message, self._lines_before + lines + 1, column)
