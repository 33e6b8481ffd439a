"""Data and generated texts that lie in a run's folder, told by their names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from medspan.diagnose.foreign.base import local_file
from medspan.read import split_of

DATA_FOLDERS = ("data", "dataset", "datasets")
SUFFIXES = (".jsonl", ".json", ".parquet", ".csv", ".tsv", ".txt", ".jsonl.gz", ".jsonl.zst")
_GENERATED = re.compile(r"generat|predict|outputs?(?![a-z])|answers|responses", re.IGNORECASE)
_SETTINGS = re.compile(
    r"(^|[_.-])(config|results?|metrics|log|state|args|tokenizer|index|info|card)([_.-]|$)", re.IGNORECASE
)
_GENERATED_FOLDERS = ("predictions", "generations", "predict")
"""All files in them count; in the run's folder and the next ones, those with a telling name."""

_FURTHER_FOLDERS = ("outputs", "results", "eval")


def data_files(folder: Path, named: Iterable[str]) -> dict[str, Path]:
    """Files of the parts (train, validation, test) by name, in the folder and its data folders.

    Then those that configurations name, where they are found; the first file of a part counts.
    """
    found: dict[str, Path] = {}
    places = [folder, *(folder / name for name in DATA_FOLDERS)]
    files = [one for place in places if place.is_dir() for one in sorted(place.iterdir()) if _is_data(one)]
    for name in named:
        file = local_file(name, folder)
        if file is not None and _is_data(file):
            files.append(file)
    for file in files:
        part = split_of(file.name)
        if part is not None and not _GENERATED.search(file.name):
            found.setdefault(part, file)
    return found


def generated_files(folder: Path) -> tuple[Path, ...]:
    """Files of generated texts by their names, in the folder and the usual ones in it.

    What a name promises is not looked at: reading the rows is another step, and says what is wrong.
    """
    places = [folder, *(folder / name for name in (*_GENERATED_FOLDERS, *_FURTHER_FOLDERS))]
    files = [one for place in places if place.is_dir() for one in sorted(place.iterdir())]
    return tuple(
        one
        for one in files
        if one.name.lower().endswith((".jsonl", ".json"))
        and one.is_file()
        and (_GENERATED.search(one.stem) or one.parent.name in _GENERATED_FOLDERS)
        and not _SETTINGS.search(one.stem)
    )


def _is_data(path: Path) -> bool:
    name = path.name.lower()
    return path.is_file() and name.endswith(SUFFIXES) and not _SETTINGS.search(path.name)
