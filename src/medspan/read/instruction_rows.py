"""What the three instruction formats share in reading rows and in writing them back as they were."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from medspan.core import Annotation, Document, Example, InputError, Place, Schema
from medspan.format import Codec
from medspan.format.items import Lost
from medspan.read.base import Row
from medspan.read.fields import of_kind
from medspan.read.losses import Losses

GROUP_KEYS = ("group", "pmid", "PMID", "document_id", "doc_id")
_EXTRA = "row."
Value = TypeVar("Value")


def row_id(row: Row) -> str:
    """The id of a row that has none of its own: the file's stem and the row."""
    return f"{Path(row.place.file).stem}:{row.place.row}"


def group_of(data: dict[str, Any], place: Place) -> str | None:
    """What the row says it must not be separated from, under any of `GROUP_KEYS`."""
    for key in GROUP_KEYS:
        value = data.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if value not in (None, ""):
            return of_kind(value, str, place, f"the value of {key!r}")
    return None


def extra_metadata(data: dict[str, Any], known: Iterable[str]) -> dict[str, str]:
    """The row's further keys, as JSON under `row.KEY`, so that a writer can give them back."""
    return {
        f"{_EXTRA}{key}": json.dumps(value, ensure_ascii=False)
        for key, value in data.items()
        if key not in known
    }


def extra_keys(document: Document) -> dict[str, Any]:
    """The further keys of the row that a document was read from; its group where no key holds it."""
    extra = {
        key.removeprefix(_EXTRA): json.loads(value)
        for key, value in document.metadata.items()
        if key.startswith(_EXTRA)
    }
    if document.group is not None and not any(key in extra for key in GROUP_KEYS):
        extra["group"] = document.group
    return extra


def chosen(example: Example, lost: Losses) -> Annotation | None:
    """The annotation that a file with one answer a row holds: the reference, else the prediction."""
    if example.reference is not None and example.predicted is not None:
        lost.add("document: predicted annotation", example.document)
    if example.reference is None and example.predicted is None:
        lost.add("document: no annotation", example.document)
    return example.reference if example.reference is not None else example.predicted


def answer(codec: Codec, document: Document, annotation: Annotation, stored: str | None) -> tuple[str, Lost]:
    """The answer to write, and what it loses.

    The answer as it was read is written again, unaligned items and all, as long as it still says
    exactly what the annotation says.
    """
    if stored is not None and codec.parse(document, stored) == annotation:
        return stored, Lost()
    projection = codec.project(document, annotation)
    lost = projection.lost
    if not isinstance(lost, Lost):
        lost = Lost()
        lost.update(projection.lost)
    if annotation.scope == "mention":
        # Lists name a string once; which of its occurrences were annotated cannot be said there.
        written = dict.fromkeys((one.type, one.text) for one in projection.annotation.mentions)
        named = Counter((mention.type, mention.text) for mention in annotation.mentions)
        for type_, string in written:
            for _ in range(named[(type_, string)] - 1):
                lost.lose("mention: further-occurrence", f"{type_} {string}")
    return "".join(codec.target(document, annotation)).removesuffix("\n"), lost


def schema_of(examples: Iterable[Example]) -> Schema:
    """The schema of the annotations that are going to be written."""
    found = ((example, example.reference or example.predicted) for example in examples)
    return Schema.infer((example.task, annotation) for example, annotation in found if annotation is not None)


def placed(error: InputError, place: Place) -> InputError:
    """The same error at a place."""
    return InputError(error.what, cause=error.cause, remedy=error.remedy, place=place)


def json_line(data: dict[str, Any]) -> str:
    """One row of a file of JSON lines."""
    return json.dumps(data, ensure_ascii=False) + "\n"
