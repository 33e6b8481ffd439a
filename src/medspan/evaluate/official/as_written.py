"""What a corpus file says by offsets and concept ids, whether or not its strings are at the offsets.

Official evaluators look at offsets and ids only, while medspan reads a mention whose string is not at
its offsets as one without a place. So PubTator and BioC are read here below that judgement.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from medspan.core import Annotation, Concept, Document, Endpoint, Example, InputError, Mention, Place
from medspan.evaluate.match import places
from medspan.read import detect, load
from medspan.read.base import MAX_LINE_BYTES, BadRow, format_named
from medspan.read.bioc_infons import ids_of, own_of
from medspan.read.bioc_values import Item, read, segment
from medspan.read.detect import check_readable
from medspan.read.lines import read_lines

Side = Literal["reference", "predicted"]

_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|")
_WHOLE_NUMBER = re.compile(r"-?\d+")
_VOCABULARY = re.compile(r"[A-Z]{3,}")
_SAMPLE_LINES = 20


@dataclass(frozen=True, slots=True)
class WrittenMention:
    """A mention's document, type, half-open place in characters, and concept ids as they stand there."""

    document: str
    type: str
    start: int
    end: int
    concepts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WrittenRelation:
    """A relation's document, type, and the concept ids of its ends as they stand there."""

    document: str
    type: str
    head: str
    tail: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that has no offsets or no ids, or could not be read: why, and where it stands."""

    reason: str
    place: Place | None


@dataclass(slots=True)
class Written:
    """All that a file says. `documents` counts how often each document begins in it."""

    format: str
    documents: dict[str, int] = field(default_factory=dict)
    mentions: list[WrittenMention] = field(default_factory=list)
    relations: list[WrittenRelation] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)

    def begin(self, document: str) -> None:
        self.documents[document] = self.documents.get(document, 0) + 1

    def relate(self, document: str, type: str, ends: tuple[Endpoint, Endpoint], place: Place | None) -> None:
        """Add a relation by the ids of its ends; each pair of them where an end has several."""
        heads, tails = (_end_ids(end) for end in ends)
        if not (heads and tails):
            self.left_out.append(LeftOut("relations of mentions without a concept id", place))
        self.relations += [WrittenRelation(document, type, head, tail) for head in heads for tail in tails]


def read_as_written(path: Path, *, format: str, side: Side) -> Written:
    """What the file says; `side` chooses between annotations where a file holds both.

    InputError where the file or a document cannot be read. Lines of PubTator that are neither text
    nor annotation are listed in `left_out`, as the official evaluators pass over them.
    """
    name = _format_of(path) if format == "auto" else format_named(format).name
    check_readable(path)
    if name == "pubtator":
        return _pubtator(path)
    if name in ("bioc-xml", "bioc-json"):
        return _bioc(path, name, side)
    written = Written(name)
    for example in load(path, format=name).examples:
        _add_example(written, example, side)
    return written


def is_blank(path: Path) -> bool:
    """Whether there is a file that holds nothing but white space."""
    return path.is_file() and path.stat().st_size < 10_000 and not path.read_bytes().strip()


def is_own(path: Path) -> bool:
    """Whether the file is in medspan's own format, as `extract` writes it."""
    try:
        return detect(path) == "medspan"
    except InputError:
        return False


def _format_of(path: Path) -> str:
    try:
        return detect(path)
    except InputError:
        # Predictions are often written without the texts, which nothing else recognises.
        if path.is_file() and _has_annotation_lines(path):
            return "pubtator"
        raise


def _has_annotation_lines(path: Path) -> bool:
    lines = islice(read_lines(path, MAX_LINE_BYTES), _SAMPLE_LINES)
    read_fields = [line.text.split("\t") for line in lines if not isinstance(line, BadRow)]
    return any(_is_mention(fields) or _is_relation(fields) for fields in read_fields)


def _pubtator(path: Path) -> Written:
    written = Written("pubtator")
    for line in read_lines(path, MAX_LINE_BYTES):
        if isinstance(line, BadRow):
            raise line.error
        text = _TEXT_LINE.match(line.text)
        fields = line.text.split("\t")
        document = text.group(1) if text else fields[0]
        if text:
            if text.group(2) == "t" or document not in written.documents:
                written.begin(document)
        elif _is_mention(fields):
            written.documents.setdefault(document, 1)
            ids = tuple(fields[5:6])
            start, end = int(fields[1]), int(fields[2])
            written.mentions.append(WrittenMention(document, fields[4], start, end, ids))
        elif _is_relation(fields):
            written.documents.setdefault(document, 1)
            written.relations.append(WrittenRelation(document, *fields[1:4]))
        elif line.text.strip():
            reason = "lines that are neither text nor an annotation in columns divided by tabs"
            written.left_out.append(LeftOut(reason, Place(str(path), line.number)))
    return written


def _is_mention(fields: list[str]) -> bool:
    numbers = len(fields) >= 5 and all(map(_WHOLE_NUMBER.fullmatch, fields[1:3]))
    return numbers and bool(fields[0] and fields[4].strip())


def _is_relation(fields: list[str]) -> bool:
    return len(fields) in (4, 5) and all(fields[:4]) and not _WHOLE_NUMBER.fullmatch(fields[1])


def _bioc(path: Path, name: str, side: Side) -> Written:
    format_ = format_named(name)
    written = Written(name)
    for row in format_.rows(path, MAX_LINE_BYTES):
        if isinstance(row, BadRow):
            raise row.error
        if own_of(row.value.data["infons"], row.place).get("scope") == "string":
            _add_example(written, format_.example(row), side)
            continue
        document = row.value.source_id
        written.begin(document)
        reading = read(row.value.data, row.place)
        for item in reading.items:
            # The single names of a composite mention stand beside it, and PubTator has no line for them.
            if item.listed and not item.individual:
                _add_item(written, document, item, row.place)
        for link in reading.links:
            if link.value is None:
                reason = "relations that do not join two concepts or mentions"
                written.left_out.append(LeftOut(reason, row.place))
            else:
                written.relate(document, link.value.type, (link.value.head, link.value.tail), row.place)
    return written


def _add_item(written: Written, document: str, item: Item, place: Place) -> None:
    segments = sorted(segment(location, place) for location in item.raw["locations"])
    if not segments:
        written.left_out.append(LeftOut("mentions without a place", place))
        return
    concepts = _with_vocabulary(item.raw["infons"], item.value.concepts)
    end = max(end for _, end in segments)
    written.mentions.append(WrittenMention(document, item.value.type, segments[0][0], end, concepts))


def _with_vocabulary(infons: dict[str, Any], concepts: Iterable[str]) -> tuple[str, ...]:
    """Ids as PubTator writes them: BioC has `CHEBI` and `32875` apart where PubTator has `CHEBI:32875`."""
    named = {
        concept: key for key, value in infons.items() if _VOCABULARY.match(key) for concept in ids_of(value)
    }
    return tuple(
        f"{named[concept]}:{concept}" if concept in named and ":" not in concept else concept
        for concept in concepts
    )


def _add_example(written: Written, example: Example, side: Side) -> None:
    document = _source_id(example.document)
    written.begin(document)
    sides = (example.reference, example.predicted)
    first, second = sides if side == "reference" else sides[::-1]
    annotation = first if first is not None else second
    if annotation is None:
        written.left_out.append(LeftOut("documents without an annotation", example.place))
        return
    for mention in annotation.mentions:
        for start, end in _places(mention, example.document.text, annotation):
            written.mentions.append(WrittenMention(document, mention.type, start, end, mention.concepts))
    written.left_out += [LeftOut("mentions without a place", example.place) for _ in annotation.unaligned]
    for relation in annotation.relations:
        written.relate(document, relation.type, (relation.head, relation.tail), example.place)


def _places(mention: Mention, text: str, annotation: Annotation) -> Iterator[tuple[int, int]]:
    for segments in places(mention, text, annotation.scope):
        yield segments[0][0], segments[-1][1]


def _source_id(document: Document) -> str:
    """The PMID: the group where the id is a numbered one of it, or one of several questions about it."""
    group = document.group
    if group is None:
        return document.id
    numbered = re.fullmatch(re.escape(group) + r"(#\d+)?", document.id)
    return group if numbered or document.task is not None else document.id


def _end_ids(end: Endpoint) -> tuple[str, ...]:
    return (end.id,) if isinstance(end, Concept) else end.concepts
