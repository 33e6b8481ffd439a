"""Read a corpus whole: every row becomes an example, an error, or a listed rejection."""

from __future__ import annotations

from pathlib import Path

from medspan.core import InputError
from medspan.read.base import MAX_LINE_BYTES
from medspan.read.corpus import Corpus, Rejected
from medspan.read.stream import OnError, Stream
from medspan.read.write import write_rejected


def load(
    path: Path | str,
    *,
    format: str = "auto",
    split: str | None = None,
    on_error: OnError = "stop",
    rejected: Path | str | None = None,
    limit: int | None = None,
    max_line_bytes: int = MAX_LINE_BYTES,
) -> Corpus:
    """The corpus in a file, or in a folder where its format is one of folders.

    `format`: a format's name, or `auto` to tell it from the content. `split` is given to every
    example; without it each keeps the split that its row states. `on_error="stop"` raises at the
    first row that cannot be read; `"skip"` lists such rows in `rejected` of the corpus and, as JSON
    lines, in the file `rejected`. `limit`: the largest number of examples. `max_line_bytes` bounds
    a line, or an item of a JSON list.

    InputError where the file or a row cannot be used, and, under `skip` too, where no row can.
    """
    refused: list[Rejected] = []
    stream = Stream(
        path,
        format=format,
        split=split,
        on_error=on_error,
        limit=limit,
        max_line_bytes=max_line_bytes,
        heard=refused.append,
    )
    try:
        examples = tuple(stream)
    except InputError:
        if rejected is not None and refused:
            write_rejected(rejected, refused)
        raise
    if rejected is not None:
        write_rejected(rejected, refused)
    return Corpus(examples, stream.format.name, (str(path),), tuple(refused))
