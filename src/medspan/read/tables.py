"""Rows of Parquet files and of folders that `datasets` saved; and such files written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from medspan.core import InputError, Place
from medspan.read.base import REJECTED_CHARACTERS, BadRow, Row

_MAGIC = b"PAR1"
_SAVED = ("state.json", "dataset_info.json")
ROWS_AT_ONCE = 256
"""How many rows of a table are in memory at once."""


def is_table(path: Path) -> bool:
    """Whether a path is a Parquet file, or a folder as `Dataset.save_to_disk` writes it."""
    if path.is_dir():
        return all((path / name).is_file() for name in _SAVED)
    try:
        with path.open("rb") as file:
            return file.read(len(_MAGIC)) == _MAGIC
    except OSError:
        return False


def table_rows(path: Path) -> Iterator[Row | BadRow]:
    """The rows of a table, numbered from 1. InputError where it cannot be read."""
    number = 0
    try:
        for value in _saved_rows(path) if path.is_dir() else _parquet_rows(path):
            number += 1
            yield _row(value, Place(str(path), number))
    except InputError:
        raise
    except Exception as error:  # pyarrow and datasets raise a dozen kinds for damaged files
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        problem = InputError(
            f"the table cannot be read beyond row {number} ({reason})",
            cause="the file was cut off or damaged in copying",
            remedy="fetch or write it again",
            place=Place(str(path), number + 1),
        )
        yield BadRow(problem, "")


def _row(value: Any, place: Place) -> Row | BadRow:
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError) as error:
        problem = InputError(
            f"row {place.row} holds what JSON cannot ({error})",
            cause="the table has columns of bytes, dates or images",
            remedy="leave those columns out",
            place=place,
        )
        return BadRow(problem, str(value)[:REJECTED_CHARACTERS])
    return Row(place, value, text[:REJECTED_CHARACTERS])


def _parquet_rows(path: Path) -> Iterator[Any]:
    pyarrow = _pyarrow(path)
    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
            yield from batch.to_pylist()


def _saved_rows(path: Path) -> Iterator[Any]:
    _pyarrow(path)
    import datasets

    found = datasets.load_from_disk(str(path))
    for first in range(0, len(found), ROWS_AT_ONCE):
        yield from found.select(range(first, min(first + ROWS_AT_ONCE, len(found)))).to_list()


def write_table(path: Path, rows: Iterable[Any]) -> None:
    """Write JSON objects as a Parquet file. All of them are held in memory.

    `metadata`, whose keys differ from row to row, is one column of JSON text.
    """
    pyarrow = _pyarrow(path)
    plain = [
        {**row, "metadata": json.dumps(row["metadata"], ensure_ascii=False)} if "metadata" in row else row
        for row in rows
    ]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(plain), path)


def _pyarrow(path: Path) -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError:
        raise InputError(
            f"{path} is a table, and the packages for tables are not installed",
            cause="they come with an extra of medspan",
            remedy="pip install 'medspan[corpora]'",
        ) from None
    return pyarrow
