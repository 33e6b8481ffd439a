"""What differs between the records of runs: path by path, grouped, with every run's value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Record = Mapping[str, Any]
"""What a run's record.json holds; see `medspan.core.RunRecord`."""

GROUPS = (
    "config",
    "data",
    "format",
    "decoding",
    "base model",
    "method",
    "packages",
    "hardware",
    "code",
    "outcome",
)
"""In the order in which they are told; `outcome` is what came of a training, not what made it."""

_PLACES: dict[str, str] = {
    "config.data": "data",
    "data": "data",
    "config.format": "format",
    "config.endpoints": "format",
    "config.instruction": "format",
    "config.read_twice": "format",
    "config.template": "format",
    "config.schema_file": "format",
    "format": "format",
    "format.base_model": "base model",
    "format.base_model_hash": "base model",
    "format.tokenizer_hash": "base model",
    "format.method": "method",
    "format.calibration": "outcome",
    "config.method": "method",
    "config.attention": "method",
    "config.num_hidden_layers": "method",
    "config.window_overlap": "method",
    "config.decoding": "decoding",
    "decoding": "decoding",
    "config.base_model": "base model",
    "base_model": "base model",
    "packages": "packages",
    "hardware": "hardware",
    "config.device": "hardware",
    "code": "code",
    "trained": "outcome",
}
"""The group of a path is that of its longest beginning here; `config` where there is none."""

_BY_NATURE = ("config.output_dir", "trained.seconds")
_OF_DATA = ("train", "validation", "test")
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """A path of the records with the value of each run; `recorded` says which runs have it at all."""

    group: str
    path: str
    values: tuple[Any, ...]
    recorded: tuple[bool, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "group": self.group,
            "path": self.path,
            "values": list(self.values),
            "recorded": list(self.recorded),
        }


@dataclass(frozen=True, slots=True)
class RecordDifferences:
    """What differs, what differs by nature (time, folders) and says nothing, and who has no record.

    `missing` holds the places of runs without a record; they take no part.
    """

    found: tuple[Difference, ...]
    by_nature: tuple[Difference, ...]
    missing: tuple[int, ...]

    def to_json(self) -> dict[str, Any]:
        return {
            "found": [difference.to_json() for difference in self.found],
            "by_nature": [difference.to_json() for difference in self.by_nature],
            "missing": list(self.missing),
        }


def record_differences(records: Sequence[Record | None]) -> RecordDifferences:
    """The paths at which `records` differ, in order of group and path; None stands for no record.

    Dictionaries are followed to their leaves (an empty one says nothing), lists are compared whole. The
    names of data files are places, so they differ by nature; their hashes do not, and are compared in the
    order of the files.
    """
    missing = tuple(place for place, record in enumerate(records) if record is None)
    flats = [None if record is None else _flat(_comparable(record)) for record in records]
    held = [flat for flat in flats if flat is not None]
    found: list[Difference] = []
    by_nature: list[Difference] = []
    for path in sorted({path for flat in held for path in flat}):
        values = [_ABSENT if flat is None else flat.get(path, _ABSENT) for flat in flats]
        present = [value for value, flat in zip(values, flats, strict=True) if flat is not None]
        if all(_same(value, present[0]) for value in present):
            continue
        difference = Difference(
            group_of(path),
            path,
            tuple(None if value is _ABSENT else value for value in values),
            tuple(value is not _ABSENT for value in values),
        )
        (by_nature if _is_by_nature(path) else found).append(difference)
    found.sort(key=lambda one: (GROUPS.index(one.group), one.path))
    return RecordDifferences(tuple(found), tuple(by_nature), missing)


def group_of(path: str) -> str:
    """The group that a dotted path of a record belongs to."""
    parts = path.split(".")
    for length in range(len(parts), 0, -1):
        group = _PLACES.get(".".join(parts[:length]))
        if group:
            return group
    return "config"


def _is_by_nature(path: str) -> bool:
    return path in _BY_NATURE or path.endswith(".file_names") or path in _data_paths()


def _data_paths() -> set[str]:
    return {f"config.data.{split}" for split in _OF_DATA}


def _same(one: Any, other: Any) -> bool:
    # 1 == True and 1 == 1.0 in Python, and a configuration means different things by the former.
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _comparable(record: Record) -> dict[str, Any]:
    """The record with the data files' hashes apart from their names, and without its version."""
    plain = {key: value for key, value in record.items() if key not in ("schema_version", "seed")}
    # The seed stands in the configuration too; a record without one keeps its own.
    if "seed" in record and "seed" not in (record.get("config") or {}):
        plain["seed"] = record["seed"]
    data = plain.get("data")
    if isinstance(data, Mapping):
        plain["data"] = {split: _without_names(part) for split, part in data.items()}
    return plain


def _without_names(part: Any) -> Any:
    files = part.get("files") if isinstance(part, Mapping) else None
    if not isinstance(files, Mapping):
        return part
    hashes = [files[name] for name in sorted(files)]
    return {**part, "files": hashes, "file_names": sorted(files)}


def _flat(value: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, item in value.items():
        if isinstance(item, Mapping):
            flat |= _flat(item, f"{path}{key}.")
        else:
            flat[f"{path}{key}"] = item
    return flat
