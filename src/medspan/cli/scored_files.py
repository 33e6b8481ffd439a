"""Predictions in files: of medspan, in any corpus format, or text that another trainer's model generated."""

from __future__ import annotations

from collections.abc import Callable
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
    of the answers alone where the predictions are generated text.
    """
    from medspan.core.errors import missing_file
    from medspan.evaluate import compare_sets
    from medspan.read import load
    from medspan.read.generated import load_generated

    for path, option in ((reference, "--reference"), (predicted, "--predicted")):
        if not path.exists():
            raise missing_file(path, option)
    facts = {"Reference": str(reference), "Predictions": str(predicted)}
    theirs = _detected(predicted)
    if theirs is None and _is_generated(predicted):
        references = load(reference)
        examples, read_as = load_generated(predicted, references.examples, format=format)
        if format == "auto":
            note(f"{predicted}: generated text, read as {read_as}")
        facts |= {"Format": references.format, "Answers": f"generated text, read as {read_as}"}
        return Paired(examples, facts)
    references = load(reference, format=format)
    # Predictions are mostly what `extract` wrote, whatever the format of the reference.
    predictions = load(predicted, format="medspan" if theirs == "medspan" else format)
    return Paired(
        compare_sets(references.examples, predictions.examples), {**facts, "Format": references.format}
    )


def _is_generated(path: Path) -> bool:
    from medspan.read.generated import is_generated

    return path.is_file() and is_generated(path)


def _detected(path: Path) -> str | None:
    from medspan.read import detect

    try:
        return detect(path)
    except InputError:
        return None
