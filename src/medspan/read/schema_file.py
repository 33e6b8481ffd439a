"""A schema that the user states in a file."""

from __future__ import annotations

import json
from pathlib import Path

from medspan.core import ConfigError, Schema
from medspan.core.errors import missing_file


def read_schema(path: Path, option: str = "--schema") -> Schema:
    """The schema in a JSON file, the keys those of `schema` in a run's format.json; `option` named it.

    InputError where the file is missing, ConfigError where it is no schema.
    """
    if not path.is_file():
        raise missing_file(path, option)
    try:
        return Schema.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{option}: {path} is no schema ({error})",
            cause="entity_types and relation_types are wanted, as in format.json of a run",
            remedy="copy the `schema` of a run's adapter/format.json and change that",
        ) from error
