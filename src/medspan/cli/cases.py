"""From a folder to a case: a run of medspan, or of another trainer with its data and generated texts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.core import Example, InputError, MedspanError, ModelError
from medspan.core.errors import missing_file

if TYPE_CHECKING:
    from medspan.diagnose import Case
    from medspan.evaluate.curves import Curves
    from medspan.read.generated import Generated

PARTS = ("test", "validation", "train")
"""Which part is examined where the user names none: the first that has predictions, else that has data."""


@dataclass(frozen=True, slots=True)
class Given:
    """What the user says about a run besides its folder.

    `data`: a folder or files with annotated examples; `predicted`: predictions or generated texts for the
    part `split`.
    """

    data: tuple[Path, ...] = ()
    predicted: Path | None = None
    split: str | None = None
    base_model: str | None = None
    format: str = "auto"


@dataclass
class _Found:
    """What is gathered on the way."""

    parts: dict[str, tuple[Example, ...]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def make_case(folder: Path, given: Given) -> Case:
    """The case of a run folder. InputError where the folder is none that anything can be told of."""
    if not folder.exists():
        raise missing_file(folder, "the run")
    if folder.is_file():
        raise InputError(
            f"{folder} is a file, and the folder of a run is wanted",
            cause="an adapter's or a log's file was named",
            remedy=f"name its folder: medspan diagnose {folder.parent}",
        )
    own = (folder / "config.yaml").is_file() and _config(folder / "config.yaml") is not None
    if not own and (folder / "run" / "config.yaml").is_file():
        raise InputError(
            f"{folder} is no run, and the folder run in it is one",
            cause="medspan demo keeps its run beside its data",
            remedy=f"name {folder / 'run'}",
        )
    return _medspan_case(folder, given) if own else _foreign_case(folder, given)


def _medspan_case(folder: Path, given: Given) -> Case:
    from medspan.diagnose import Case

    config = _config(folder / "config.yaml") or {}
    found = _Found()
    _own_data(folder, given, found)
    record = _json(folder / "record.json", found)
    split = _split(folder, given, found.parts)
    predictions, stored, refusal = _stored(folder, split, given, found)
    made = None if given.predicted else _json(folder / "predictions" / f"{split}.made.json", found)
    adapter, card = _adapter(folder, found)
    base = given.base_model or getattr(card, "base_model", None)
    base = base or str(
        (record or {}).get("base_model", {}).get("name") or config.get("base_model", "default")
    )
    hashes = _json(folder / "split.json", found)
    return Case(
        folder=folder,
        parts=found.parts or ({split: stored} if stored else {}),
        scored=split,
        predictions=predictions,
        as_stored=stored,
        made=made,
        record=record,
        config=_flat(config),
        curves=_curves(folder),
        adapter=adapter,
        checkpoints=_checkpoints(folder),
        card=card,
        base_model=base,
        row_hashes=None if hashes is None else {name: tuple(rows) for name, rows in hashes.items()},
        files=found.files,
        refusal=refusal,
        notes=tuple(found.notes),
        seed=int(config.get("seed", 0) or 0),
    )


def _foreign_case(folder: Path, given: Given) -> Case:
    from medspan.diagnose import Case
    from medspan.diagnose.foreign import read_foreign

    run = read_foreign(folder)
    found = _Found(notes=list(run.notes))
    if given.data:
        _given_data(given, found)
    else:
        for name, path in run.data_files.items():
            _load_part(name, path, given.format, found)
    predicted = given.predicted or next(iter(run.generated), None)
    split = _split(folder, given, found.parts)
    predictions: tuple[Example, ...] = ()
    refusal = None
    if predicted is not None and split in found.parts:
        predictions, refusal = _paired(found.parts[split], predicted, given.format, found)
    elif predicted is not None:
        found.notes.append(f"{predicted} is not used: there is no annotated data to compare it with (--data)")
    rules = {} if run.generation is None else dict(run.generation.options)
    rules = rules or ({} if run.base_generation is None else dict(run.base_generation.options))
    adapter, card = _adapter(run.adapter, found) if run.adapter is not None else (None, None)
    return Case(
        folder=folder,
        trainer=run.trainer,
        parts=found.parts,
        scored=split,
        predictions=predictions,
        as_stored=predictions,
        config=run.stated,
        stated=run.stated,
        rules=rules,
        curves=_curves(folder),
        adapter=adapter,
        checkpoints=run.checkpoints,
        card=card,
        base_model=given.base_model or run.base_model,
        files=found.files,
        refusal=refusal,
        notes=tuple(found.notes),
    )


def _own_data(folder: Path, given: Given, found: _Found) -> None:
    """The data that the run's configuration names, or that the user names in its place."""
    from medspan.train import load_config, load_data

    if given.data:
        _given_data(given, found)
        return
    try:
        config = load_config(folder / "config.yaml")
        data = load_data(config.data, config.seed)
    except (MedspanError, OSError) as error:
        found.notes.append(f"the run's data cannot be read, name it with --data: {error}")
        return
    found.parts |= data.parts
    for corpus in data.corpora.values():
        _hash(corpus.files, found)


def _given_data(given: Given, found: _Found) -> None:
    from medspan.format import CODECS
    from medspan.read import load_splits, split_of

    # An instruction format is that of the answers where these are given; the data is looked at.
    format = "auto" if given.predicted is not None and given.format in CODECS else given.format
    for path in given.data:
        if not path.exists():
            raise missing_file(path, "--data")
        if path.is_dir():
            for name, corpus in load_splits(str(path), format=format).items():
                found.parts[name] = corpus.examples
                _hash(corpus.files, found)
        else:
            _load_part(split_of(str(path)) or given.split or "test", path, format, found)


def _load_part(name: str, path: Path, format: str, found: _Found) -> None:
    from medspan.read import load

    corpus = load(path, format=format, split=name, on_error="skip")
    if corpus.rejected:
        found.notes.append(f"{path}: {len(corpus.rejected)} rows could not be read and are left out")
    found.parts[name] = corpus.examples
    _hash(corpus.files, found)


def _hash(files: Sequence[str], found: _Found) -> None:
    from medspan.models import sha256_of_file

    for name in files:
        found.files[name] = sha256_of_file(Path(name))


def _split(folder: Path, given: Given, parts: Mapping[str, tuple[Example, ...]]) -> str:
    """The part to examine."""
    if given.split:
        return given.split
    stored = [name for name in PARTS if (folder / "predictions" / f"{name}.jsonl").is_file()]
    held = [name for name in PARTS if parts.get(name)]
    return next(iter([*stored, *held]), "test")


def _stored(
    folder: Path, split: str, given: Given, found: _Found
) -> tuple[tuple[Example, ...], tuple[Example, ...], str | None]:
    """The stored predictions beside the references of now, as they were stored, and why they do not fit."""
    from medspan.evaluate import compare_sets
    from medspan.read import load

    references = found.parts.get(split, ())
    path = given.predicted or folder / "predictions" / f"{split}.jsonl"
    if not path.is_file():
        if given.predicted is not None:
            raise missing_file(path, "--predicted")
        return (), (), None
    try:
        stored = tuple(one for one in load(path, format="medspan").examples if one.predicted is not None)
    except InputError:
        predictions, refusal = _paired(references, path, given.format, found)
        return predictions, predictions, refusal
    if not references:
        return tuple(one for one in stored if one.reference is not None), stored, None
    try:
        return tuple(compare_sets(references, stored)), stored, None
    except InputError as error:
        found.notes.append(f"the stored predictions do not fit the data: {error.what}")
        return tuple(one for one in stored if one.reference is not None), stored, str(error)


def _paired(
    references: tuple[Example, ...], path: Path, format: str, found: _Found
) -> tuple[tuple[Example, ...], str | None]:
    """The references with generated texts, or predictions of any format, for them."""
    from medspan.evaluate import compare_sets
    from medspan.read import load
    from medspan.read.generated import is_generated

    try:
        if is_generated(path):
            told = _generated(path, references, format)
            found.notes.append(f"{path}: generated text, read as {told.format}, paired {told.paired_by}")
            return tuple(told.examples), None
        return tuple(compare_sets(references, load(path, format=format).examples)), None
    except InputError as error:
        found.notes.append(f"{path} is not used: {error}")
        return (), str(error)


def _generated(path: Path, references: tuple[Example, ...], format: str) -> Generated:
    """Generated texts, read as the format named, as that which reads them, or as the rows' own.

    Answers that are broken in every format are still answers in the format that was asked for.
    """
    from medspan.format import CODECS
    from medspan.read.generated import load_generated

    try:
        return load_generated(path, references, format=format if format in CODECS else "auto")
    except InputError:
        own = references[0].source.split("-")[0] if references else ""
        if format in CODECS or own not in CODECS:
            raise
        return load_generated(path, references, format=own)


def _adapter(folder: Path, found: _Found) -> tuple[Path | None, Any]:
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


def _checkpoints(folder: Path) -> tuple[tuple[int, Path], ...]:
    """(step, folder) of the checkpoints that hold an adapter, in order."""
    found = []
    for path in (folder / "checkpoints").glob("step-*"):
        number = path.name.removeprefix("step-")
        if number.isdigit() and (path / "adapter_config.json").is_file():
            found.append((int(number), path))
    return tuple(sorted(found))


def _curves(folder: Path) -> Curves | None:
    from medspan.evaluate.curves import read_curves

    try:
        return read_curves(folder)
    except (InputError, OSError):
        return None


def _config(path: Path) -> dict[str, Any] | None:
    """A configuration of medspan as plain data; None where the file is none."""
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError, UnicodeDecodeError):
        return None
    return data if isinstance(data, dict) and "data" in data and "output_dir" in data else None


def _flat(config: Mapping[str, Any], path: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in config.items():
        flat |= _flat(value, f"{path}{key}.") if isinstance(value, dict) else {f"{path}{key}": value}
    return flat


def _json(path: Path, found: _Found) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError):
        found.notes.append(f"{path} is no JSON object, and is left out")
        return None
