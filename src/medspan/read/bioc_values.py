"""The BioC data model as the values that BioC JSON consists of, and what stands in them.

A document has passages, these have sentences, and each of them annotations and relations.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from medspan.core import InputError, Mention, Place, Relation, UnalignedMention
from medspan.read.bioc_infons import concepts_in, confidence_in, own_of, relation_between
from medspan.read.fields import as_object, optional

MAX_GAP = 1_000_000
"""The most characters between passages that are filled up; more is a damaged offset."""

_OFFSET = re.compile(r"\d{1,12}")
_PARTS = {
    "document": ("id", "infons", "passages", "annotations", "relations"),
    "passage": ("infons", "offset", "text", "sentences", "annotations", "relations"),
    "sentence": ("infons", "offset", "text", "annotations", "relations"),
    "annotation": ("id", "infons", "text", "locations"),
    "relation": ("id", "infons", "nodes"),
}
_SINGLE = ("id", "offset", "text")
Values = dict[str, Any]


@dataclass(slots=True)
class Item:
    """An annotation in its container (document, passage, sentence), and what it says."""

    raw: Values
    container: Values
    value: Mention | UnalignedMention
    listed: bool
    individual: bool
    refused: bool = False
    """Whether its text is not at its locations."""


@dataclass(slots=True)
class Link:
    """A relation in its container; `value` is None where it does not join two mentions or concepts."""

    raw: Values
    container: Values
    value: Relation | None


@dataclass(slots=True)
class Reading:
    """A document's text and everything that is said about it, in order."""

    text: str
    items: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)


def completed(data: Any, place: Place, kind: str = "document") -> Values:
    """A document's values with every list and `infons` in place. InputError where one is of another kind.

    `bioctype`, the name of a value's class, is left out: it says nothing that the place does not.
    """
    values = {key: value for key, value in as_object(data, place, f"the {kind}").items() if key != "bioctype"}
    for key in _PARTS[kind]:
        if key in _SINGLE:
            continue
        if key == "infons":
            values[key] = dict(optional(values, key, dict, place) or {})
        else:
            items = optional(values, key, list, place) or []
            part = key[:-1]
            if part in _PARTS:
                values[key] = [completed(item, place, part) for item in items]
            else:
                values[key] = [dict(as_object(item, place, f"the {part}")) for item in items]
    for item in (values, *values.get("nodes", ())):
        for key in ("id", "refid"):
            # A number of thousands of digits cannot be shown, and a list cannot be looked up.
            if isinstance(item.get(key), (list, dict, float)) or _is_huge(item.get(key)):
                raise error(place, f"the {key} of the {kind} is no string")
    first = {key: values[key] for key in _PARTS[kind] if key in values}
    return {**first, **values}


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and abs(value) >= 10**18


def name_of(values: Values, key: str = "id") -> str:
    """An id as a string, empty where there is none."""
    found = values.get(key)
    return "" if found is None else str(found)


def read(data: Values, place: Place) -> Reading:
    """Text, annotations and relations of a document's completed values."""
    reading = Reading(text_of(data, place))
    for container in containers(data):
        for raw in container["annotations"]:
            reading.items.append(_item(raw, container, reading.text, place))
    _check_bytes(reading, place)
    resolve = _Resolver(reading.items)
    for container in containers(data):
        resolve.container = container
        for raw in container["relations"]:
            reading.links.append(Link(raw, container, relation_between(raw, resolve, place)))
    return reading


def containers(data: Values) -> Iterator[Values]:
    """Passages, each with its sentences after it, and at last the document itself."""
    for passage in data["passages"]:
        yield passage
        yield from passage["sentences"]
    yield data


def offset_of(values: Values, place: Place, key: str = "offset") -> int:
    """A whole number that is not negative, also where it was written as a string."""
    found = values.get(key)
    if isinstance(found, (int, str)) and not isinstance(found, bool):
        # A number of thousands of digits cannot even be shown.
        small = abs(found) < 10**12 if isinstance(found, int) else len(found) < 40
        written = str(found).strip() if small else ""
        if _OFFSET.fullmatch(written) and written.isascii():
            return int(written)
    shown = repr(found)[:40] if not isinstance(found, int) or abs(found) < 10**40 else "a huge number"
    raise error(place, f"the {key} is {shown}, not a whole number from 0 on")


def text_of(data: Values, place: Place) -> str:
    """All passages (or their sentences) at their offsets.

    A gap before a passage ends with a line break, one between sentences is blank; see MAX_GAP.
    """
    pieces: list[str] = []
    end = filled = 0
    last: object = None
    for offset, text, passage in sorted(_texts(data, place), key=lambda unit: unit[0]):
        gap = offset - end
        if gap < 0:
            raise error(place, f"a passage begins at {offset}, before the one that it follows ends ({end})")
        filled += gap
        if filled > MAX_GAP:
            raise error(place, f"a passage begins at {offset}, {gap:,} characters after the text before it")
        breaks = gap > 0 and last is not None and passage is not last
        pieces += [" " * (gap - breaks), "\n" * breaks, text]
        end, last = offset + len(text), passage
    return "".join(pieces)


def _texts(data: Values, place: Place) -> Iterator[tuple[int, str, Values]]:
    for passage in data["passages"]:
        text = optional(passage, "text", str, place)
        offset = offset_of(passage, place)
        if text:
            yield offset, text, passage
        for sentence in passage["sentences"]:
            inner = optional(sentence, "text", str, place)
            offset = offset_of(sentence, place)
            if inner and not text:
                yield offset, inner, passage


def _item(raw: Values, container: Values, text: str, place: Place) -> Item:
    infons = raw["infons"]
    own = own_of(infons, place)
    written = optional(raw, "text", str, place) or ""
    type_ = infons.get("type")
    if not isinstance(type_, str) or not type_:
        raise error(
            place, f"the annotation {str(raw.get('id'))[:40]!r} ({written[:40]!r}) has no infon 'type'"
        )
    concepts = concepts_in(infons, own, place)
    segments = sorted(segment(location, place) for location in raw["locations"])
    listed = own.get("listed") is not False
    individual = infons.get("CompositeRole") == "IndividualMention"
    found = " ".join(text[start:end] for start, end in segments)
    if not segments or not _stands(written, found) or not _is_place(segments, text):
        reason = optional(own, "unaligned", str, place) or ("offset-mismatch" if segments else "not-in-text")
        missing = UnalignedMention(type_, written, reason, concepts, tuple(segments))  # type: ignore[arg-type]
        return Item(raw, container, missing, listed, individual, bool(segments))
    mention = Mention(
        tuple(segments),
        type_,
        found,
        concepts,
        optional(own, "aligned_by", str, place) or "given",  # type: ignore[arg-type]
        optional(own, "source_text", str, place),
        confidence_in(own, place),
    )
    return Item(raw, container, mention, listed, individual)


def segment(location: Values, place: Place) -> tuple[int, int]:
    start = offset_of(location, place)
    return start, start + offset_of(location, place, "length")


def _is_place(segments: list[tuple[int, int]], text: str) -> bool:
    ordered = all(before[1] <= after[0] for before, after in pairwise(segments))
    return ordered and all(start < end for start, end in segments) and segments[-1][1] <= len(text)


def _stands(written: str, found: str) -> bool:
    return not written or written == found or written.split() == found.split()


class _Resolver:
    """The mention of a `refid`: of the relation's own container first; None where it is not clear."""

    def __init__(self, items: list[Item]):
        self.container: Values = {}
        self._items: dict[str, list[Item]] = {}
        for item in items:
            self._items.setdefault(name_of(item.raw), []).append(item)

    def __call__(self, refid: object) -> Mention | UnalignedMention | None:
        found = self._items.get(str(refid), []) if refid is not None else []
        near = [item for item in found if item.container is self.container] or found
        return near[0].value if len(near) == 1 and not near[0].individual else None


def _check_bytes(reading: Reading, place: Place) -> None:
    """InputError where every annotation fits once offsets count bytes of UTF-8."""
    refused = [item for item in reading.items if item.refused and item.value.text]
    if not refused or reading.text.isascii():
        return
    encoded = reading.text.encode("utf-8", "surrogatepass")
    for item in refused:
        segments = sorted(segment(location, place) for location in item.raw["locations"])
        found = b" ".join(encoded[start:end] for start, end in segments)
        if found.decode("utf-8", "replace") != item.value.text:
            return
    start = offset_of(refused[0].raw["locations"][0], place)
    raise InputError(
        f"{refused[0].value.text[:40]!r} is not at {start} in characters, but is there in bytes",
        cause="the offsets count bytes of UTF-8",
        remedy="convert the offsets to characters",
        place=place,
    )


def error(place: Place, what: str) -> InputError:
    """What is wrong with a document's places."""
    return InputError(
        what,
        cause="the file is damaged, or its offsets do not count characters of this text",
        remedy="repair the document; offsets count characters from the beginning of the document",
        place=place,
    )
