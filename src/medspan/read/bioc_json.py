"""BioC JSON: a collection with documents, printed in any way, or lines of collections or documents."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any, ClassVar

from medspan.core import Example, InputError
from medspan.read.base import BadRow, Format, Row, Sample, register
from medspan.read.bioc import DEFAULT_COLLECTION, EMPTY_COLLECTION, Identities, Layouts, example_of
from medspan.read.bioc_values import Values, completed
from medspan.read.json_rows import (
    DOCUMENT_LISTS,
    Member,
    closing,
    first_character,
    json_rows,
    member_rows,
    opening,
)
from medspan.read.losses import Losses
from medspan.read.tables import is_table


@register
class BioCJsonFormat(Format):
    """Passages are placed by their offsets; what the carrier has no field for is kept under `bioc.`.

    A suffix `.jsonl` writes one document on each line, anything else one collection.
    """

    name: ClassVar[str] = "bioc-json"
    suffix: ClassVar[str] = ".json"
    looks_like: ClassVar[str] = "a JSON object with 'documents', each with 'id' and 'passages'"
    keeps: ClassVar[tuple[str, ...]] = ("",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        identities = Identities()
        for row in _members(path, max_line_bytes):
            if isinstance(row, BadRow):
                yield row
                continue
            member: Member = row.value
            try:
                data = completed(member.value, row.place)
                collection = _collection(member.head)
                yield replace(row, value=identities.of(data, collection, row.place))
            except InputError as error:
                yield BadRow(error, row.text)

    def example(self, row: Row) -> Example:
        return example_of(row.value, self.name, row.place)

    def sniff(self, sample: Sample) -> bool:
        return any(
            _is_document(data) or any(_holds_documents(data[key]) for key in DOCUMENT_LISTS if key in data)
            for data in sample.objects
        )

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        if suffix == ".jsonl":
            layouts = Layouts(lost, headless=True)
            for example in examples:
                data = {"bioctype": "BioCDocument", **layouts.document(example)}
                yield json.dumps(data, ensure_ascii=False) + "\n"
            return
        layouts = Layouts(lost)
        remaining = iter(examples)
        first = next(remaining, None)
        head = json.dumps(layouts.collection(first), ensure_ascii=False)
        yield head[:-1] + ', "documents": ['
        between = "\n"
        for example in chain([first] if first is not None else [], remaining):
            yield between + json.dumps(layouts.document(example), ensure_ascii=False)
            between = ",\n"
        yield "\n]}\n"


def _members(path: Path, limit: int) -> Iterator[Row | BadRow]:
    """Rows whose values are members: documents with what their collection says."""
    head = None if is_table(path) or first_character(path) != "{" else opening(path, DOCUMENT_LISTS, limit)
    if head is None and not _is_one_object(path, limit):
        for row in json_rows(path, limit):
            if isinstance(row, BadRow):
                yield row
                continue
            # Lines and lists may hold whole collections, too.
            head = dict(row.value) if isinstance(row.value, dict) else {}
            lists = [head.pop(key) for key in DOCUMENT_LISTS if isinstance(head.get(key), list)]
            if not lists:
                yield replace(row, value=Member({}, row.value, row.text))
            for value in chain.from_iterable(lists):
                yield replace(row, value=Member(head, value, row.text))
        return
    if head is not None and "source" not in head:
        # Keys in order of the alphabet put the source behind the documents.
        head = closing(path, DOCUMENT_LISTS, limit)
    for row in member_rows(path, DOCUMENT_LISTS, limit):
        if isinstance(row, Row) and row.place.row == 1 and head:
            row.value.head.update(head)
        yield row


def _is_one_object(path: Path, limit: int) -> bool:
    """Whether the first object goes on over several lines."""
    if is_table(path) or first_character(path) != "{":
        return False
    first = next(json_rows(path, limit), None)
    if not isinstance(first, BadRow):
        return False
    return isinstance(next(member_rows(path, DOCUMENT_LISTS, limit), None), Row)


def _collection(head: dict[str, Any]) -> Values:
    return {**EMPTY_COLLECTION, **head} if head else DEFAULT_COLLECTION


def _is_document(value: object) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("passages"), list)
        and "entities" not in value  # BigBio's documents have passages and ids as well
        and ("id" in value or "pmid" in value)
    )


def _holds_documents(value: object) -> bool:
    return isinstance(value, list) and all(_is_document(item) for item in value)
