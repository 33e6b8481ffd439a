"""What a run's record states, read from its folder, and what is here now."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.cli.console import Report
from medspan.cli.run_folders import PARTS
from medspan.core import ConfigError, Example, InputError, Schema

if TYPE_CHECKING:
    from medspan.diagnose.reproduction import Here, PartNow, Stated
    from medspan.evaluate.comparison import Row
    from medspan.train import TrainConfig
    from medspan.train.run import RunData


@dataclass(frozen=True, slots=True)
class Recorded:
    """A run as its folder states it.

    `config`: the recorded one, with the places of data, schema and base model as config.yaml has them
    now; `edited`: config.yaml as it stands, None without one. `stored`: the predictions of `part`, which
    is None where the run has none.
    """

    run: Path
    config: TrainConfig
    edited: Mapping[str, Any] | None
    stated: Stated
    part: str | None
    stored: tuple[Example, ...]

    @property
    def record(self) -> Mapping[str, Any]:
        return self.stated.record

    @property
    def schema(self) -> Schema | None:
        """The schema of the training, by which the run is scored."""
        from medspan.cli.run_folders import schema_of

        return schema_of(dict(self.record))


def read_recorded(run: Path, split: str | None, note: Report) -> Recorded:
    """Read a run folder. InputError where there is no record, or it is not one that can be repeated."""
    from medspan.diagnose.reproduction import Stated
    from medspan.read import load

    record = _record(run)
    part = _part(run, split)
    path = run / "predictions" / f"{part}.jsonl"
    stored = load(path, format="medspan").examples if part else ()
    made = _object(path.with_name(f"{part}.made.json")) if part else None
    if part and made is None:
        note(
            f"{path} stands there without {part}.made.json: it is decoded as the record says, and which "
            "adapter made it is not known"
        )
    rows = _object(run / "split.json")
    if rows is None:
        note(f"{run} has no usable split.json: rows of the data are compared by one hash for all of them")
    edited = _yaml(run / "config.yaml", note)
    return Recorded(
        run,
        _recorded_config(run, record, edited),
        edited,
        Stated(record, rows, _known(stored), made),
        part,
        tuple(stored),
    )


def missing_predictions(recorded: Recorded, split: str | None) -> InputError:
    """The error for a run whose evaluation left nothing that answers could be compared with."""
    run = recorded.run
    call = f"medspan evaluate {shlex.quote(str(run))}{f' --split {shlex.quote(split)}' if split else ''}"
    scores = (run / "metrics.json").is_file()
    held = sorted(one.stem for one in (run / "predictions").glob("*.jsonl") if "." not in one.stem)
    has = f" (it has them for: {', '.join(held)})" if held else ""
    return InputError(
        f"{run} has no stored predictions{f' for the part {split!r}' if split else ''}{has}: there is "
        "nothing to compare answers with" + ("; metrics.json holds scores alone" if scores else ""),
        cause="the run was not evaluated yet, or predictions/ was left behind when it was copied",
        remedy=f"copy predictions/ with its made.json, or make them here: {call}; with --train, losses and "
        "weights are compared without them",
    )


def read_parts(recorded: Recorded, note: Report, *, all_parts: bool) -> RunData:
    """The data of the run as it is now.

    Without `all_parts`, only the scored part has to be there, and `note` hears of the others. InputError
    where a needed file is gone, with where it is likely to be.
    """
    from medspan.train import load_data
    from medspan.train.run import RunData

    config = recorded.config
    try:
        return load_data(config.data, config.seed)
    except InputError as error:
        part = None if all_parts else recorded.part
        own = None if part is None else getattr(config.data, part, None)
        if part is None or own is None or not Path(own).is_file():
            raise _misplaced(recorded, error) from None
        note(f"only the part {part} of the data is read: {error.what}")
    limit = getattr(config.data, f"max_{part}_samples")
    alone = config.data.model_copy(
        update={"train": own, "validation": None, "test": None, "max_train_samples": limit}
    )
    read = load_data(alone, config.seed)
    return RunData({part: read.parts["train"]}, {part: read.corpora["train"]})


def data_now(data: RunData) -> dict[str, PartNow]:
    """Row hashes, rows and file hashes of the parts as they are."""
    from medspan.diagnose.reproduction import PartNow
    from medspan.models import sha256_of_file
    from medspan.train.run import row_hash

    found = {}
    for part, examples in data.parts.items():
        hashes = tuple(map(row_hash, examples))
        files = tuple(sha256_of_file(Path(file)) for file in data.corpora[part].files)
        found[part] = PartNow(hashes, _rows(examples, hashes), files)
    return found


def here_now(recorded: Recorded, data: RunData, **found: Any) -> Here:
    """What is here now: the data, the environment, and what else was `found` out."""
    from medspan.core.run_record import installed_packages
    from medspan.diagnose.reproduction import Here
    from medspan.models import hardware
    from medspan.train.run import code_hash

    return Here(
        config=recorded.edited,
        parts=data_now(data),
        packages=installed_packages(),
        hardware=hardware(),
        code=code_hash(),
        **found,
    )


def _record(run: Path) -> dict[str, Any]:
    path = run / "record.json"
    if not run.is_dir():
        raise InputError(
            f"{run} {'is a file' if run.exists() else 'does not exist'}",
            cause="the path is misspelt, or relative to another folder",
            remedy="name a run folder, the output_dir of a training",
        )
    if not path.is_file():
        raise InputError(
            f"{run} has no record.json, so what made it is not known",
            cause="it is an adapter without its run, another trainer's folder, or the record was not copied",
            remedy=_without_record(run),
        )
    record = _object(path)
    if record is None or not isinstance(record.get("config"), dict):
        raise InputError(
            f"{path} does not say how the run was configured",
            cause="the file was cut off or edited by hand",
            remedy="restore it from a copy of the run",
        )
    return record


def _without_record(run: Path) -> str:
    """What can be done about a folder without record.json: `diagnose` is advised only where it can begin."""
    from medspan.diagnose.foreign import is_foreign

    inner = run / "run"
    if (inner / "record.json").is_file():
        return f"name the run in it: medspan reproduce {shlex.quote(str(inner))}"
    if (run / "config.yaml").is_file() or is_foreign(run):
        told = f"medspan diagnose {shlex.quote(str(run))} examines a folder without one"
        return f"copy record.json too; {told}"
    return "name a run folder, the output_dir of a training, with its record.json"


def _part(run: Path, split: str | None) -> str | None:
    names = PARTS if split is None else (split,)
    return next((name for name in names if (run / "predictions" / f"{name}.jsonl").is_file()), None)


def _recorded_config(run: Path, record: Mapping[str, Any], edited: Mapping[str, Any] | None) -> TrainConfig:
    """The recorded configuration with the places that config.yaml names now."""
    from medspan.diagnose.reproduction import PLACES
    from medspan.train import make_config

    values = json.loads(json.dumps(record["config"]))
    for place in PLACES:
        *path, last = place.split(".")
        new: Any = edited or {}
        old: Any = values
        for key in path:
            new, old = (one.get(key) if isinstance(one, dict) else None for one in (new, old))
        if isinstance(new, dict) and isinstance(old, dict) and last in new:
            old[last] = new[last]
    try:
        return make_config(values)
    except ConfigError as error:
        raise InputError(
            f"{run / 'record.json'} holds a configuration that this medspan cannot use: {error.what}",
            cause="the run was made by another version of medspan, or the record was edited",
            remedy=f"install the version that made it ({(record.get('packages') or {}).get('medspan', '?')})",
        ) from None


def _misplaced(recorded: Recorded, error: InputError) -> InputError:
    """The error of data that cannot be read; with where it is, where paths are relative to another folder."""
    data = recorded.config.data
    named = {key: getattr(data, key) for key in ("train", "validation", "test")}
    gone = {key: path for key, path in named.items() if path is not None and not Path(path).exists()}
    if not gone:
        return error
    key, path = next(iter(gone.items()))
    start = _start(recorded.run, gone.values())
    if start is not None:
        run = recorded.run.resolve()
        inside = run.relative_to(start)
        return InputError(
            f"data.{key}: {path} does not exist in {Path.cwd()}",
            cause=f"the run was started in {start}, and its data is named relative to that folder",
            remedy=f"cd {shlex.quote(str(start))} && medspan reproduce {shlex.quote(str(inside))}",
        )
    return InputError(
        f"data.{key}: {path} does not exist (now in {Path.cwd()})",
        cause="the data was moved or removed since, or the run was copied without it",
        remedy=f"set data.{key} in {recorded.run / 'config.yaml'} to where the data is now; its rows are "
        "compared with those of the training",
    )


def _start(run: Path, paths: Iterable[str]) -> Path | None:
    """The nearest folder above the run from which all the relative paths lead somewhere."""
    wanted = [Path(path) for path in paths]
    if any(path.is_absolute() for path in wanted):
        return None
    return next(
        (folder for folder in run.resolve().parents if all((folder / path).exists() for path in wanted)), None
    )


def _known(examples: Iterable[Example]) -> dict[str, Row]:
    from medspan.train.run import row_hash

    held = [one for one in examples if one.reference is not None]
    return _rows(held, map(row_hash, held))


def _rows(examples: Iterable[Example], hashes: Iterable[str]) -> dict[str, Row]:
    from medspan.evaluate.comparison import Row

    return {key: Row(one.id, one.task, one.document.text) for key, one in zip(hashes, examples, strict=True)}


def _object(path: Path) -> dict[str, Any] | None:
    """The JSON object of a file; None where there is none."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _yaml(path: Path, note: Report) -> dict[str, Any] | None:
    if not path.is_file():
        note(f"{path} is missing: the paths of the data are those of the record")
        return None
    import yaml

    try:
        return dict(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, TypeError):
        note(f"{path} cannot be read as a configuration: the paths of the data are those of the record")
        return None
