"""The PubTator format: title and abstract, then mentions with offsets and relations of concepts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Example,
    InputError,
    Mention,
    Place,
    Relation,
    Segment,
    UnalignedMention,
)
from medspan.read.base import REJECTED_CHARACTERS, BadRow, Format, Row, Sample, register
from medspan.read.identity import Occurrences
from medspan.read.lines import Line, read_lines
from medspan.read.losses import Losses

_TEXT_LINE = re.compile(r"([^|\t]+)\|([ta])\|(.*)", re.DOTALL)
_SINGLE_ID = re.compile(r"-1|(?:\w+:)?[A-Za-z]*\d{3,}")
_NO_CONCEPT = ("", "-", "-1")
_UNWRITABLE = re.compile(r"[\x00-\x1f]")
_WHOLE_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True, slots=True)
class Block:
    """The lines of one article; `occurrence` counts the articles of the same PMID, from 1."""

    pmid: str
    occurrence: int
    lines: tuple[Line, ...]


@register
class PubTatorFormat(Format):
    """Title and abstract are joined by one line break, which keeps the offsets and shows where they meet.

    The PMID is the document's group. An article's further columns (the single names of a composite
    mention, the novelty of a relation) are kept in the metadata under `pubtator.` and written back.
    """

    name: ClassVar[str] = "pubtator"
    suffix: ClassVar[str] = ".txt"
    looks_like: ClassVar[str] = "lines 'PMID|t|title' and 'PMID|a|abstract', then columns divided by tabs"
    keeps: ClassVar[tuple[str, ...]] = ("pubtator.",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        seen = Occurrences()
        for lines, bad in blocks(path, max_line_bytes):
            text = "\n".join(line.text for line in lines)[:REJECTED_CHARACTERS]
            if bad is not None:
                yield BadRow(bad.error, text or bad.text)
                continue
            place = Place(str(path), lines[0].number)
            title = _TEXT_LINE.match(lines[0].text)
            if title is None:
                yield BadRow(_not_a_title(lines[0], place), text)
                continue
            pmid = title.group(1)
            yield Row(place, Block(pmid, seen.count(pmid), lines), text)

    def example(self, row: Row) -> Example:
        return _Article(row.value, row.place.file).example(self.name, row.place)

    def sniff(self, sample: Sample) -> bool:
        return any(_TEXT_LINE.fullmatch(line) for line in sample.lines)

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        for example in examples:
            yield _Written(example, lost).text()


def blocks(path: Path, max_line_bytes: int) -> Iterator[tuple[tuple[Line, ...], BadRow | None]]:
    """Runs of lines up to a blank line or the next title, each with its first bad line, if any."""
    lines: list[Line] = []
    bad: BadRow | None = None
    for line in read_lines(path, max_line_bytes):
        if isinstance(line, BadRow):
            bad = bad or line
            continue
        title = _TEXT_LINE.match(line.text)
        starts = title is not None and title.group(2) == "t"
        if (lines or bad) and (starts or not line.text.strip()):
            yield tuple(lines), bad
            lines, bad = [], None
        if line.text.strip():
            lines.append(line)
    if lines or bad:
        yield tuple(lines), bad


def _not_a_title(line: Line, place: Place) -> InputError:
    return InputError(
        f"line {line.number} is {line.text[:60]!r}, not 'PMID|t|title'",
        cause="an article's first lines are missing, or a blank line stands within an article",
        remedy="begin each article with its title line and keep its lines together",
        place=place,
    )


def concepts_of(column: str) -> tuple[str, ...]:
    """The concept ids of a column: divided by commas, or by bars where every part is an id.

    Ids of variants (`c|SUB|A|12|G`) hold bars themselves.
    """
    if column.strip() in _NO_CONCEPT:
        return ()
    parts = column.split("|")
    if len(parts) == 1 or not all(_SINGLE_ID.fullmatch(part) for part in parts):
        parts = column.split(",")
    return tuple(part for part in parts if part not in _NO_CONCEPT)


class _Article:
    """Reads one block; every error names the line."""

    def __init__(self, block: Block, file: str):
        self._block, self._file = block, file
        self._mentions: list[Mention] = []
        self._unaligned: list[UnalignedMention] = []
        self._relations: list[Relation] = []
        self._metadata: dict[str, str] = {}
        title = _TEXT_LINE.match(block.lines[0].text)
        self._text = title.group(3) if title else ""

    def example(self, source: str, place: Place) -> Example:
        block = self._block
        title = _TEXT_LINE.match(block.lines[0].text)
        if title is None or title.group(2) != "t":
            raise _not_a_title(block.lines[0], place)
        rest = block.lines[1:]
        abstract = _TEXT_LINE.match(rest[0].text) if rest else None
        if abstract is not None:
            self._check_pmid(abstract.group(1), rest[0])
            if abstract.group(3):
                self._text += "\n" + abstract.group(3)
            rest = rest[1:]
        for line in rest:
            self._read(line)
        identity = block.pmid if block.occurrence == 1 else f"{block.pmid}#{block.occurrence}"
        document = Document(identity, self._text, block.pmid, metadata=self._metadata)
        reference = Annotation(tuple(self._mentions), tuple(self._unaligned), tuple(self._relations))
        return Example(document, reference, source=source, place=place)

    def _read(self, line: Line) -> None:
        fields = line.text.split("\t")
        self._check_pmid(fields[0], line)
        numbers = len(fields) >= 3 and bool(_WHOLE_NUMBER.fullmatch(fields[1]))
        if numbers and len(fields) >= 5:
            self._read_mention(fields, line)
        elif not numbers and len(fields) in (4, 5):
            self._read_relation(fields)
        elif len(fields) >= 6:
            raise self._error(line, f"the start is {fields[1]!r}, not a whole number")
        else:
            raise self._error(line, f"there are {len(fields)} columns where a mention has 6 and a relation 4")

    def _read_mention(self, fields: list[str], line: Line) -> None:
        _, first, last, written, type_ = fields[:5]
        if not _WHOLE_NUMBER.fullmatch(last):
            raise self._error(line, f"the end is {last!r}, not a whole number")
        if not type_.strip():
            raise self._error(line, f"the mention {written!r} has no type")
        start, end = int(first), int(last)
        if not 0 <= start < end:
            raise self._error(line, f"the mention {written!r} stands at [{start}, {end}), which is no place")
        if end > len(self._text):
            raise self._error(
                line,
                f"the mention {written!r} ends at {end}, past the end of the text "
                f"({len(self._text)} characters)",
            )
        concepts = concepts_of(fields[5]) if len(fields) > 5 else ()
        found = self._text[start:end]
        if written not in (found, found.replace("\n", " ")):
            place = ((start, end),)
            self._unaligned.append(UnalignedMention(type_, written, "offset-mismatch", concepts, place))
        else:
            self._mentions.append(Mention(((start, end),), type_, found, concepts))
        if len(fields) > 5 and _column(concepts) != fields[5]:
            self._metadata[concepts_key(start, end, type_)] = fields[5]
        if len(fields) > 6:
            self._metadata[mention_key(start, end, type_)] = "\t".join(fields[6:])

    def _read_relation(self, fields: list[str]) -> None:
        _, type_, head, tail = fields[:4]
        self._relations.append(Relation(Concept(head), Concept(tail), type_))
        if len(fields) > 4:
            self._metadata[relation_key(type_, head, tail)] = fields[4]

    def _check_pmid(self, found: str, line: Line) -> None:
        if found != self._block.pmid:
            raise self._error(line, f"the PMID is {found[:40]!r} within the article {self._block.pmid!r}")

    def _error(self, line: Line, what: str) -> InputError:
        return InputError(
            f"line {line.number}: {what}",
            cause="the offsets count bytes or belong to another text, or columns are not divided by tabs",
            remedy="repair the line; offsets count characters of title, one separator, and abstract",
            place=Place(self._file, line.number),
        )


def _column(concepts: Sequence[str]) -> str:
    bars = all(_SINGLE_ID.fullmatch(concept) for concept in concepts)
    return ("|" if bars else ",").join(concepts) or "-1"


def concepts_key(start: int, end: int, type_: str) -> str:
    return f"pubtator.concepts {start} {end} {type_}"


def mention_key(start: int, end: int, type_: str) -> str:
    return f"pubtator.mention {start} {end} {type_}"


def relation_key(type_: str, head: str, tail: str) -> str:
    return f"pubtator.relation {type_} {head} {tail}"


class _Written:
    """Writes one example as an article; counts what does not fit."""

    def __init__(self, example: Example, lost: Losses):
        self._document, self._lost = example.document, lost
        self._annotation = example.reference or example.predicted or Annotation()
        if example.reference is not None and example.predicted is not None:
            self._lose("document: predicted annotation")

    def text(self) -> str:
        document, annotation = self._document, self._annotation
        pmid = self._pmid()
        title, _, abstract = document.text.partition("\n")
        title, abstract = _UNWRITABLE.sub(" ", title), _UNWRITABLE.sub(" ", abstract)
        text = f"{title}\n{abstract}" if abstract else title
        self._count(text)
        lines = [f"{pmid}|t|{title}", f"{pmid}|a|{abstract}"]
        lines += [f"{pmid}\t{row}" for row in self._mentions(text)]
        lines += [f"{pmid}\t{row}" for relation in annotation.relations for row in self._relation(relation)]
        return "\n".join(lines) + "\n\n"

    def _pmid(self) -> str:
        document = self._document
        group = document.group
        numbered = group is not None and re.fullmatch(re.escape(group) + r"(#\d+)?", document.id)
        pmid = group if group is not None and numbered else document.id
        if group not in (None, pmid):
            self._lose("document: group", group or "")
        safe = re.sub(r"[|\s\x00-\x1f]", "_", pmid)
        if safe != pmid:
            self._lose("document: characters of the id", pmid)
        return safe

    def _count(self, text: str) -> None:
        for kind, there in (
            ("document: task", self._document.task is not None),
            ("document: line breaks and control characters of the text", text != self._document.text),
            ("document: mentions standing for every occurrence", self._annotation.scope == "string"),
        ):
            if there:
                self._lose(kind)
        for piece in self._annotation.unparsed:
            self._lose("unparsed piece", piece)

    def _lose(self, kind: str, what: str = "") -> None:
        self._lost.add(kind, self._document, what)

    def _mentions(self, text: str) -> Iterator[str]:
        """The mentions in their order; those not at their offsets at these, before what stands behind."""
        annotation = self._annotation
        waiting = []
        for item in annotation.unaligned:
            if _is_misplaced(item, text):
                waiting.append(item)
            else:
                self._lose(f"mention: {item.reason}", f"{item.type} {item.text}")
        waiting.sort(key=lambda item: item.stated, reverse=True)
        for mention in annotation.mentions:
            while waiting and waiting[-1].stated < mention.segments:
                item = waiting.pop()
                yield self._columns(item, item.stated[0], item.text)
            yield from self._mention(mention, text)
        for item in reversed(waiting):
            yield self._columns(item, item.stated[0], item.text)

    def _mention(self, mention: Mention, text: str) -> Iterator[str]:
        if len(mention.segments) > 1:
            self._lose("mention: discontinuous", f"{mention.type} {mention.text}")
        elif mention.end > len(text) or _UNWRITABLE.search(mention.type):
            self._lose("mention: unwritable", f"{mention.type} {mention.text}")
        else:
            yield self._columns(mention, mention.segments[0], text[mention.start : mention.end])

    def _columns(self, item: Mention | UnalignedMention, place: Segment, written: str) -> str:
        start, end = place
        concepts = [concept for concept in item.concepts if _is_writable(concept)]
        for concept in item.concepts:
            if concept not in concepts:
                self._lose("concept: unwritable", concept)
        metadata = self._document.metadata
        stored = metadata.get(concepts_key(start, end, item.type), "")
        column = stored if stored and concepts_of(stored) == item.concepts else _column(concepts)
        further = metadata.get(mention_key(start, end, item.type))
        fields = [str(start), str(end), written.replace("\n", " "), item.type, column]
        return "\t".join([*fields, *([further] if further is not None else [])])

    def _relation(self, relation: Relation) -> Iterator[str]:
        head, tail, type_ = relation.head, relation.tail, relation.type
        if not (isinstance(head, Concept) and isinstance(tail, Concept)):
            self._lose("relation: between mentions", type_)
        elif any(map(_UNWRITABLE.search, (head.id, tail.id, type_))) or _WHOLE_NUMBER.fullmatch(type_):
            self._lose("relation: unwritable", type_)
        else:
            further = self._document.metadata.get(relation_key(type_, head.id, tail.id))
            yield "\t".join([type_, head.id, tail.id, *([further] if further is not None else [])])


def _is_misplaced(item: UnalignedMention, text: str) -> bool:
    """Whether a mention is read as it was once it is written at the offsets that its source states."""
    if item.reason != "offset-mismatch" or len(item.stated) != 1:
        return False
    start, end = item.stated[0]
    return (
        0 <= start < end <= len(text)
        and item.text not in (text[start:end], text[start:end].replace("\n", " "))
        and bool(item.type.strip())
        and not any(map(_UNWRITABLE.search, (item.text, item.type)))
    )


def _is_writable(concept: str) -> bool:
    return concepts_of(concept) == (concept,) and not _UNWRITABLE.search(concept)
