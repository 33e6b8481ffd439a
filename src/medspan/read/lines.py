"""Take lines out of a file that may be anything: bounded memory, exact places, no traceback."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from medspan.core import InputError, Place
from medspan.core.errors import missing_file
from medspan.read.base import REJECTED_CHARACTERS, BadRow
from medspan.read.source import open_bytes

_BOM = b"\xef\xbb\xbf"
_UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_MAGIC = {
    b"PK\x03\x04": "a zip archive",
    b"%PDF": "a PDF",
    b"\x89PNG": "an image",
    b"GGUF": "model weights",
    b"SQLite format 3": "a database",
}


@dataclass(frozen=True, slots=True)
class Line:
    """A line's number from 1 and its text without the line end."""

    number: int
    text: str


def check_text_file(path: Path) -> None:
    """Raise InputError unless `path` is a file that may hold text in UTF-8."""
    if path.is_dir():
        raise InputError(
            f"{path} is a folder, and one file was expected",
            cause="a folder of splits was given where one file is read",
            remedy="name one of its files",
        )
    if not path.exists():
        raise missing_file(path, "the corpus file")
    place = Place(str(path))
    try:
        with open_bytes(path) as file:
            head = file.read(8192)
    except OSError as error:
        raise unreadable(path, error) from None
    if not head:
        raise InputError(
            "the file is empty",
            cause="the step that should have written it failed, or the download was cut off",
            remedy="write or fetch the file again",
            place=place,
        )
    for magic, kind in _MAGIC.items():
        if head.startswith(magic):
            raise InputError(
                f"the file is {kind}, not text",
                cause="the wrong file was named, or it was not unpacked",
                remedy="unpack it, or name the corpus file",
                place=place,
            )
    _check_encoding(head, place)


def _check_encoding(head: bytes, place: Place) -> None:
    nulls = head.count(0)
    # ASCII text in UTF-16 has a NUL in every second byte; stray NULs are left to the row they stand in.
    in_utf16 = head.startswith(_UTF16_MARKS) or (
        len(head) >= 4
        and max(head[0::2].count(0), head[1::2].count(0)) > 0.4 * (len(head) // 2)
        and nulls < 0.6 * len(head)
    )
    if in_utf16:
        raise InputError(
            f"the file is not in UTF-8: it begins at line 1, byte offset 0, with {head[:4].hex(' ').upper()}",
            cause="it was saved as UTF-16, as Windows programs do",
            remedy=f"convert it: iconv -f UTF-16 -t UTF-8 {place.file} > {place.file}.utf8",
            place=Place(place.file, 1),
        )
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in head)
    if controls > max(8, 0.1 * len(head)):
        raise InputError(
            f"the file is binary: {controls} of its first {len(head)} bytes are control characters",
            cause="the wrong file was named",
            remedy="name the corpus file",
            place=place,
        )


def unreadable(path: Path, error: OSError) -> InputError:
    """The error for a file that the operating system refuses."""
    return InputError(
        f"{path} cannot be read: {error.strerror or error}",
        cause="missing permission, or a device that is not there",
        remedy="check it with ls -l",
    )


def read_lines(path: Path, max_line_bytes: int) -> Iterator[Line | BadRow]:
    """Every line of the file; one that is too long, not UTF-8 or holds a NUL comes as a `BadRow`.

    A byte order mark and CRLF are tolerated; only LF ends a line. Memory stays within the limit.
    """
    offset = number = 0
    with open_bytes(path) as file:
        while raw := file.readline(max_line_bytes + 1):
            number += 1
            place = Place(str(path), number)
            if len(raw) > max_line_bytes and not raw.endswith(b"\n"):
                yield _too_long(raw, max_line_bytes, place)
                offset += len(raw) + _skip_line(file)
                continue
            yield _line(raw, offset, place)
            offset += len(raw)


def _line(raw: bytes, offset: int, place: Place) -> Line | BadRow:
    body = raw.removesuffix(b"\n").removesuffix(b"\r")
    if place.row == 1 and body.startswith(_BOM):
        body, offset = body[len(_BOM) :], offset + len(_BOM)
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        return BadRow(_not_utf8(error, offset, place), body.decode("utf-8", "replace")[:REJECTED_CHARACTERS])
    if "\0" in text:
        column = text.index("\0") + 1
        problem = InputError(
            f"line {place.row} holds a NUL byte at column {column}",
            cause="the file was damaged in copying, or written by a program that crashed",
            remedy="fetch it again, or remove the bytes: tr -d '\\000'",
            place=place,
        )
        return BadRow(problem, text[:REJECTED_CHARACTERS])
    return Line(place.row or 0, text)


def _not_utf8(error: UnicodeDecodeError, offset: int, place: Place) -> InputError:
    return InputError(
        f"line {place.row} is not UTF-8: byte 0x{error.object[error.start]:02X} "
        f"at byte offset {offset + error.start} of the file",
        cause="the file is in another encoding, most likely latin-1 or Windows-1252",
        remedy=f"convert it: iconv -f WINDOWS-1252 -t UTF-8 {place.file} > {place.file}.utf8",
        place=place,
    )


def _too_long(raw: bytes, limit: int, place: Place) -> BadRow:
    error = InputError(
        f"line {place.row} is longer than the limit of {limit:,} bytes",
        cause="a file without line breaks, or not of the format it was taken for",
        remedy="put one row on each line, or raise max_line_bytes",
        place=place,
    )
    return BadRow(error, raw[: 4 * REJECTED_CHARACTERS].decode("utf-8", "replace")[:REJECTED_CHARACTERS])


def _skip_line(file: BinaryIO) -> int:
    """Read on to the end of the line in pieces; the number of bytes passed over."""
    passed = 0
    while piece := file.readline(1 << 20):
        passed += len(piece)
        if piece.endswith(b"\n"):
            break
    return passed
