"""Read a corpus file whole: every row becomes an example, an error, or a listed rejection."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from medspan.core import Example, InputError, Place
from medspan.read.base import MAX_LINE_BYTES, BadRow, Format, Row, format_named
from medspan.read.corpus import Corpus, Rejected
from medspan.read.detect import detect
from medspan.read.lines import check_text_file, unreadable
from medspan.read.write import write_rejected

OnError = Literal["stop", "skip"]


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
    """The corpus in a file.

    `format`: a format's name, or `auto` to tell it from the content. `split` is given to every
    example; without it each keeps the split that its row states. `on_error="stop"` raises at the
    first row that cannot be read; `"skip"` lists such rows in `rejected` of the corpus and, as JSON
    lines, in the file `rejected`. `limit`: the largest number of examples. `max_line_bytes` bounds
    a line, or an item of a JSON list.

    InputError where the file or a row cannot be used, and, under `skip` too, where no row can.
    """
    path = Path(path)
    if on_error not in ("stop", "skip"):
        raise InputError(f"on_error is {on_error!r}", remedy="use 'stop' or 'skip'")
    if limit is not None and limit < 1:
        raise InputError(f"the limit is {limit} examples", remedy="use 1 or more, or leave it out")
    try:
        check_text_file(path)
        chosen = format_named(detect(path, max_line_bytes=max_line_bytes) if format == "auto" else format)
        examples, refused = _read(path, chosen, on_error, limit, max_line_bytes)
    except OSError as error:
        raise unreadable(path, error) from None
    if rejected is not None:
        write_rejected(rejected, refused)
    if not examples:
        raise _nothing(path, chosen, refused)
    if split is not None:
        examples = [replace(example, split=split) for example in examples]
    return Corpus(tuple(examples), chosen.name, (str(path),), tuple(refused))


def _read(
    path: Path, chosen: Format, on_error: OnError, limit: int | None, max_line_bytes: int
) -> tuple[list[Example], list[Rejected]]:
    examples: list[Example] = []
    refused: list[Rejected] = []
    for row in chosen.rows(path, max_line_bytes):
        result = row.error if isinstance(row, BadRow) else _example(chosen, row)
        if isinstance(result, Example):
            examples.append(result)
            if len(examples) == limit:
                break
        elif on_error == "stop":
            raise result
        else:
            place = result.place or Place(str(path))
            refused.append(Rejected(place, _reason(result), row.text))
    return examples, refused


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


def _nothing(path: Path, chosen: Format, refused: list[Rejected]) -> InputError:
    if refused:
        return InputError(
            f"none of the {len(refused)} rows can be read as {chosen.name}; the first: {refused[0].reason}",
            cause="the file is of another format",
            remedy="name its format with --format",
            place=refused[0].place,
        )
    return InputError(
        "the file holds no rows",
        cause="the step that should have written it found nothing to write",
        remedy="check that step",
        place=Place(str(path)),
    )
