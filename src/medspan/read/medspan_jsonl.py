"""The `medspan` format: JSON lines that hold an example without loss, one object each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Endpoint,
    Example,
    InputError,
    Mention,
    Place,
    Relation,
    Segment,
    UnalignedMention,
)
from medspan.read.base import BadRow, Format, Row, Sample, register
from medspan.read.fields import as_object, of_kind, optional, required
from medspan.read.instruction_rows import json_line
from medspan.read.json_rows import json_rows
from medspan.read.losses import Losses
from medspan.text import occurrences


@register
class MedspanFormat(Format):
    """Everything of an example but its place, which is the row it is read from."""

    name: ClassVar[str] = "medspan"
    suffix: ClassVar[str] = ".jsonl"
    looks_like: ClassVar[str] = "JSON lines with the keys 'id', 'text' and 'reference' or 'predicted'"
    keeps: ClassVar[tuple[str, ...]] = ("",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        return json_rows(path, max_line_bytes)

    def example(self, row: Row) -> Example:
        return example_from_json(row.value, row.place)

    def sniff(self, sample: Sample) -> bool:
        return any(
            "id" in data and "text" in data and ("reference" in data or "predicted" in data)
            for data in sample.objects
        )

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        for example in examples:
            yield json_line(example_to_json(example))


def example_to_json(example: Example) -> dict[str, Any]:
    """The example as a JSON object.

    Predicted mentions that stand for every occurrence of their string also carry `occurrences`,
    `[start, end)` each; they are derived, and ignored on reading.
    """
    document = example.document
    return {
        "id": document.id,
        "text": document.text,
        "group": document.group,
        "task": document.task,
        "metadata": dict(document.metadata),
        "split": example.split,
        "source": example.source,
        "reference": _annotation_to_json(example.reference, None),
        "predicted": _annotation_to_json(example.predicted, document.text),
        "raw": example.raw,
        "truncated": example.truncated,
    }


def _annotation_to_json(annotation: Annotation | None, text: str | None) -> dict[str, Any] | None:
    if annotation is None:
        return None
    mentions = [_mention_to_json(mention) for mention in annotation.mentions]
    if text is not None and annotation.scope == "string":
        for data, mention in zip(mentions, annotation.mentions, strict=True):
            data["occurrences"] = [list(place) for place in occurrences(text, mention.text)]
    return {
        "mentions": mentions,
        "unaligned": [_unaligned_to_json(item) for item in annotation.unaligned],
        "relations": [
            {
                "type": relation.type,
                "head": _endpoint_to_json(relation.head),
                "tail": _endpoint_to_json(relation.tail),
                **_confidence_to_json(relation),
            }
            for relation in annotation.relations
        ],
        "scope": annotation.scope,
        "made_by": annotation.made_by,
        "unparsed": list(annotation.unparsed),
    }


def _mention_to_json(mention: Mention) -> dict[str, Any]:
    return {
        "segments": [list(segment) for segment in mention.segments],
        "type": mention.type,
        "text": mention.text,
        "concepts": list(mention.concepts),
        "aligned_by": mention.aligned_by,
        "source_text": mention.source_text,
        **_confidence_to_json(mention),
    }


def _confidence_to_json(item: Mention | Relation) -> dict[str, float]:
    return {} if item.confidence is None else {"confidence": item.confidence}


def _unaligned_to_json(item: UnalignedMention) -> dict[str, Any]:
    stated = {"stated": [list(segment) for segment in item.stated]} if item.stated else {}
    return {
        "type": item.type,
        "text": item.text,
        "reason": item.reason,
        "concepts": list(item.concepts),
        **stated,
    }


def _endpoint_to_json(endpoint: Endpoint) -> dict[str, Any]:
    if isinstance(endpoint, Mention):
        return {"mention": _mention_to_json(endpoint)}
    if isinstance(endpoint, UnalignedMention):
        return {"unaligned": _unaligned_to_json(endpoint)}
    return {"concept": {"id": endpoint.id, "type": endpoint.type}}


def example_from_json(value: Any, place: Place) -> Example:
    """The example of a JSON object that `example_to_json` made, or that has its required keys.

    Required are `id` and `text`; missing annotations are none. InputError at `place` otherwise.
    """
    data = as_object(value, place)
    metadata = _metadata(data, place)
    for key, item in metadata.items():
        of_kind(item, str, place, f"the metadata {key!r}")
    try:
        document = Document(
            required(data, "id", str, place),
            required(data, "text", str, place),
            optional(data, "group", str, place),
            optional(data, "task", str, place),
            metadata,
        )
        return Example(
            document,
            _annotation(optional(data, "reference", dict, place), place),
            _annotation(optional(data, "predicted", dict, place), place),
            split=optional(data, "split", str, place),
            source=optional(data, "source", str, place) or "",
            place=place,
            raw=optional(data, "raw", str, place),
            truncated=optional(data, "truncated", bool, place) or False,
        )
    except ValueError as error:
        raise InputError(
            str(error),
            cause="text or offsets were changed after the row was written, or the offsets count bytes",
            remedy="write the row again from its source; offsets count characters, the end is exclusive",
            place=place,
        ) from None


def _metadata(data: dict[str, Any], place: Place) -> dict[str, Any]:
    """The metadata: an object, or, in tables, its JSON text."""
    value = data.get("metadata")
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise InputError(
                f"the metadata is text that is no JSON ({error})", remedy="repair the row", place=place
            ) from None
    return of_kind({} if value is None else value, dict, place, "the value of 'metadata'")


def _annotation(data: dict[str, Any] | None, place: Place) -> Annotation | None:
    if data is None:
        return None
    scope = optional(data, "scope", str, place) or "mention"
    if scope not in ("mention", "string"):
        raise InputError(
            f"the scope is {scope!r}, not 'mention' or 'string'", remedy="repair the row", place=place
        )
    return Annotation(
        tuple(_mention(item, place) for item in optional(data, "mentions", list, place) or ()),
        tuple(_unaligned(item, place) for item in optional(data, "unaligned", list, place) or ()),
        tuple(_relation(item, place) for item in optional(data, "relations", list, place) or ()),
        scope=scope,  # type: ignore[arg-type]
        made_by=optional(data, "made_by", str, place) or "",
        unparsed=_strings(data, "unparsed", place),
    )


def _strings(data: dict[str, Any], key: str, place: Place) -> tuple[str, ...]:
    items = optional(data, key, list, place) or ()
    return tuple(of_kind(item, str, place, f"an item of {key!r}") for item in items)


def _mention(value: Any, place: Place) -> Mention:
    data = as_object(value, place, "a mention")
    return Mention(
        _segments(required(data, "segments", list, place), place),
        required(data, "type", str, place),
        required(data, "text", str, place),
        _strings(data, "concepts", place),
        optional(data, "aligned_by", str, place) or "given",  # type: ignore[arg-type]
        optional(data, "source_text", str, place),
        _confidence(data, place),
    )


def _segments(values: list[Any], place: Place) -> tuple[Segment, ...]:
    segments = []
    for segment in values:
        if not (isinstance(segment, list) and len(segment) == 2):
            raise InputError(
                f"a segment is {segment!r}, not [start, end]", remedy="repair the row", place=place
            )
        start, end = (of_kind(number, int, place, "an offset") for number in segment)
        segments.append((start, end))
    return tuple(segments)


def _confidence(data: dict[str, Any], place: Place) -> float | None:
    value = data.get("confidence")
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    raise InputError(
        f"the confidence is {value!r}, not a number from 0 to 1", remedy="repair the row", place=place
    )


def _unaligned(value: Any, place: Place) -> UnalignedMention:
    data = as_object(value, place, "an unaligned mention")
    return UnalignedMention(
        required(data, "type", str, place),
        required(data, "text", str, place),
        required(data, "reason", str, place),  # type: ignore[arg-type]
        _strings(data, "concepts", place),
        _segments(optional(data, "stated", list, place) or [], place),
    )


def _relation(value: Any, place: Place) -> Relation:
    data = as_object(value, place, "a relation")
    head, tail = (_endpoint(required(data, key, dict, place), place) for key in ("head", "tail"))
    return Relation(head, tail, required(data, "type", str, place), _confidence(data, place))


def _endpoint(data: dict[str, Any], place: Place) -> Endpoint:
    # In tables every key is there, and null where it is not meant.
    if data.get("mention") is not None:
        return _mention(data["mention"], place)
    if data.get("unaligned") is not None:
        return _unaligned(data["unaligned"], place)
    concept = as_object(required(data, "concept", dict, place), place, "a concept")
    return Concept(required(concept, "id", str, place), optional(concept, "type", str, place))
