"""Write examples in a format, whole or not at all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from medspan.core import Example, InputError
from medspan.read.base import format_named
from medspan.read.corpus import Rejected
from medspan.read.instruction_rows import json_line


def write(path: Path | str, examples: Sequence[Example], format: str) -> Counter[str]:
    """Write a corpus file and return what the format could not hold, by kind.

    The file appears under its name once it is complete. InputError for an unknown format, or where
    the file cannot be written.
    """
    lost: Counter[str] = Counter()
    path = Path(path)
    chosen = format_named(format)
    write_whole(path, chosen.render(examples, lost, path.suffix.lower()))
    return +lost


def write_rejected(path: Path | str, rejected: Iterable[Rejected]) -> None:
    """Write rejected rows as JSON lines with the keys `file`, `row`, `reason` and `text`."""
    write_whole(Path(path), (json_line(row.to_json()) for row in rejected))


def write_whole(path: Path, pieces: Iterable[str]) -> None:
    """Write text in UTF-8 to a temporary file beside `path`, then rename it. InputError on failure."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(pieces)
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
        temporary.unlink(missing_ok=True)
