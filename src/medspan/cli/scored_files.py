"""Predictions in files: of medspan, in any corpus format, or text that another trainer's model generated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from medspan.core import Example, InputError


@dataclass(frozen=True, slots=True)
class Paired:
    """The documents of a reference with their predictions, and what a report says of the two files."""

    examples: list[Example]
    facts: dict[str, str]


def pair_files(reference: Path, predicted: Path, format: str, note: Callable[[str], None]) -> Paired:
    """The documents of an annotated file with the predictions of another.

    `format` names the format of both, of the reference alone where the predictions are medspan's own, and
    of the answers alone where the predictions are generated text and it is one that models are asked in.
    """
    from medspan.core.errors import missing_file
    from medspan.evaluate import compare_sets
    from medspan.read import load

    for path, option in ((reference, "--reference"), (predicted, "--predicted")):
        if not path.exists():
            raise missing_file(path, option)
    theirs = _detected(predicted)
    # A corpus's rows with a column of answers beside the gold would be scored against themselves.
    if _is_generated(predicted, surely=theirs is not None):
        return _pair_generated(reference, predicted, format, note)
    references = load(reference, format=format)
    # Predictions are mostly what `extract` wrote, whatever the format of the reference.
    predictions = load(predicted, format="medspan" if theirs == "medspan" else format)
    if predicted.samefile(reference):
        _check_both_sides(predicted, predictions.examples)
    facts = {"Reference": str(reference), "Predictions": str(predicted), "Format": references.format}
    return Paired(compare_sets(references.examples, predictions.examples), facts)


def _pair_generated(reference: Path, predicted: Path, format: str, note: Callable[[str], None]) -> Paired:
    from medspan.format import CODECS
    from medspan.read import load
    from medspan.read.generated import load_generated

    of_answers = format in CODECS
    references = load(reference, format="auto" if of_answers else format)
    found = load_generated(predicted, references.examples, format=format if of_answers else "auto")
    read_as = f"generated text, read as {found.format} from `{found.key}`"
    note(f"{predicted}: {read_as}, paired {found.paired_by}")
    facts = {
        "Reference": str(reference),
        "Predictions": str(predicted),
        "Format": references.format,
        "Answers": f"{read_as}, paired {found.paired_by}",
    }
    return Paired(found.examples, facts)


def _check_both_sides(path: Path, examples: Sequence[Example]) -> None:
    """InputError where a file that is both reference and predictions has no predictions of its own."""
    lacking = [example for example in examples if example.predicted is None]
    if not lacking:
        return
    raise InputError(
        f"{path} is given both as reference and as predictions, and {len(lacking)} of its {len(examples)} "
        "documents have no predicted annotation",
        cause="the reference would be scored against itself, which is 1 and says nothing",
        remedy="name the file with the model's predictions with --predicted",
        place=lacking[0].place,
    )


def _is_generated(path: Path, *, surely: bool) -> bool:
    from medspan.read.generated import is_generated

    return path.is_file() and is_generated(path, surely=surely)


def _detected(path: Path) -> str | None:
    from medspan.read import detect

    try:
        return detect(path)
    except InputError:
        return None
