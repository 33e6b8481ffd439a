"""The files of a run folder for its diagnosis: what is broken is noted, and counts as not there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.core import ConfigError, Example, InputError, ModelError

if TYPE_CHECKING:
    from medspan.evaluate.curves import Curves
    from medspan.train import TrainConfig

CONFIG = "config.yaml"
RECORD = "record.json"
RECORD_SHAPE: Mapping[str, Any] = {
    "config": {},
    "data": {"*": {"files": {}, "rows_sha256": str}},
    "base_model": {"name": str, "sha256": str},
    "format": {},
    "decoding": {},
    "trained": {"steps": int, "total_steps": int, "best_step": int, "finished": bool},
    "packages": {"*": str},
    "hardware": {},
    "code": {},
}
"""What the record's keys hold, `*` any key: an object by the shapes of its keys, or a value of a type."""

MADE_SHAPE: Mapping[str, Any] = {
    "decoding": {},
    "packages": {"*": str},
    "hardware": {},
    "code": {},
    "adapter_sha256": str,
}
SPLIT_SHAPE: Mapping[str, Any] = {"*": list}

_KINDS = {dict: "object", list: "list", str: "text", int: "whole number", bool: "truth value"}
_LOGS = ("log.jsonl", "trainer_state.json", "trainer_log.jsonl", "checkpoint*/trainer_state.json")
_MOST_FAULTS = 20
_NESTED = ("data", "decoding")
"""The keys of a configuration that have further ones."""

_ABSENT: Any = object()


@dataclass
class Found:
    """What is gathered on the way to a case."""

    parts: dict[str, tuple[Example, ...]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def is_own(folder: Path) -> bool:
    """Whether a folder holds a run of medspan, also where some of its files are broken or missing."""
    config, _ = _yaml(folder / CONFIG)
    if _is_config(config):
        return True
    record = _value(folder / RECORD)
    if isinstance(record, dict) and {"config", "decoding"} <= set(record):
        return True
    if (folder / "adapter" / "format.json").is_file() or any(folder.glob("predictions/*.made.json")):
        return True
    return sum((folder / name).is_file() for name in (CONFIG, RECORD, "split.json")) > 1


def json_object(path: Path, shape: Mapping[str, Any], found: Found) -> dict[str, Any] | None:
    """The object in a JSON file without what has not the shape that it should; None without one."""
    if not path.is_file():
        return None
    value = _value(path)
    if not isinstance(value, dict):
        found.notes.append(f"{path} is no JSON object (cut off, or edited by hand?), and is left out")
        return None
    faults: list[str] = []
    sound = _sound(value, shape, "", faults)
    if faults:
        more = f" and {len(faults) - 3} more" if len(faults) > 3 else ""
        found.notes.append(f"{path}: {'; '.join(faults[:3])}{more}: left out (edited by hand?)")
    return sound


def _sound(
    value: Mapping[str, Any], shape: Mapping[str, Any], path: str, faults: list[str]
) -> dict[str, Any]:
    sound = {}
    for key, held in value.items():
        wanted = shape.get(key, shape.get("*"))
        kind = dict if isinstance(wanted, Mapping) else wanted
        # What is not known of a run is null; what has members has none then, and is not null.
        fits = kind is None or _is_a(held, kind) or (held is None and kind not in (dict, list))
        if not fits:
            faults.append(f"{path}{key} is {_shown(held)} and no {_KINDS[kind]}")
        elif isinstance(wanted, Mapping):
            sound[key] = _sound(held, wanted, f"{path}{key}.", faults)
        else:
            sound[key] = held
    return sound


def _is_a(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not (kind is int and isinstance(value, bool))


def _shown(value: Any) -> str:
    told = json.dumps(value, ensure_ascii=False, default=str)
    return told if len(told) <= 60 else f"{told[:57]}..."


def own_config(
    folder: Path, record: Mapping[str, Any] | None, found: Found
) -> tuple[dict[str, Any], TrainConfig | None]:
    """The run's configuration as written and as checked: config.yaml, where it fails record.json.

    A key of config.yaml that cannot be used has the record's value, or is left out where that has none.
    """
    path = folder / CONFIG
    values, problem = _yaml(path)
    recorded: Mapping[str, Any] = (record or {}).get("config") or {}
    if not _is_config(values):
        problem = problem or "lacks the keys data and output_dir (cut off?)"
        if not _is_config(recorded):
            found.notes.append(
                f"{path} {problem}, and no {RECORD} holds the configuration: how the run was trained, "
                "and on what, is not known; name its data with --data"
            )
            return {}, None
        found.notes.append(f"{path} {problem}: the configuration in {RECORD} is taken")
        values, path = dict(recorded), folder / RECORD
    assert values is not None
    return _checked(deepcopy(values), path, recorded, found)


def _checked(
    values: dict[str, Any], path: Path, recorded: Mapping[str, Any], found: Found
) -> tuple[dict[str, Any], TrainConfig | None]:
    """The configuration with each key that cannot be used mended, and a note of it."""
    from medspan.train import make_config

    for _ in range(_MOST_FAULTS):
        try:
            return values, make_config(values)
        except ConfigError as error:
            key = _failing(values, error.what.split(":")[0])
            old, new = _at(values, key), _at(recorded, key)
            keep = new is not _ABSENT and new != old
            if old is _ABSENT and not keep:
                found.notes.append(f"{path} cannot be used as a configuration: {error}")
                return values, None
            if old is _ABSENT:
                # What lacks a key that it cannot do without was cut off, and may lack others.
                key = key[:1]
                new = recorded[key[0]]
            told = f"the {_shown(new)} of {RECORD} is taken" if keep else "it is left out"
            found.notes.append(f"{path}: {error.what}; {told}")
            _set(values, key, new if keep else _ABSENT)
    found.notes.append(f"{path} has more keys that cannot be used: its data is not read")
    return values, None


def _failing(values: Mapping[str, Any], named: str) -> tuple[str, ...]:
    """The path of the key that a message names, up to the first value without further keys."""
    path = tuple(named.strip().split("."))
    at: Any = values
    for depth, key in enumerate(path):
        if not isinstance(at, dict) or (depth and path[0] not in _NESTED):
            # The rest of the path says which of the allowed types was tried.
            return path[:depth]
        if key not in at:
            return path[: depth + 1]
        at = at[key]
    return path


def _at(values: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    at: Any = values
    for key in path:
        at = at.get(key, _ABSENT) if isinstance(at, Mapping) else _ABSENT
    return at


def _set(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Put a value at a path; `_ABSENT` takes the key away."""
    *above, last = path
    for key in above:
        values = values.setdefault(key, {})
    if value is _ABSENT:
        values.pop(last, None)
    else:
        values[last] = deepcopy(value)


def flat(config: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones."""
    found: dict[str, Any] = {}
    for key, value in config.items():
        found |= flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return found


def _is_config(values: Mapping[str, Any] | None) -> bool:
    return values is not None and "data" in values and "output_dir" in values


def _yaml(path: Path) -> tuple[dict[str, Any] | None, str]:
    """The keys of a YAML file, or None and what is wrong with it."""
    import yaml

    if not path.is_file():
        return None, "is missing"
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        return None, f"cannot be read ({error.strerror or error})"
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return None, f"is no YAML (cut off?): {' '.join(str(error).split())[:120]}"
    if not isinstance(data, dict):
        return None, "holds no keys"
    return {str(key): value for key, value in data.items()}, ""


def _value(path: Path) -> Any:
    """The value of a JSON file; None where there is none."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None


def curves_of(folder: Path, found: Found) -> Curves | None:
    """The curves of the training's log; what is wrong with a log that is there is noted."""
    from medspan.evaluate.curves import read_curves

    try:
        curves = read_curves(folder)
    except (InputError, OSError) as error:
        if any(one.is_file() for pattern in _LOGS for one in folder.glob(pattern)):
            found.notes.append(f"the training log is not used: {error}")
        return None
    found.notes += [f"{curves.source}: {line}" for line in curves.notes]
    return curves


def adapter_of(folder: Path, found: Found) -> tuple[Path | None, Any]:
    """The adapter of a folder and its format card, None for each that is not there."""
    from medspan.extract import adapter_folder
    from medspan.format import load_card

    try:
        adapter = adapter_folder(folder)
    except ModelError as error:
        found.notes.append(str(error))
        return None, None
    try:
        return adapter, load_card(adapter)
    except ModelError as error:
        if (adapter / "format.json").is_file():
            found.notes.append(str(error))
        return adapter, None


def checkpoints_of(folder: Path) -> tuple[tuple[int, Path], ...]:
    """(step, folder) of the checkpoints that hold an adapter, in order."""
    found = []
    for path in (folder / "checkpoints").glob("step-*"):
        number = path.name.removeprefix("step-")
        if number.isdigit() and (path / "adapter_config.json").is_file():
            found.append((int(number), path))
    return tuple(sorted(found))
