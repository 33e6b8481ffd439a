"""From a folder to a case: a run of medspan, or of another trainer with its data and generated texts."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from medspan.cli import case_files
from medspan.cli.case_data import Given as Given
from medspan.cli.case_data import (
    found_answers,
    found_data,
    given_data,
    no_predictions,
    own_data,
    own_part,
    paired,
    stored_answers,
)
from medspan.cli.case_files import Found, json_object
from medspan.core import Example, InputError, ModelError
from medspan.core.errors import missing_file

if TYPE_CHECKING:
    from medspan.diagnose import Case


def make_case(folder: Path, given: Given) -> Case:
    """The case of a run folder.

    InputError where the folder is none that anything can be told of, or where something that the user names
    is not there or cannot be used; ModelError for such a base model.
    """
    from medspan.read.base import format_named

    if not folder.exists():
        raise missing_file(folder, "the run")
    if folder.is_file():
        raise InputError(
            f"{folder} is a file, and the folder of a run is wanted",
            cause="an adapter's or a log's file was named",
            remedy=f"name its folder: medspan diagnose {shlex.quote(str(folder.parent))}",
        )
    if given.format != "auto":
        format_named(given.format)
    if given.base_model is not None:
        _check_name(given.base_model)
    own = case_files.is_own(folder)
    if not own and (folder / "run" / case_files.CONFIG).is_file():
        raise InputError(
            f"{folder} is no run, and the folder run in it is one",
            cause="medspan demo keeps its run beside its data",
            remedy=f"name {folder / 'run'}",
        )
    case = _medspan_case(folder, given) if own else _foreign_case(folder, given)
    if given.base_model is not None and case.adapter is not None:
        _check_base(given.base_model)
    return case


def _medspan_case(folder: Path, given: Given) -> Case:
    from medspan.diagnose import Case

    found = Found()
    record = json_object(folder / case_files.RECORD, case_files.RECORD_SHAPE, found)
    config, checked = case_files.own_config(folder, record, found)
    own_data(checked, given, found)
    split = own_part(folder, given, found.parts)
    predictions, stored, refusal = stored_answers(folder, split, given, found)
    made = None
    if given.predicted is None:
        made = json_object(folder / "predictions" / f"{split}.made.json", case_files.MADE_SHAPE, found)
    adapter, card = case_files.adapter_of(folder, found)
    recorded = ((record or {}).get("base_model") or {}).get("name")
    stated = getattr(card, "base_model", None) or str(recorded or config.get("base_model") or "default")
    hashes = json_object(folder / "split.json", case_files.SPLIT_SHAPE, found)
    return Case(
        folder=folder,
        parts=found.parts or ({split: stored} if stored else {}),
        scored=split,
        predictions=predictions,
        as_stored=stored,
        made=made,
        record=record,
        config=case_files.flat(config),
        curves=case_files.curves_of(folder, found),
        adapter=adapter,
        checkpoints=case_files.checkpoints_of(folder),
        card=card,
        base_model=given.base_model or stated,
        base_named=given.base_model is not None,
        row_hashes=None if hashes is None else {name: tuple(map(str, rows)) for name, rows in hashes.items()},
        files=found.files,
        refusal=refusal,
        notes=tuple(found.notes),
        seed=checked.seed if checked is not None and "seed" in config else 0,
    )


def _foreign_case(folder: Path, given: Given) -> Case:
    from medspan.diagnose import Case
    from medspan.diagnose.foreign import read_foreign

    run = read_foreign(folder)
    found = Found(notes=list(run.notes))
    if given.data:
        given_data(given, found)
    else:
        found_data(run.data_files, given.format, found)
    split, predicted = found_answers(folder, run.generated, given, found)
    predictions: tuple[Example, ...] = ()
    refusal = None
    if predicted is not None:
        if given.predicted is not None and not predicted.is_file():
            raise no_predictions(predicted)
        if split in found.parts or given.predicted is not None:
            predictions, refusal = paired(found.parts.get(split, ()), predicted, given, found)
        else:
            found.notes.append(
                f"{predicted} is not used: there is no annotated data to compare it with (--data)"
            )
    rules = {} if run.generation is None else dict(run.generation.options)
    rules = rules or ({} if run.base_generation is None else dict(run.base_generation.options))
    adapter, card = case_files.adapter_of(run.adapter, found) if run.adapter is not None else (None, None)
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
        curves=case_files.curves_of(folder, found),
        adapter=adapter,
        checkpoints=run.checkpoints,
        card=card,
        base_model=given.base_model or run.base_model,
        base_named=given.base_model is not None,
        files=found.files,
        refusal=refusal,
        notes=tuple(found.notes),
    )


def _check_name(name: str) -> None:
    """ModelError for a path of a base model that leads nowhere, before anything is read."""
    from medspan.models import resolve
    from medspan.models.base import EMBEDDED_NAMES

    if name in EMBEDDED_NAMES:
        return  # unpacked where it is first needed
    try:
        resolve(name)
    except ModelError as error:
        raise _not_usable(name, error) from None


def _check_base(name: str) -> None:
    """ModelError for a base model that cannot be loaded, told by its small files and heads of weights."""
    from medspan.models import load_tokenizer, resolve

    try:
        load_tokenizer(name)
        place = Path(resolve(name))
        if place.is_dir():
            _check_weights(name, place)
    except ModelError as error:
        raise _not_usable(name, error) from None


def _check_weights(name: str, place: Path) -> None:
    from safetensors import SafetensorError, safe_open

    files = sorted(place.glob("*.safetensors"))
    if not files and not any(place.glob("*.bin")):
        raise ModelError(
            f"{name} holds no weights",
            cause="it is a tokenizer's folder, or was copied in part",
            remedy="copy or download it again",
        )
    for file in files:
        try:
            with safe_open(file, "pt"):
                pass
        except (SafetensorError, OSError) as error:
            raise ModelError(
                f"{file} cannot be read ({error})",
                cause="the file is cut off or damaged",
                remedy=f"copy or download {place} again",
            ) from None


def _not_usable(name: str, error: ModelError) -> ModelError:
    return ModelError(
        f"--base-model {name} cannot be used: {error.what}",
        cause=error.cause,
        remedy=f"{error.remedy}; without --base-model the base that the run's files name is taken",
    )
