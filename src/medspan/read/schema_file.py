"""A schema that the user states in a file."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from medspan.core import ConfigError, Schema
from medspan.core.errors import missing_file

_KEYS = ("entity_types", "relation_types", "tasks")
_RELATION_KEYS = ("name", "pairs", "symmetric", "inverse")
_START = (
    "medspan audit PATH --write-schema FILE writes that of your data to start from; docs/audit.md has one"
)


def read_schema(path: Path, option: str = "--schema") -> Schema:
    """The schema in a JSON or YAML file, the keys those of `schema` in a run's format.json.

    `option` named it. InputError where the file is missing, ConfigError where it is no schema: the message
    names the key.
    """
    import yaml

    if path.is_dir():
        raise ConfigError(
            f"{option}: {path} is a folder",
            cause="the file in it is wanted",
            remedy=f"name it, for instance {option} {path / 'schema.json'}",
        )
    if not path.is_file():
        raise missing_file(path, option)
    try:
        stated = _parsed(path.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise _no_schema(option, path, " ".join(str(error).split())[:200]) from None
    try:
        _check(stated)
        return Schema.from_json(stated)
    except (ValueError, RecursionError) as error:
        raise _no_schema(option, path, str(error)) from None


def _parsed(text: str) -> Any:
    """The values of JSON or, where it is none, of YAML, which does not hold all of JSON."""
    import yaml

    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def _no_schema(option: str, path: Path, why: str) -> ConfigError:
    return ConfigError(
        f"{option}: {path} is no schema ({why})",
        cause="entity_types (a list of names) and relation_types (each with a name) are wanted",
        remedy=_START,
    )


def _check(stated: Any) -> None:
    """ValueError that says which key holds what it must not."""
    if not isinstance(stated, Mapping):
        raise ValueError(f"the file holds {_kind(stated)}, not a mapping of keys")
    if "schema" in stated and "relation_types" not in stated:
        raise ValueError("the schema stands under the key schema: it must be the whole file")
    _check_keys(stated, _KEYS, "")
    for key in ("entity_types", "relation_types"):
        if not isinstance(stated.get(key), list):
            is_there = f"{key} is {_kind(stated[key])}, not a list" if key in stated else f"{key} is missing"
            raise ValueError(is_there)
    _check_names(stated["entity_types"], "entity_types")
    for number, relation in enumerate(stated["relation_types"]):
        _check_relation(relation, f"relation_types[{number}]")
    tasks = stated.get("tasks", {})
    if not isinstance(tasks, Mapping):
        raise ValueError(f"tasks is {_kind(tasks)}, not a mapping of a task to its types")
    for task, types in tasks.items():
        _check_names(types, f"tasks.{task}")


def _check_relation(relation: Any, key: str) -> None:
    if not isinstance(relation, Mapping):
        raise ValueError(f"{key} is {_kind(relation)}, not a mapping with a name")
    _check_keys(relation, _RELATION_KEYS, f"{key}.")
    if not isinstance(relation.get("name"), str) or not relation["name"]:
        raise ValueError(f"{key} has no name" if "name" not in relation else f"{key}.name is no name")
    if not isinstance(relation.get("symmetric", False), bool):
        raise ValueError(f"{key}.symmetric is {relation['symmetric']!r}, not true or false")
    if not isinstance(relation.get("inverse"), str | None):
        raise ValueError(f"{key}.inverse is {_kind(relation['inverse'])}, not the name of a relation type")
    pairs = relation.get("pairs", [])
    if not isinstance(pairs, list):
        raise ValueError(f"{key}.pairs is {_kind(pairs)}, not a list of [head type, tail type]")
    for pair in pairs:
        if not (isinstance(pair, list) and len(pair) == 2):
            raise ValueError(f"{key}.pairs holds {pair!r}, not [head type, tail type]")
        _check_names(pair, f"{key}.pairs")


def _check_names(names: Any, key: str) -> None:
    if not isinstance(names, list):
        raise ValueError(f"{key} is {_kind(names)}, not a list of names")
    for name in names:
        if not isinstance(name, str) or not name:
            raise ValueError(f"{key} holds {name!r}, which is no name")


def _check_keys(stated: Mapping[str, Any], known: Collection[str], above: str) -> None:
    for key in stated:
        if key not in known:
            near = get_close_matches(str(key), known, n=1)
            meant = f"{near[0]} was meant" if near else f"use {', '.join(known)}"
            raise ValueError(f"{above}{key} is no key of a schema: {meant}")


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"{value!r}"[:60]
