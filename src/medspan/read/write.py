"""Write examples in a format, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from medspan.core import Example, InputError
from medspan.read.base import FolderFormat, Format, format_named
from medspan.read.corpus import Rejected
from medspan.read.further import Accounted
from medspan.read.instruction_rows import json_line
from medspan.read.losses import Listener, Losses
from medspan.read.source import open_packed, suffix_of
from medspan.read.tables import write_table

TABLE = ".parquet"
STANDARD_OUTPUT = "-"


def write(
    path: Path | str, examples: Iterable[Example], format: str, listen: Listener | None = None
) -> Counter[str]:
    """Write a corpus file, or a folder where the format is one of folders; what was lost, by kind.

    The suffix decides how it is packed (`.gz`, `.zst`, `.bz2`, `.xz`), and `.parquet` makes a table of
    a format of JSON rows; `-` is standard output. `examples` may be gone through twice. `listen` hears
    each loss. The file or folder appears under its name once it is complete. InputError for an unknown
    format, or where it cannot be written.
    """
    lost = Losses(listen)
    path = Path(path)
    chosen = format_named(format)
    examples = Accounted(examples, chosen, lost)
    if str(path) == STANDARD_OUTPUT:
        for piece in chosen.render(examples, lost, chosen.suffix):
            sys.stdout.buffer.write(piece.encode("utf-8"))
        sys.stdout.buffer.flush()
    elif isinstance(chosen, FolderFormat):
        _write_folder(path, chosen.render_files(examples, lost))
    elif path.suffix.lower() == TABLE:
        _write_table(path, chosen, examples, lost)
    else:
        write_whole(path, chosen.render(examples, lost, suffix_of(path)))
    return +lost.counts


def write_rejected(path: Path | str, rejected: Iterable[Rejected]) -> None:
    """Write rejected rows as JSON lines with the keys `file`, `row`, `reason` and `text`."""
    write_whole(Path(path), (json_line(row.to_json()) for row in rejected))


def write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Write text in UTF-8 to a temporary file beside `path`, then rename it. InputError on failure.

    A pipe or device (`/dev/stdout`) is written to as it is: it must not be replaced by a file.
    """
    if path.exists() and not path.is_file() and not path.is_dir():
        with path.open("wb") as stream:
            for piece in pieces:
                stream.write(piece.encode("utf-8"))
        return
    with appearing(path) as temporary, open_packed(temporary, path.suffix.lower()) as file:
        for piece in pieces:
            file.write(piece.encode("utf-8"))


@contextmanager
def lines_beside(path: Path | None) -> Iterator[Callable[[Any], None]]:
    """A function that writes things with a `to_json` as JSON lines to `path` as they come; nothing without.

    The file appears under its name at the end, also where the work around it fails: what was
    rejected says why.
    """
    if path is None:
        yield lambda item: None
        return
    failed: Exception | None = None
    with appearing(path) as temporary, open_packed(temporary, path.suffix.lower()) as file:

        def tell(item: Any) -> None:
            file.write(json_line(item.to_json()).encode("utf-8", "replace"))

        try:
            yield tell
        except Exception as error:  # raised again once the file stands
            failed = error
    if failed:
        raise failed


def _write_folder(path: Path, files: Iterable[tuple[str, str]]) -> None:
    if path.is_file() or (path.is_dir() and any(path.iterdir())):
        raise InputError(
            f"{path} is {'a file' if path.is_file() else 'a folder that holds something'}",
            cause="this format is written as a folder of its own",
            remedy="name a folder that does not exist, or is empty",
        )
    with appearing(path) as temporary:
        temporary.mkdir()
        for name, text in files:
            (temporary / name).write_bytes(text.encode("utf-8"))
        if path.is_dir():
            path.rmdir()


def _write_table(path: Path, chosen: Format, examples: Iterable[Example], lost: Losses) -> None:
    if chosen.suffix not in (".json", ".jsonl"):
        raise InputError(
            f"{chosen.name} cannot be written as a Parquet file",
            cause="it is a format of lines or markup, not of rows with keys",
            remedy=f"name a file that ends in {chosen.suffix}",
        )
    with appearing(path) as temporary:
        write_table(temporary, (json.loads(line) for line in chosen.render(examples, lost, ".jsonl")))


@contextmanager
def appearing(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that takes its name at the end, or vanishes. InputError on failure."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise InputError(
            f"{path} is a pipe or a device, which a file would replace",
            cause="lists and tables are written to files that appear when they are complete",
            remedy="name a file",
        )
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}",
            cause="missing permission, a full disk, or a folder of that name",
            remedy="check it with ls -ld, or write to another place",
        ) from None
    except UnicodeEncodeError as error:
        raise InputError(
            f"{path} cannot be written: a text holds half of a surrogate pair at {error.start}",
            cause="a text was cut in the middle of a character",
            remedy="repair the text",
        ) from None
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            # Nothing can lie in a folder that has become a file.
            with suppress(NotADirectoryError):
                temporary.unlink(missing_ok=True)
