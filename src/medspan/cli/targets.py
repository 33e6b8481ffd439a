"""Where the report on a run may be written: never in the place of what the run is made of."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from medspan.cli.console import check_targets
from medspan.core import InputError

REPORTS = ("diagnosis", "reproduction")
"""Beginnings of the names of files in a run's folder that may be written again."""

PARTS = ("train", "validation", "test")


def check_reports(
    targets: Sequence[Path | None], runs: Sequence[Path | None], reads: Iterable[Path] = ()
) -> None:
    """InputError now, rather than after the work, where a report cannot or must not be written.

    It must not take the place of a file in the folder of one of the `runs`, unless it is an earlier report
    by its name; nor of what the runs' configurations and records name, nor of `reads`.
    """
    folders = [run for run in runs if run is not None]
    bases: list[Path] = []
    files: list[Path] = []
    for run in list(folders):
        for config, record in _stated(run):
            bases += [Path(one) for one in _strings([config.get("base_model")])]
            for one in (*_places(config), *_data_files(record)):
                # A path that is relative to where the run was started, which may be any folder above it.
                files += [Path(one), *(above / one for above in run.resolve().parents)]
    folders += [base for base in bases if os.path.isdir(base)]
    for target in targets:
        if target is not None and target.is_file():
            _check_kept(target, folders)
    check_targets(*targets, reads=[*reads, *files])


def _check_kept(target: Path, folders: Sequence[Path]) -> None:
    # As it is named, and where a link leads: writing replaces the first, and the second is what is read.
    lies = {target.resolve(), target.parent.resolve() / target.name}
    for folder in folders:
        held = any(folder.resolve() in place.parents for place in lies)
        if held and not target.name.startswith(REPORTS):
            raise InputError(
                f"{target} is a file of {folder}, which is examined",
                cause="an option that writes a report names what is read",
                remedy="write to a new file, best outside of that folder",
            )


def _stated(run: Path) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """The configurations that a run's files hold, each with its record; what cannot be read is left out."""
    import yaml

    try:
        config = yaml.safe_load((run / "config.yaml").read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, ValueError, RecursionError):
        config = None
    try:
        record = _mapping(json.loads((run / "record.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        record = {}
    yield _mapping(config), record
    yield _mapping(record.get("config")), record


def _places(config: Mapping[str, Any]) -> Iterator[str]:
    data = _mapping(config.get("data"))
    return _strings([*(data.get(part) for part in PARTS), config.get("schema_file")])


def _data_files(record: Mapping[str, Any]) -> Iterator[str]:
    for part in _mapping(record.get("data")).values():
        yield from _strings(_mapping(_mapping(part).get("files")))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _strings(values: Iterable[Any]) -> Iterator[str]:
    """Those of the values that can be paths."""
    return (one for one in values if isinstance(one, str) and one and "\0" not in one)
