"""The bytes of a corpus file: packed ones unpacked as they are read, standard input as a file."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from medspan.core import InputError, Place

STANDARD_INPUT = "-"
_GZIP, _ZSTD, _BZIP2, _XZ = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ"
_PACKED_SUFFIXES = (".gz", ".zst", ".bz2", ".xz")


def open_bytes(path: Path) -> BinaryIO:
    """The file's bytes to read, unpacked where they are gzip, zstandard, bzip2 or xz.

    How it is packed is told from its first bytes. OSError where it cannot be opened; InputError,
    while reading too, where the archive is damaged or cut off.
    """
    with path.open("rb") as file:
        head = file.read(6)
    if head.startswith(_GZIP):
        return _unpacked(gzip.open(path, "rb"), path)
    if head.startswith(_BZIP2):
        return _unpacked(bz2.open(path, "rb"), path)
    if head.startswith(_XZ):
        return _unpacked(lzma.open(path, "rb"), path)
    if head.startswith(_ZSTD):
        return _unpacked(_ZstandardFile(path), path)
    return path.open("rb")


def suffix_of(path: Path) -> str:
    """The suffix in lower case, without that of an archive: `.json` of `a.JSON.gz`."""
    plain = path.with_suffix("") if path.suffix.lower() in _PACKED_SUFFIXES else path
    return plain.suffix.lower()


def whole_suffix(path: Path) -> str:
    """The suffix with that of an archive behind it: `.jsonl.gz` of `a.jsonl.gz`; none of a folder."""
    if path.is_dir():
        return ""
    packed = path.suffix if path.suffix.lower() in _PACKED_SUFFIXES else ""
    return path.with_suffix("").suffix + packed if packed else path.suffix


@contextmanager
def open_packed(path: Path, suffix: str) -> Iterator[BinaryIO]:
    """A file to write, packed as `suffix` says (`.gz`, `.zst`, `.bz2`, `.xz`), plain otherwise.

    The same content gives the same bytes: gzip's name and time are left out.
    """
    with path.open("wb") as file:
        packed: Any = file
        if suffix == ".gz":
            packed = gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0)
        elif suffix == ".bz2":
            packed = bz2.BZ2File(file, "wb")
        elif suffix == ".xz":
            packed = lzma.LZMAFile(file, "wb")  # noqa: SIM115
        elif suffix == ".zst":
            packed = zstandard.ZstdCompressor().stream_writer(file, closefd=False)
        try:
            yield packed
        finally:
            if packed is not file:
                packed.close()


@contextmanager
def standard_input_as_file(path: Path) -> Iterator[Path]:
    """The path itself, or, for `-`, a temporary file that holds all of standard input.

    Formats are told from a file's beginning and some writers read twice: a pipe can do neither.
    """
    if str(path) != STANDARD_INPUT:
        yield path
        return
    if sys.stdin.isatty():
        raise InputError(
            "the input is -, and nothing is piped in",
            cause="- stands for standard input",
            remedy="pipe a file in, for instance: zcat corpus.gz | medspan convert - out.jsonl --to medspan",
        )
    with tempfile.TemporaryDirectory(prefix="medspan-") as folder:
        copy = Path(folder) / "stdin"
        with copy.open("wb") as file:
            shutil.copyfileobj(sys.stdin.buffer, file, 1 << 20)
        yield copy


class _ZstandardFile:
    """The content of frames, one after another. EOFError where the last one is cut off.

    The library's own reader takes a cut for the end.
    """

    # A frame's blocks hold 128 KiB each at 4 bytes or more: a bomb gives no more than 128 MiB at once.
    PIECE = 4096

    def __init__(self, path: Path):
        self._file = path.open("rb")
        self._frame: Any = None
        self._packed = self._plain = b""

    def read1(self, size: int) -> bytes:
        while not self._plain:
            self._packed = self._packed or self._file.read(self.PIECE)
            if not self._packed:
                if self._frame is not None:
                    raise EOFError("the last frame is cut off")
                return b""
            if self._frame is None:
                self._frame = zstandard.ZstdDecompressor().decompressobj()
            self._plain = self._frame.decompress(self._packed)
            self._packed = b""
            if self._frame.eof:
                self._packed, self._frame = self._frame.unused_data, None
        piece, self._plain = self._plain[:size], self._plain[size:]
        return piece

    def close(self) -> None:
        self._file.close()


class _Unpacked(io.RawIOBase):
    """An archive's content; damage comes as InputError instead of a dozen kinds of errors."""

    def __init__(self, file: Any, path: Path):
        self._file, self._path, self._done = file, path, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            # What there is up to a damage, not all that was asked for or nothing.
            piece = self._file.read1(len(buffer))
        except (OSError, EOFError, ValueError, zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
            raise InputError(
                f"the archive cannot be unpacked beyond {self._done:,} bytes ({error})",
                cause="it was cut off or damaged in copying",
                remedy="fetch it again; check its size or checksum",
                place=Place(str(self._path)),
            ) from None
        buffer[: len(piece)] = piece
        self._done += len(piece)
        return len(piece)

    def close(self) -> None:
        self._file.close()
        super().close()


def _unpacked(file: Any, path: Path) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Unpacked(file, path), 1 << 16))
