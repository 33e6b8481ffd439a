"""The annotated data and the predictions of a run for its diagnosis, its own or those that the user names."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from medspan.cli.case_files import Found
from medspan.core import Example, InputError, MedspanError
from medspan.core.errors import missing_file

if TYPE_CHECKING:
    from medspan.read import Corpus
    from medspan.read.generated import Generated
    from medspan.train import TrainConfig

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


def own_data(config: TrainConfig | None, given: Given, found: Found) -> None:
    """The data that the run's configuration names, or that the user names in its place."""
    from medspan.train import load_data

    if given.data:
        given_data(given, found)
        return
    if config is None:
        return
    try:
        data = load_data(config.data, config.seed)
    except (MedspanError, OSError) as error:
        found.notes.append(f"the run's data cannot be read, name it with --data: {error}")
        return
    found.parts |= data.parts
    for corpus in data.corpora.values():
        _hash(corpus.files, found)


def found_data(files: Mapping[str, Path], format: str, found: Found) -> None:
    """The data that lies in a folder of another trainer, as far as it can be read."""
    for name, path in files.items():
        try:
            _keep(name, _loaded(name, path, format, found), found)
        except (InputError, OSError) as error:
            why = error.what if isinstance(error, InputError) else error.strerror or error
            found.notes.append(
                f"{path} lies there and is not used ({why}): name annotated data with --data, its format "
                "with --format"
            )


def given_data(given: Given, found: Found) -> None:
    """The data that the user names. InputError where two files would be one part and do not say so."""
    from medspan.format import CODECS
    from medspan.read import load_splits, split_of

    # An instruction format is that of the answers where these are given; the data is looked at.
    format = "auto" if given.predicted is not None and given.format in CODECS else given.format
    alone = given.split or PARTS[0]
    taken: dict[str, Path] = {}
    for path in dict.fromkeys(given.data):
        if not path.exists():
            raise missing_file(path, "--data")
        if path.is_dir():
            read = load_splits(str(path), format=format)
            if len(read) == 1 and split_of(next(iter(read))) is None:
                read = {alone: next(iter(read.values()))}
        else:
            part = split_of(path.name) or split_of(path.parent.name) or alone
            read = {part: _loaded(part, path, format, found)}
        for name, corpus in read.items():
            if name in taken:
                _check_joined(name, taken[name], path, alone)
                found.notes.append(f"{taken[name]} and {path} are read one after another as the part {name}")
            taken[name] = path
            _keep(name, corpus, found)


def _check_joined(name: str, first: Path, second: Path, alone: str) -> None:
    """InputError for two sources of a part, unless both are files whose own names claim it."""
    from medspan.read import split_of

    if all(one.is_file() and split_of(one.name) == name for one in (first, second)):
        return
    raise InputError(
        f"--data names two sources for the part {name}: {first} and {second}",
        cause=f"a file whose name holds none of train, validation and test is taken for {alone}"
        if split_of(second.name) is None or split_of(first.name) is None
        else "a folder and a file hold the same part",
        remedy=f"name one of them, or rename them by their parts, such as {second.with_name('train.jsonl')}",
    )


def _loaded(name: str, path: Path, format: str, found: Found) -> Corpus:
    from medspan.read import load

    corpus = load(path, format=format, split=name, on_error="skip")
    if corpus.rejected:
        found.notes.append(f"{path}: {len(corpus.rejected)} rows could not be read and are left out")
    return corpus


def _keep(name: str, corpus: Corpus, found: Found) -> None:
    found.parts[name] = (*found.parts.get(name, ()), *corpus.examples)
    _hash(corpus.files, found)


def _hash(files: Sequence[str], found: Found) -> None:
    from medspan.models import sha256_of_file

    for name in files:
        found.files[name] = sha256_of_file(Path(name))


def own_part(folder: Path, given: Given, parts: Mapping[str, tuple[Example, ...]]) -> str:
    """The part of a run of medspan to examine. InputError where the user names one that it has not."""
    stored = {one.stem for one in (folder / "predictions").glob("*.jsonl") if "." not in one.stem}
    if given.split:
        _check_part(folder, given, parts, stored)
        return given.split
    held = [name for name in PARTS if parts.get(name)]
    return next(iter([*(name for name in PARTS if name in stored), *held]), PARTS[0])


def _check_part(
    folder: Path, given: Given, parts: Mapping[str, tuple[Example, ...]], stored: Collection[str]
) -> None:
    held = sorted({*(name for name, rows in parts.items() if rows), *stored})
    # Where nothing at all is annotated, a usual name asks for nothing wrong: what needs no data is examined.
    if given.split in held or (not held and given.split in PARTS):
        return
    raise InputError(
        f"{folder} has no part {given.split!r} (--split)",
        cause="the name is misspelt, or its data is another file's"
        if held
        else "no annotated data was found, and no predictions",
        remedy=f"choose one of those that there are: {', '.join(held)}; or name the file with --data"
        if held
        else "name its data with --data, or leave --split out",
    )


def found_answers(
    folder: Path, generated: Sequence[Path], given: Given, found: Found
) -> tuple[str, Path | None]:
    """The part of another trainer's run to examine, and the file with the answers for it.

    A file's name says of which part it is; one that says nothing is of whichever is examined.
    """
    from medspan.read import split_of

    named: dict[str | None, Path] = {}
    for file in generated:
        named.setdefault(split_of(file.name), file)
    held = [name for name in PARTS if found.parts.get(name)]
    if given.split:
        _check_part(folder, given, found.parts, ())
        chosen = given.predicted or named.get(given.split) or named.get(None)
        if chosen is None and generated:
            found.notes.append(
                f"{generated[0]} is not used: by its name it is not of the part {given.split}; "
                "if it is, name it with --predicted"
            )
        return given.split, chosen
    first = next(iter(held), PARTS[0])
    if given.predicted is not None:
        return first, given.predicted
    for name in PARTS:
        if name in named and name in held:
            return name, named[name]
    if named and None not in named and held:
        found.notes.append(
            f"{generated[0]} is by its name of the part {split_of(generated[0].name)}, of which there is "
            f"no annotated data (--data): it is taken for {first}"
        )
    return first, named.get(None) or next(iter(generated), None)


def stored_answers(
    folder: Path, split: str, given: Given, found: Found
) -> tuple[tuple[Example, ...], tuple[Example, ...], str | None]:
    """The stored predictions beside the references of now, as they were stored, and why they do not fit."""
    from medspan.evaluate import compare_sets
    from medspan.read import load

    references = found.parts.get(split, ())
    named = given.predicted is not None
    path = given.predicted or folder / "predictions" / f"{split}.jsonl"
    if not path.is_file():
        if named:
            raise no_predictions(path)
        return (), (), None
    try:
        stored = tuple(one for one in load(path, format="medspan").examples if one.predicted is not None)
    except InputError:
        predictions, refusal = paired(references, path, given, found)
        return predictions, predictions, refusal
    if named and not stored:
        raise InputError(
            f"--predicted {path} holds no predictions",
            cause="it is a file of annotated data, or of plain texts",
            remedy="name what medspan extract wrote, or a file of generated texts",
        )
    kept = tuple(one for one in stored if one.reference is not None)
    if not references:
        if named and not kept:
            raise _without_data(path, split)
        return kept, stored, None
    try:
        return tuple(compare_sets(references, stored)), stored, None
    except InputError as error:
        if named and not kept:
            raise _unusable(path, error) from None
        counted = (
            f"{path}: {len(kept)} documents, beside {len(references)} of the part {split}: " if named else ""
        )
        found.notes.append(f"{counted}the stored predictions do not fit the data: {error.what}")
        return kept, stored, str(error)


def paired(
    references: tuple[Example, ...], path: Path, given: Given, found: Found
) -> tuple[tuple[Example, ...], str | None]:
    """The references with generated texts, or predictions of any format, for them.

    InputError where the user named the file and it cannot be used; else that is noted and returned.
    """
    from medspan.evaluate import compare_sets
    from medspan.read import load
    from medspan.read.generated import is_generated

    if path == given.predicted and not references:
        raise _without_data(path, given.split)
    try:
        if is_generated(path):
            told = _generated(path, references, given.format)
            found.notes.append(f"{path}: generated text, read as {told.format}, paired {told.paired_by}")
            return tuple(told.examples), None
        return tuple(compare_sets(references, load(path, format=given.format).examples)), None
    except (InputError, OSError) as error:
        if path == given.predicted:
            raise _unusable(path, error) from None
        found.notes.append(f"{path} is not used: {error}")
        return (), str(error)


def no_predictions(path: Path) -> InputError:
    """The error of a path that the user named and that is no file."""
    if not path.exists():
        return missing_file(path, "--predicted")
    return InputError(
        f"--predicted {path} is no file",
        cause="a folder was named",
        remedy="name the file in it that holds the predictions, such as predictions/test.jsonl",
    )


def _unusable(path: Path, error: InputError | OSError) -> InputError:
    """The error of a file that the user named and of which nothing can be used."""
    if isinstance(error, OSError):
        return InputError(
            f"--predicted {path} cannot be read: {error.strerror or error}",
            cause="missing permission, or a path of another kind",
            remedy="check it with ls -l",
        )
    return InputError(
        f"--predicted {path} cannot be used: {error.what}",
        cause=error.cause,
        remedy=error.remedy or "name another file, or leave --predicted out",
        place=error.place,
    )


def _without_data(path: Path, split: str | None) -> InputError:
    part = f" of the part {split}" if split else ""
    return InputError(
        f"there is no annotated data{part} to compare --predicted {path} with",
        cause="the folder holds none, or it was moved",
        remedy="name it with --data, and its part with --split where its name does not tell it",
    )


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
