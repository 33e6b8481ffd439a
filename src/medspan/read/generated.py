"""Text that a model of another trainer generated: rows of answers, for documents known elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medspan.core import ConfigError, Example, InputError, Place, Schema
from medspan.format import CODECS, make_codec
from medspan.format.reading import best_reading, readings
from medspan.read.base import MAX_LINE_BYTES, BadRow
from medspan.read.json_rows import json_rows

ANSWER_KEYS = (
    "predict",
    "prediction",
    "predicted",
    "generated_text",
    "generated",
    "response",
    "output",
    "completion",
    "answer",
    "text",
)
"""Where other trainers write the answer; the first that a row has is taken."""

ID_KEYS = ("id", "document_id", "doc_id")
PROMPT_KEYS = ("prompt", "input", "instruction")


@dataclass(frozen=True, slots=True)
class _Answer:
    text: str
    place: Place
    id: str | None
    prompt: str
    truncated: bool


def is_generated(path: Path) -> bool:
    """Whether the first row of a JSON file is an answer: a string, or an object with one of `ANSWER_KEYS`."""
    try:
        first = next(iter(json_rows(path, MAX_LINE_BYTES)), None)
    except (InputError, OSError):
        return False
    if first is None or isinstance(first, BadRow):
        return False
    return isinstance(first.value, str) or (isinstance(first.value, dict) and _key(first.value) is not None)


def load_generated(
    path: Path, references: Sequence[Example], *, format: str = "auto"
) -> tuple[list[Example], str]:
    """The examples of `references` with the answers in `path` as their predictions, and the format read.

    Rows are paired with documents by id where all rows have one and the ids are those of the references;
    otherwise by order, where there are as many rows as references and each row's prompt, if it has one,
    holds the document's text. `format`: the instruction format of the answers; `auto` takes the one that
    reads most of them. InputError where rows cannot be read or paired, ConfigError where the format
    is none of models.
    """
    answers = [_answer(row) for row in json_rows(path, MAX_LINE_BYTES)]
    paired = _paired(path, answers, references)
    schema = Schema.infer((one.task, one.reference) for one in references if one.reference is not None)
    if format == "auto":
        format = _format_of(path, paired, schema)
    elif format not in CODECS:
        raise ConfigError(
            f"--format {format}: the answers in {path} cannot be read as {format}",
            cause="it is a format of annotated files, and the rows hold only what a model wrote",
            remedy="name the format that the model was asked in: " + ", ".join(CODECS),
        )
    codec = make_codec(format, schema)
    return [
        example.with_prediction(codec.parse(example.document, answer.text), answer.text, answer.truncated)
        for example, answer in paired
    ], format


def _key(data: dict[str, Any]) -> str | None:
    return next((key for key in ANSWER_KEYS if isinstance(data.get(key), str)), None)


def _answer(row: Any) -> _Answer:
    if isinstance(row, BadRow):
        raise row.error
    if isinstance(row.value, str):
        return _Answer(row.value, row.place, None, "", False)
    key = _key(row.value) if isinstance(row.value, dict) else None
    if key is None:
        seen = ", ".join(row.value) if isinstance(row.value, dict) else type(row.value).__name__
        raise InputError(
            f"a row without an answer: it has {seen or 'nothing'}",
            cause="the file holds something else than generated text, or writes it under another key",
            remedy="give the text under one of the keys " + ", ".join(ANSWER_KEYS),
            place=row.place,
        )
    given = next((row.value[name] for name in ID_KEYS if row.value.get(name) not in (None, "")), None)
    prompt = " ".join(str(row.value.get(name) or "") for name in PROMPT_KEYS if name != key)
    truncated = row.value.get("finish_reason") == "length" or row.value.get("truncated") is True
    return _Answer(row.value[key], row.place, None if given is None else str(given), prompt, truncated)


def _paired(
    path: Path, answers: Sequence[_Answer], references: Sequence[Example]
) -> list[tuple[Example, _Answer]]:
    ids = [answer.id for answer in answers]
    if (
        None not in ids
        and Counter(ids) == Counter(one.id for one in references)
        and len(set(ids)) == len(ids)
    ):
        by_id = {answer.id: answer for answer in answers}
        return [(one, by_id[one.id]) for one in references]
    if len(answers) != len(references):
        raise InputError(
            f"{path} has {len(answers)} answers, and the reference has {len(references)} documents",
            cause="the answers were made on another part of the data, or generation stopped early"
            + ("" if None in ids else "; the rows' ids are not those of the reference"),
            remedy="generate for the reference file itself, or give each row the `id` of its document",
        )
    for example, answer in zip(references, answers, strict=True):
        if answer.prompt.strip() and not _holds(answer.prompt, example.document.text):
            raise InputError(
                f"the prompt of this row does not hold the text of document {example.id!r}",
                cause="the rows are in another order than the reference, or were made from another file",
                remedy="give each row the `id` of its document, or bring the rows into the reference's order",
                place=answer.place,
            )
    return list(zip(references, answers, strict=True))


def _holds(prompt: str, text: str) -> bool:
    # Trainers strip and re-wrap white space.
    return " ".join(text.split()) in " ".join(prompt.split())


def _format_of(path: Path, paired: Sequence[tuple[Example, _Answer]], schema: Schema) -> str:
    texts = [(example.document, answer.text) for example, answer in paired]
    best = best_reading(texts, schema)
    if best is not None:
        return best.format
    tried = readings(texts, schema)
    told = ", ".join(f"{one.format} {one.whole:.0%}" for one in tried)
    first = next((text for _, text in texts if text.strip()), "")
    raise InputError(
        f"parser-mismatch: no instruction format reads the answers in {path} "
        + (
            f"(read whole: {told}); the first is {json.dumps(first[:80], ensure_ascii=False)}"
            if tried
            else "(all are blank)"
        ),
        cause="the model was asked in a format of its own, or writes no answer in any",
        remedy="name the format with --format to score what it can read, one of " + ", ".join(CODECS),
    )
