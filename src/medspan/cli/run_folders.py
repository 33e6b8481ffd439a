"""What stands in run folders, read for comparison: records, rows of the data, stored predictions."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.cli.console import Report
from medspan.core import Example, InputError, Schema
from medspan.core.errors import missing_file

if TYPE_CHECKING:
    from medspan.evaluate.comparison import DataRows, PartDifference, Row

PARTS = ("test", "validation")
"""The parts that are compared, the first one of which every run has predictions."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A run folder, or a file of predictions, under the shortest name that tells it from the others."""

    name: str
    path: Path

    @property
    def is_run(self) -> bool:
        return self.path.is_dir()

    def predictions(self, split: str) -> Path:
        return self.path / "predictions" / f"{split}.jsonl" if self.is_run else self.path


def named(paths: Sequence[Path]) -> list[Compared]:
    """The paths with names: as many of their last parts as tell them apart. InputError for a missing one."""
    for path in paths:
        if not path.exists():
            raise missing_file(path, "a run or a file of predictions")
    parts = [path.resolve().parts for path in paths]
    for length in range(1, max(map(len, parts)) + 1):
        names = ["/".join(part[-length:]) for part in parts]
        if len(set(names)) == len(names):
            return [Compared(name, path) for name, path in zip(names, paths, strict=True)]
    twice = next(path for place, path in enumerate(paths) if parts[place] in parts[:place])
    raise InputError(
        f"{twice} is given twice",
        cause="a run has nothing to differ in from itself",
        remedy="name another run",
    )


def read_record(run: Compared, split: str | None, note: Report) -> dict[str, Any] | None:
    """What a run's record says, None without one.

    Its configuration alone where only that is there. The decoding is that which made the predictions of
    the part, where that is known.
    """
    record = _json(run.path / "record.json", note)
    if record is None:
        record = _config(run.path / "config.yaml", note)
        note(
            f"{run.name} has no usable record.json: "
            + ("only its config.yaml is compared" if record else "what made it is not known")
        )
    made = _json(_made_file(run, split), note) if split else None
    if record is not None and made and "decoding" in made:
        record["decoding"] = made["decoding"]
    return record


def schema_of(record: dict[str, Any] | None) -> Schema | None:
    """The schema that a run was trained with, from its record."""
    try:
        return Schema.from_json(record["format"]["schema"]) if record else None
    except (KeyError, TypeError, ValueError, InputError):
        return None


def data_differences(
    runs: Sequence[Compared], records: Sequence[dict[str, Any] | None], note: Report
) -> list[dict[str, PartDifference]]:
    """For each run but the first, what became of the rows of its data; empty where a run does not say.

    The data files are read only where the hashes differ, to tell which rows those are.
    """
    from medspan.evaluate.comparison import DataRows, row_differences

    hashes = [_json(run.path / "split.json", note) if run.is_run else None for run in runs]
    for run, found in zip(runs, hashes, strict=True):
        if run.is_run and found is None:
            note(f"{run.name} has no usable split.json: its rows are not compared")
    differ = any(found != hashes[0] for found in hashes if found is not None)
    known: list[dict[str, Row]] = [
        _known_rows(run, record, found, note) if differ and found is not None else {}
        for run, record, found in zip(runs, records, hashes, strict=True)
    ]
    data: list[DataRows | None] = [
        None if found is None else DataRows(found, rows) for found, rows in zip(hashes, known, strict=True)
    ]
    first = data[0]
    return [{} if first is None or other is None else row_differences(first, other) for other in data[1:]]


def _known_rows(
    run: Compared, record: dict[str, Any] | None, hashes: dict[str, Any], note: Report
) -> dict[str, Row]:
    """The rows of a run by their hashes, from its data files and from its stored predictions."""
    from medspan.evaluate.comparison import Row
    from medspan.read import load
    from medspan.train import load_config, load_data
    from medspan.train.run import row_hash

    def rows(examples: Iterable[Example]) -> dict[str, Row]:
        return {row_hash(one): Row(one.id, one.task, one.document.text) for one in examples}

    wanted = {one for part in hashes.values() for one in part}
    known: dict[str, Row] = {}
    for split in hashes:
        path = run.predictions(split)
        if path.is_file():
            known |= rows(load(path, format="medspan").examples)
    try:
        config = load_config(run.path / "config.yaml")
        for part in load_data(config.data, config.seed).parts.values():
            known |= rows(part)
    except (InputError, OSError, ValueError) as error:
        what = error.what if isinstance(error, InputError) else str(error)
        note(f"{run.name}: its data cannot be read ({what}); rows are told by their hashes alone")
    else:
        lacking = len(wanted - set(known))
        if lacking:
            rows_are = "row is" if lacking == 1 else "rows are"
            note(f"{run.name}: {lacking} {rows_are} no longer in its data files, which were changed since")
    return known


def part_of(runs: Sequence[Compared], split: str | None) -> str:
    """The part to compare: `split`, else the first of PARTS that all runs have predictions for."""
    if split:
        return split
    folders = [run for run in runs if run.is_run]
    for part in PARTS:
        if all(run.predictions(part).is_file() for run in folders):
            return part
    return PARTS[0]


def stored_examples(run: Compared, split: str, format: str, note: Report) -> list[Example]:
    """The stored predictions of a run, or the examples of a file; InputError where there are none.

    `note` hears of predictions that were made by another adapter than the run holds now: they are what
    is compared, whatever became of the adapter.
    """
    from medspan.read import load

    path = run.predictions(split)
    if run.is_run:
        _check_stored(run, split, path, note)
    else:
        _check_annotated(path)
    return list(load(path, format="medspan" if run.is_run else _format_of(path, format)).examples)


def _check_annotated(path: Path) -> None:
    """InputError for text that a model generated, which is no document of itself."""
    from medspan.read import detect
    from medspan.read.generated import is_generated

    try:
        detect(path)
    except InputError:
        known = False
    else:
        known = True
    if path.is_file() and is_generated(path, surely=known):
        raise InputError(
            f"{path} holds text that a model generated, and no annotation to score it against",
            cause="another trainer wrote it, with prompts and answers alone",
            remedy="give the annotated file that was answered with --reference FILE",
        )


def _format_of(path: Path, format: str) -> str:
    """The format of a file of predictions: mostly what `extract` writes, whatever that of the reference."""
    from medspan.read import detect

    if format == "auto" or not path.is_file():
        return format
    try:
        return "medspan" if detect(path) == "medspan" else format
    except InputError:
        return format


def _check_stored(run: Compared, split: str, path: Path, note: Report) -> None:
    if not path.is_file():
        if not (run.path / "config.yaml").is_file():
            raise InputError(
                f"{run.path} is no run folder: it has neither config.yaml nor predictions/{split}.jsonl",
                cause="it is an adapter without its run, or another folder",
                remedy="name the output_dir of a training, or a file of predictions with --reference FILE",
            )
        held = sorted(one.stem for one in path.parent.glob("*.jsonl") if "." not in one.stem)
        raise InputError(
            f"{run.name} has no predictions for the part {split!r}"
            + (f" (it has them for: {', '.join(held)})" if held else ""),
            cause="the run has not been evaluated on it yet",
            remedy=f"medspan evaluate {run.path} --split {split}, then compare again; or add --no-scores",
        )
    made = _json(_made_file(run, split), note)
    adapter = run.path / "adapter"
    if made is None or "adapter_sha256" not in made:
        note(f"{run.name}: how {path} was made is not recorded")
    elif adapter.is_dir():
        from medspan.cli.stored import adapter_hash

        if made["adapter_sha256"] != adapter_hash(adapter):
            note(
                f"{run.name}: {path.name} was made by another adapter than the run holds now, or by an "
                f"earlier medspan; medspan evaluate {run.path} --split {split} --again makes it anew"
            )


def _made_file(run: Compared, split: str | None) -> Path:
    return run.path / "predictions" / f"{split}.made.json"


def _json(path: Path, note: Report) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        note(f"{path} is no JSON object: it was cut off or edited, and is left out")
        return None


def _config(path: Path, note: Report) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    import yaml

    try:
        return {"config": dict(yaml.safe_load(path.read_text(encoding="utf-8")))}
    except (yaml.YAMLError, ValueError, TypeError):
        note(f"{path} cannot be read as a configuration, and is left out")
        return None
