"""Which types a run knows: stated in a file, or inferred from what it trains on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from medspan.core import ConfigError, Example, Schema
from medspan.core.errors import missing_file


def infer_schema(schema_file: str | None, train: Sequence[Example]) -> Schema:
    """The schema of `schema_file`, or the smallest that holds the training references."""
    if schema_file is None:
        return Schema.infer(
            (example.task, example.reference) for example in train if example.reference is not None
        )
    path = Path(schema_file)
    if not path.is_file():
        raise missing_file(path, "schema_file")
    try:
        return Schema.from_json(json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"schema_file: {path} is no schema ({error})",
            cause="entity_types and relation_types are wanted, as in format.json of a run",
            remedy="copy the `schema` of a run's adapter/format.json and change that",
        ) from error
