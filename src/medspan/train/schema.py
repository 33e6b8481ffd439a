"""Which types a run knows: stated in a file, or inferred from what it trains on."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from medspan.core import Example, Schema
from medspan.read.schema_file import read_schema


def infer_schema(schema_file: str | None, train: Sequence[Example]) -> Schema:
    """The schema of `schema_file`, or the smallest that holds the training references."""
    if schema_file is None:
        return Schema.infer(
            (example.task, example.reference) for example in train if example.reference is not None
        )
    return read_schema(Path(schema_file), "schema_file")
