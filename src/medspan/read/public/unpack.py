"""Take wanted files out of an archive: by name, nothing else, nowhere else, and not without bounds."""

from __future__ import annotations

import hashlib
import lzma
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from medspan.core import InputError, Place

MAX_FILES = 100_000
"""How many files an archive, or a folder, may hold."""

PIECE = 1 << 20


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest sizes in bytes, unpacked: of one file, and of all."""

    file: int = 1 << 29
    total: int = 1 << 31


DEFAULT_BOUNDS = Bounds()
_DAMAGE = (
    OSError,
    EOFError,
    ValueError,
    RuntimeError,
    NotImplementedError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
)


def is_archive(path: Path) -> bool:
    """Whether the file is a zip or tar archive, told from its content."""
    try:
        return zipfile.is_zipfile(path) or tarfile.is_tarfile(path)
    except _DAMAGE:
        # A compressed file that is cut off: its beginning did not show a tar archive.
        return False


def is_rubbish(name: str) -> bool:
    """Whether a path is what macOS or Windows leave in archives and folders, or hidden."""
    parts = PurePosixPath(name).parts
    return "__MACOSX" in parts or any(part.startswith(".") for part in parts) or parts[-1:] == ("Thumbs.db",)


class Tree:
    """The files of an archive or a folder, by path; `copy` brings one out.

    Only regular files are listed; in an archive links and devices are passed over. InputError where
    it is damaged or beyond its bounds.
    """

    def __init__(self, path: Path, bounds: Bounds = DEFAULT_BOUNDS):
        self._path, self._bounds, self._taken = path, bounds, 0
        self._open: Any = None
        self._members: dict[str, Any] = {}

    def __enter__(self) -> Tree:
        with _damage_told(self._path):
            listed: Iterator[tuple[str, Any]]
            if self._path.is_dir():
                listed = self._folder()
            elif zipfile.is_zipfile(self._path):
                self._open = zipfile.ZipFile(self._path)
                listed = self._zip()
            else:
                self._open = tarfile.open(self._path)
                listed = self._tar()
            for name, member in listed:
                self._members[name] = member
                if len(self._members) > MAX_FILES:
                    raise _beyond(self._path, f"more than {MAX_FILES:,} files")
        return self

    def __exit__(self, *_: object) -> None:
        if self._open is not None:
            self._open.close()

    @property
    def names(self) -> list[str]:
        return sorted(self._members)

    def find(self, path: str) -> str | None:
        """The file of this path, or else of this name at any place. InputError where there are several."""
        wanted = PurePosixPath(path)
        found = [name for name in self.names if PurePosixPath(name).name == wanted.name]
        exact = [name for name in found if f"/{name}".endswith(f"/{wanted}")]
        found = exact or found
        if len(found) > 1:
            raise InputError(
                f"{self._path} holds {wanted.name} {len(found)} times ({', '.join(found[:3])})",
                cause="several releases of the corpus stand in it",
                remedy="name one of them with --from",
            )
        return found[0] if found else None

    def copy(self, name: str, target: Path) -> None:
        """Write the file to `target`, which is made here and lies where the caller says."""
        with _damage_told(self._path), self._reader(name) as source, target.open("xb") as file:
            size = 0
            while piece := source.read(PIECE):
                size += len(piece)
                self._taken += len(piece)
                if size > self._bounds.file or self._taken > self._bounds.total:
                    raise _beyond(self._path, f"{name} unpacks to more than {self._bounds.file:,} bytes")
                file.write(piece)

    def _reader(self, name: str) -> IO[bytes]:
        member = self._members[name]
        if isinstance(member, Path):
            return member.open("rb")
        if isinstance(member, zipfile.ZipInfo):
            reader: IO[bytes] = self._open.open(member)
            return reader
        taken: IO[bytes] = self._open.extractfile(member)
        return taken

    def _folder(self) -> Iterator[tuple[str, Path]]:
        waiting = [self._path]
        while waiting:
            for path in sorted(waiting.pop().iterdir()):
                name = path.relative_to(self._path).as_posix()
                if is_rubbish(name):
                    continue
                if path.is_dir():
                    # A linked folder may lead in a circle.
                    waiting += [] if path.is_symlink() else [path]
                elif path.is_file():
                    yield name, path

    def _zip(self) -> Iterator[tuple[str, zipfile.ZipInfo]]:
        for info in self._open.infolist():
            kind = stat.S_IFMT(info.external_attr >> 16)
            if (
                not info.is_dir()
                and kind in (0, stat.S_IFREG)
                and not is_rubbish(info.filename.replace("\\", "/"))
            ):
                # Some programs for Windows write its separator into archives.
                yield info.filename.replace("\\", "/"), info

    def _tar(self) -> Iterator[tuple[str, tarfile.TarInfo]]:
        size = 0
        for count, info in enumerate(self._open):
            size += info.size
            # Going on to the next file unpacks this one.
            if size > self._bounds.total or count > MAX_FILES:
                raise _beyond(self._path, f"more than {self._bounds.total:,} bytes or {MAX_FILES:,} files")
            if info.isreg() and not is_rubbish(info.name.removeprefix("./")):
                yield info.name.removeprefix("./"), info


def digest(path: Path) -> str:
    """The sha256 of a file, in hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class _damage_told:
    """Turns the errors of a damaged archive into one InputError."""

    def __init__(self, path: Path):
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, OSError) and error.errno:
            return  # the disk's error, which says itself what is wrong
        if isinstance(error, _DAMAGE):
            why = " ".join(str(error).split()) or type(error).__name__
            if isinstance(error, tarfile.ReadError):
                why = "it is neither a zip nor a tar archive, or its beginning or end is missing"
            raise InputError(
                f"it cannot be unpacked ({why[:200]})",
                cause="it was cut off or damaged in copying, or the server sent another page for it",
                remedy="fetch it again",
                place=Place(str(self._path)),
            ) from None


def _beyond(path: Path, what: str) -> InputError:
    return InputError(
        what,
        cause="it is no corpus, or was made to fill the disk",
        remedy="look at it with unzip -l or tar -tf",
        place=Place(str(path)),
    )
