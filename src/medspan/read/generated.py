"""Text that a model of another trainer generated: rows of answers, for documents known elsewhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from medspan.core import ConfigError, Example, InputError, Schema
from medspan.format import CODECS
from medspan.format.reading import best_reading, reading_codec, readings
from medspan.format.tasks import QUESTIONS
from medspan.read.generated_rows import (
    ANSWER_KEYS,
    GeneratedRow,
    answer_key,
    generated_rows,
    is_generated,
    words,
)

__all__ = ["ANSWER_KEYS", "ID_KEYS", "Generated", "is_generated", "load_generated"]

ID_KEYS = ("id", "document_id", "doc_id")

Pairs = list[tuple[Example, GeneratedRow]]


@dataclass(frozen=True, slots=True)
class Generated:
    """Documents with the answers as their predictions, and how these were read.

    `format`: the instruction format; `key`: where in the rows the answers stand; `paired_by`: in words,
    how rows and documents were brought together.
    """

    examples: list[Example]
    format: str
    key: str
    paired_by: str


def load_generated(path: Path, references: Sequence[Example], *, format: str = "auto") -> Generated:
    """The examples of `references` with the answers in `path` as their predictions.

    Rows are paired with documents by id where any id is a reference's, in order within equal ids;
    otherwise by order, where there are as many rows as references. A row's prompt, where ids do not
    decide, must hold the document's text. `format`: the instruction format of the answers; `auto` takes
    the one that reads most of them. InputError where rows cannot be read or paired, ConfigError where
    the format is none of models.
    """
    rows = generated_rows(path)
    pairs, paired_by, unique = _paired(path, rows, references)
    key = answer_key(pairs)
    if not unique:
        _check_prompts(pairs, key)
    answers = [row.answer(key) for _, row in pairs]
    schema = Schema.infer((one.task, one.reference) for one in references if one.reference is not None)
    if format == "auto":
        format = _format_of(path, pairs, answers, schema)
    elif format not in CODECS:
        raise ConfigError(
            f"--format {format}: the answers in {path} cannot be read as {format}",
            cause="it is a format of annotated files, and the rows hold only what a model wrote",
            remedy="name the format that the model was asked in: " + ", ".join(CODECS),
        )
    codec = reading_codec(format, schema, answers)
    examples = [
        example.with_prediction(codec.parse(example.document, text), text, row.truncated(key))
        for (example, row), text in zip(pairs, answers, strict=True)
    ]
    return Generated(examples, format, key, paired_by)


def _paired(
    path: Path, rows: Sequence[GeneratedRow], references: Sequence[Example]
) -> tuple[Pairs, str, bool]:
    """The pairs, by what they were made, and whether an id of its own named each."""
    shared: tuple[str, list[str | None], list[str | None]] | None = None
    for key, theirs, ours in _namings(rows, references):
        if set(theirs).isdisjoint(name for name in ours if name is not None):
            continue
        if Counter(theirs) == Counter(ours):
            unique = len(set(theirs)) == len(theirs)
            return _by_name(rows, references, theirs, ours), f"by `{key}`", unique
        shared = shared or (key, theirs, ours)
    if shared is not None:
        raise _other_ids(path, *shared)
    given = [key for key in ID_KEYS if any(row.data.get(key) not in (None, "") for row in rows)]
    if len(rows) != len(references):
        raise InputError(
            f"{path} has {len(rows)} answers, and the reference has {len(references)} documents",
            cause="the answers were made on another part of the data, or generation stopped early"
            + ("; the rows' ids are not those of the reference" if given else ""),
            remedy="generate for the reference file itself, or give each row the `id` of its document",
        )
    why = f"the rows' `{given[0]}` is none of the reference's" if given else "the rows have no ids"
    return list(zip(references, rows, strict=True)), f"by order ({why})", False


def _namings(
    rows: Sequence[GeneratedRow], references: Sequence[Example]
) -> Iterator[tuple[str, list[str | None], list[str | None]]]:
    """Each key of ids with the rows' names and those of the references, by every name that these have."""
    for key in ID_KEYS:
        theirs = [_name(row.data.get(key)) for row in rows]
        if any(name is not None for name in theirs):
            yield key, theirs, [one.id for one in references]
            # A document that was read from an instruction row is named by its place in the file.
            yield key, theirs, [_name(_stated(one, key)) for one in references]
            yield key, theirs, [one.document.group for one in references]


def _name(value: object) -> str | None:
    return None if value in (None, "") else str(value)


def _stated(example: Example, key: str) -> object:
    try:
        return json.loads(example.document.metadata.get(f"row.{key}", "null"))
    except (ValueError, RecursionError):
        return None


def _by_name(
    rows: Sequence[GeneratedRow],
    references: Sequence[Example],
    theirs: Sequence[str | None],
    ours: Sequence[str | None],
) -> Pairs:
    """Pairs of equal names: of equal tasks where the rows state these, and else in order."""
    left: list[Hashable] = [(name, row.data.get("task")) for name, row in zip(theirs, rows, strict=True)]
    right: list[Hashable] = [(name, one.task) for name, one in zip(ours, references, strict=True)]
    if any(not isinstance(row.data.get("task"), str) for row in rows) or Counter(left) != Counter(right):
        left, right = list(theirs), list(ours)
    waiting: dict[Hashable, list[GeneratedRow]] = {}
    for name, row in zip(reversed(left), reversed(rows), strict=True):
        waiting.setdefault(name, []).append(row)
    return [(one, waiting[name].pop()) for name, one in zip(right, references, strict=True)]


def _other_ids(path: Path, key: str, theirs: list[str | None], ours: list[str | None]) -> InputError:
    told = []
    for left, side, other in ((theirs, "rows", "reference"), (ours, "documents", "answers")):
        lacking = list((Counter(left) - Counter(ours if left is theirs else theirs)).elements())
        if lacking:
            some = ", ".join("no id" if name is None else name for name in lacking[:3])
            told.append(
                f"{len(lacking)} of {len(left)} {side} have an id that the {other} lack"
                f"{'s' if other == 'reference' else ''} ({some}{', ...' if len(lacking) > 3 else ''})"
            )
    return InputError(
        f"the `{key}` of the rows in {path} are not those of the reference: " + "; ".join(told),
        cause="the answers were made on another part of the data, a row is there twice, or the ids were "
        "counted by the trainer and only look like the reference's",
        remedy="give each row the `id` of its document; rows without ids are paired by order",
    )


def _check_prompts(pairs: Pairs, key: str) -> None:
    """InputError where a row's prompt is about another document than its own, or asks another question."""
    texts = {words(example.document.text) for example, _ in pairs}
    for example, row in pairs:
        own, prompt = words(example.document.text), words(row.prompt())
        text = row.data.get("text") if key != "text" else None
        other = isinstance(text, str) and words(text) != own and words(text) in texts
        if other or (prompt and own not in prompt):
            raise InputError(
                f"the {'text' if other else 'prompt'} of this row does not hold the text of document "
                f"{example.id!r}",
                cause="the rows are in another order than the reference, or were made from another file",
                remedy="give each row the `id` of its document, or bring the rows into the reference's order",
                place=row.place,
            )
        asked = [task for task, question in QUESTIONS.items() if question in prompt]
        if asked and example.task in QUESTIONS and example.task not in asked:
            raise InputError(
                f"the prompt of this row asks for {asked[0]}, and its document {example.id!r} is asked for "
                f"{example.task}",
                cause="the rows are in another order than the reference",
                remedy="bring the rows into the reference's order, or give each the `task` beside its `id`",
                place=row.place,
            )


def _format_of(path: Path, pairs: Pairs, answers: Sequence[str], schema: Schema) -> str:
    texts = [(example.document, text) for (example, _), text in zip(pairs, answers, strict=True)]
    best = best_reading(texts, schema)
    if best is not None:
        return best.format
    tried = readings(texts, schema)
    told = ", ".join(f"{one.format} {one.whole:.0%}" for one in tried)
    first = next((text for text in answers if text.strip()), "")
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
