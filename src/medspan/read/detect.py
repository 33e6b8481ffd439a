"""Tell the format of a file from what is in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

from medspan.core import InputError, Place
from medspan.read.base import MAX_LINE_BYTES, BadRow, Row, Sample, formats
from medspan.read.json_rows import DOCUMENT_LISTS, first_character, json_rows, member_rows, opening
from medspan.read.lines import check_text_file, read_lines
from medspan.read.tables import is_table

SAMPLE_ROWS = 20
"""How many rows are looked at."""
SAMPLE_FILES = 1000
"""How many files of a folder are looked at, by name."""


def detect(path: Path | str, *, max_line_bytes: int = MAX_LINE_BYTES) -> str:
    """The name of the format that the first rows of the file are in.

    InputError where they are of none, or of several: it says what was seen. Where no row can be
    taken out of a JSON file at all, the error is the first row's own.
    """
    path = Path(path)
    sample = take_sample(path, max_line_bytes)
    found = [name for name, format_ in formats().items() if format_.sniff(sample)]
    if len(found) == 1:
        return found[0]
    if sample.bad and not (sample.values or any(line.strip() for line in sample.lines)):
        raise sample.bad[0].error
    if path.is_dir() and not found:
        raise InputError(
            f"{path} is {_seen(sample)}, and one file was expected",
            cause="a folder of splits was given where one file is read, or it is of no format of folders",
            remedy="name one of its files",
        )
    if found:
        seen, cause = f"rows of the formats {' and '.join(found)}", "two files were put together"
    else:
        seen, cause = _seen(sample), "it is in a format that medspan does not read, or a key is misspelt"
    known = ", ".join(formats())
    raise InputError(
        f"the format is not clear: the file begins with {seen}",
        cause=cause,
        remedy="docs/corpora.md shows the rows that are simplest to write (for instance those of `sections`: "
        f"instruction, input, output); else name the format with --format, if it is one of {known}",
        place=Place(str(path)),
    )


def check_readable(path: Path) -> None:
    """InputError unless `path` is a folder, a table, or a file that may hold text in UTF-8."""
    if not path.is_dir() and not is_table(path):
        check_text_file(path)


def take_sample(path: Path, max_line_bytes: int) -> Sample:
    """The first rows of a file, as JSON where it begins with a bracket; the file names of a folder.

    InputError where a file is no text.
    """
    check_readable(path)
    if path.is_dir() and not is_table(path):
        names = (file.name for file in sorted(path.iterdir()) if not file.name.startswith("."))
        return Sample(path, names=tuple(islice(names, SAMPLE_FILES)))
    values: list[object] = []
    lines: list[str] = []
    bad: list[BadRow] = []
    if is_table(path) or first_character(path) in ("[", "{"):
        for row in islice(_json_sample(path, max_line_bytes), SAMPLE_ROWS):
            if isinstance(row, Row):
                values.append(row.value)
            else:
                bad.append(row)
    else:
        for line in islice(read_lines(path, max_line_bytes), SAMPLE_ROWS):
            if isinstance(line, BadRow):
                bad.append(line)
            else:
                lines.append(line.text)
    return Sample(path, tuple(values), tuple(lines), tuple(bad))


def _json_sample(path: Path, limit: int) -> Iterator[Row | BadRow]:
    """The rows of a JSON file; one object for the whole file as collections of one document each."""
    plain = is_table(path) or first_character(path) != "{"
    head = None if plain else opening(path, DOCUMENT_LISTS, limit)
    if head is not None:
        name = next(name for name in DOCUMENT_LISTS if name not in head)
        empty = True
        for row in member_rows(path, DOCUMENT_LISTS, limit):
            empty = False
            yield row if isinstance(row, BadRow) else replace(row, value={**head, name: [row.value.value]})
        if empty:
            yield Row(Place(str(path), 1), {**head, name: []}, "")
        return
    first = next(json_rows(path, limit), None)
    if not plain and isinstance(first, BadRow):
        whole = next(member_rows(path, DOCUMENT_LISTS, limit), None)
        if isinstance(whole, Row):
            yield replace(whole, value=whole.value.value)
            return
    yield from json_rows(path, limit)


def _seen(sample: Sample) -> str:
    if sample.path.is_dir() and not is_table(sample.path):
        some = ", ".join(sample.names[:5]) + (", ..." if len(sample.names) > 5 else "")
        return f"a folder with the files {some}" if some else "an empty folder"
    if sample.objects:
        keys = ", ".join(repr(key) for key in list(sample.objects[0])[:12])
        prompt = sample.objects[0].get("prompt")
        shown = f", the prompt beginning {prompt[:60]!r}" if isinstance(prompt, str) else ""
        return f"JSON objects with the keys {keys}{shown}" if keys else "an empty JSON object"
    if not sample.path.is_dir() and first_character(sample.path) == "[" and not sample.values:
        return "an empty JSON list"
    if sample.values:
        return f"JSON values such as {str(sample.values[0])[:60]!r}"
    first = next((line for line in sample.lines if line.strip()), "")
    if first.lstrip().startswith("<"):
        return f"XML or HTML ({first.strip()[:60]!r})"
    return f"the line {first[:60]!r}" if first else "nothing but white space"
