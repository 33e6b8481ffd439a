"""Rows that other trainers write for their models' answers: under which key, in which wrapping."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from medspan.core import Example, InputError, Place
from medspan.read.base import MAX_LINE_BYTES, BadRow, Row
from medspan.read.json_rows import first_character, json_rows, line_rows
from medspan.read.lines import read_lines
from medspan.read.tables import is_table

EXPLICIT_KEYS = ("predict", "prediction", "predicted", "generated_text", "generated", "outputs")
"""Keys that nobody writes but for what a model said: they are taken whatever else a row holds."""

PLAIN_KEYS = ("response", "output", "completion", "answer", "text", "messages", "conversations")
"""Keys of answers that in other files hold the gold answer, or (`text`) the document."""

ANSWER_KEYS = EXPLICIT_KEYS + PLAIN_KEYS
PROMPT_KEYS = ("prompt", "input", "instruction", "messages", "conversations")
SAMPLE_ROWS = 20
"""How many rows are looked at to tell what a file holds."""

_WRAPPINGS = ("text", "generated_text", "content", "value")
_ANSWERERS = ("assistant", "gpt", "model")
_NAMED = "the model's answer under `prediction`"


@dataclass(frozen=True, slots=True)
class GeneratedRow:
    """A row as an object; an answer without keys stands under `generated_text`."""

    place: Place
    data: dict[str, Any]

    def answers(self, key: str) -> list[str] | None:
        """The strings under a key; None where it holds none that an answer could be."""
        value = self.data.get(key)
        # A list of strings under `text` is a document in pieces.
        return None if key == "text" and not isinstance(value, str) else _strings(value)

    def has(self, key: str) -> bool:
        """Whether the row has an answer under the key, or states that there is none (null)."""
        if self.data.get(key, "") is None:
            # Rows of medspan's own format have the key, null, where nothing was predicted.
            return not (key == "predicted" and "reference" in self.data)
        return self.answers(key) is not None

    def answer(self, key: str) -> str:
        """The answer under `key`. InputError where there is none, or more than one."""
        found = self.answers(key)
        if found is None and self.data.get(key, "") is None:
            raise InputError(
                f"the answer under `{key}` is null",
                cause="generation failed for this row, or it was skipped",
                remedy='generate it again, or write "" where the model wrote nothing',
                place=self.place,
            )
        if not found:
            raise InputError(
                f"a row without an answer: it has {', '.join(self.data) or 'nothing'}"
                + (f", and no text under `{key}`" if key in self.data else ""),
                cause="the file holds something else than generated text, or writes it under another key",
                remedy="give the text of every row under one of the keys " + ", ".join(ANSWER_KEYS),
                place=self.place,
            )
        if len(found) > 1:
            raise _several(len(found), self.place)
        return found[0]

    def truncated(self, key: str) -> bool:
        """Whether the row says that its answer was cut off."""
        value = self.data.get(key)
        parts = [self.data, *(value if isinstance(value, list) else [])]
        return self.data.get("truncated") is True or any(
            isinstance(part, dict) and part.get("finish_reason") == "length" for part in parts
        )

    def prompt(self) -> str:
        """What the row says that the model was asked, messages joined; blank where it does not say."""
        return " ".join(_joined(self.data.get(name)) for name in PROMPT_KEYS).strip()


def generated_rows(path: Path) -> list[GeneratedRow]:
    """The rows of a JSON file, or of one with a JSON value a line. InputError where one is no answer."""
    rows = []
    for row in _values(path):
        if isinstance(row, BadRow):
            raise row.error
        rows.append(_row(row))
    return rows


def is_generated(path: Path, *, surely: bool = False) -> bool:
    """Whether the first rows of a JSON file hold answers under one of `ANSWER_KEYS`, or are answers.

    So is a file of lists in lines, which no corpus is. What is wrong with the rows is told on reading them.
    `surely`: only where a row holds one beside, or in place of, what makes it a row of an annotated
    corpus, so that the file is no such corpus although it looks like one.
    """
    try:
        if not surely and _has_lists_in_lines(path):
            return True
        first = list(islice(_values(path), SAMPLE_ROWS))
    except (InputError, OSError):
        return False
    if not first or isinstance(first[0], BadRow):
        return False
    return any(_speaks(row, surely) for row in first if isinstance(row, Row))


def _speaks(row: Row, surely: bool) -> bool:
    if not isinstance(row.value, dict):
        return not surely and bool(_strings(row.value))
    held = GeneratedRow(row.place, row.value)
    return _has_further_answers(held) if surely else any(map(held.has, ANSWER_KEYS))


def answer_key(pairs: Sequence[tuple[Example, GeneratedRow]]) -> str:
    """The one key under which all rows, each beside its document, have their answers.

    An explicit key goes before the plain ones. Of these a column with the documents is none of answers,
    and neither is one that repeats the reference's own. InputError where columns are left that differ.
    """
    keys = [key for key in EXPLICIT_KEYS if any(row.has(key) for _, row in pairs)]
    if not keys:
        keys = [key for key in PLAIN_KEYS if any(row.has(key) for _, row in pairs)]
        for told in (_is_document, _is_gold):
            keys = [key for key in keys if not _throughout(told, key, pairs)] or keys
    held = {key: sum(row.answers(key) is not None for _, row in pairs) for key in keys}
    keys.sort(key=lambda key: -held[key])
    for _, row in pairs:
        said = {key: found for key in keys if (found := row.answers(key)) is not None}
        if len({tuple(string.strip() for string in found) for found in said.values()}) > 1:
            raise InputError(
                f"the row holds different answers under {' and '.join(f'`{key}`' for key in said)}",
                cause="one of them is the gold answer, or the file holds the answers of several models",
                remedy="leave only one of these keys"
                + ("" if any(key in EXPLICIT_KEYS for key in said) else f", or give {_NAMED}"),
                place=row.place,
            )
    return keys[0] if keys else ANSWER_KEYS[0]


def _throughout(told: Any, key: str, pairs: Sequence[tuple[Example, GeneratedRow]]) -> bool:
    given = [(example, found) for example, row in pairs if (found := row.answers(key)) is not None]
    return bool(given) and all(len(found) == 1 and told(example, found[0]) for example, found in given)


def _is_document(example: Example, string: str) -> bool:
    return words(example.document.text) in words(string)


def _is_gold(example: Example, string: str) -> bool:
    metadata = example.document.metadata
    target = metadata.get("output", metadata.get("completion"))
    return target is not None and target.strip() == string.strip()


def words(text: str) -> str:
    """The text with single spaces: trainers strip and re-wrap white space."""
    return " ".join(text.split())


def _has_further_answers(row: GeneratedRow) -> bool:
    if isinstance(row.data.get("predicted"), dict):
        return False
    return any(row.answers(key) is not None for key in ANSWER_KEYS if key != _own_key(row.data))


def _own_key(data: dict[str, Any]) -> str:
    """The key of a plain answer that is the annotation, or the document, of a corpus's row."""
    if "instruction" in data:
        return "output"
    if "prompt" in data:
        return "completion"
    return next((key for key in ("messages", "conversations") if key in data), "text")


def _values(path: Path) -> Iterator[Row | BadRow]:
    return line_rows(path, MAX_LINE_BYTES) if _has_lists_in_lines(path) else json_rows(path, MAX_LINE_BYTES)


def _has_lists_in_lines(path: Path) -> bool:
    """Whether each line is a list by itself, as Hugging Face's pipeline gives them, and not the file one."""
    if is_table(path) or first_character(path) != "[":
        return False
    lines = (
        line for line in read_lines(path, MAX_LINE_BYTES) if isinstance(line, BadRow) or line.text.strip()
    )
    first, second = next(lines, None), next(lines, None)
    if first is None or second is None or isinstance(first, BadRow):
        return False
    try:
        return isinstance(json.loads(first.text), list)
    except (ValueError, RecursionError):
        return False


def _row(row: Row) -> GeneratedRow:
    value = row.value
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
        value = value[0]
    if isinstance(value, dict):
        return GeneratedRow(row.place, value)
    found = _strings(value)
    if not found:
        raise InputError(
            f"a row without an answer: it is {json.dumps(value, ensure_ascii=False)[:60]}",
            cause="the file holds something else than generated text",
            remedy="give one JSON value a row: the answer as a string, or an object with it under one of the "
            "keys " + ", ".join(ANSWER_KEYS),
            place=row.place,
        )
    if len(found) > 1:
        raise _several(len(found), row.place)
    return GeneratedRow(row.place, {"generated_text": found[0]})


def _several(count: int, place: Place) -> InputError:
    return InputError(
        f"the row holds {count} answers",
        cause="several were sampled for each prompt (best-of-n: `n`, `num_return_sequences`)",
        remedy="keep one answer a row: which one counts must not be left to the evaluation",
        place=place,
    )


def _strings(value: Any) -> list[str] | None:
    """The answers that a value holds: a string, a list of them, their objects, or a conversation's last."""
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        return next((_strings(value[key]) for key in _WRAPPINGS if isinstance(value.get(key), str)), None)
    if not isinstance(value, list):
        return None
    if value and all(isinstance(item, dict) and ("role" in item or "from" in item) for item in value):
        last = value[-1]
        return _strings(last) if last.get("role", last.get("from")) in _ANSWERERS else None
    found = [_strings(item) for item in value]
    return None if None in found else [string for strings in found for string in strings or ()]


def _joined(value: Any) -> str:
    """The text of a prompt: of a list the contents of its messages, and of these their parts."""
    if isinstance(value, list):
        return " ".join(map(_joined, value))
    if isinstance(value, dict):
        return _joined(next((value[key] for key in ("content", "value", "text") if key in value), None))
    return "" if value is None else str(value)
