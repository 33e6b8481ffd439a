"""The lines of brat's annotation files: what they say, and an annotation as such lines."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from medspan.core import Annotation, Concept, InputError, Mention, Place, Relation, UnalignedMention
from medspan.core.document import Endpoint, Segment

NO_VOCABULARY = "-:"
"""Stands before a written concept id that names no vocabulary: brat wants `VOCABULARY:ID`."""

MOST_UNWRITTEN = 200
"""The longest mention, in characters, whose text the file may leave out."""

_ID = re.compile(r"[TREAMN][0-9]+\S*|\*|#\S*")
_SPAN = re.compile(r"(\S+) ([0-9]{1,15} [0-9]{1,15}(?:;[0-9]{1,15} [0-9]{1,15})*)\s*")
_NOT_IN_A_NAME = re.compile(r"[\s\x00-\x1f\x7f]")
# Whatever programs take for the end of a line; a tab is left, as brat leaves it.
_LINE_BREAKS = re.compile("[\n\r\x00\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_WITHOUT_FIELD = {
    "E": "line: event",
    "A": "line: attribute",
    "M": "line: attribute",
    "*": "line: equivalence",
    "#": "line: note",
}
_ARGUMENTS = ("Arg1", "Arg2")

Lose = Callable[[str, str], None]


@dataclass(frozen=True, slots=True)
class Standoff:
    """What a document's annotation files say.

    `names` are those of concepts by id; `without_field` counts the lines that an annotation has no
    field for.
    """

    annotation: Annotation
    names: Mapping[str, str] = field(default_factory=dict)
    without_field: Mapping[str, int] = field(default_factory=dict)


def read_standoff(contents: Mapping[str, str], text: str, marked: bool = False) -> Standoff:
    """Read a document's annotation files, given by name in their order.

    `marked`: a byte order mark stood before the text, and offsets may count it. InputError, with the
    line, where one cannot be read.
    """
    reader = _Reader(text, marked)
    for file, content in contents.items():
        for line in _lines(file, content):
            reader.take(line)
    return reader.standoff()


@dataclass(frozen=True, slots=True)
class _Line:
    place: Place
    id: str
    body: str
    rest: str

    def error(self, what: str) -> InputError:
        return InputError(
            f"line {self.place.row}: {what}",
            cause="the file was cut off or edited by hand, or its columns are not divided by tabs",
            remedy="repair the line",
            place=self.place,
        )


@dataclass(frozen=True, slots=True)
class _Span:
    """A T line: its segments as they are counted in the file."""

    id: str
    type: str
    segments: tuple[Segment, ...]
    written: str


def _lines(file: str, content: str) -> Iterator[_Line]:
    for number, raw in enumerate(content.removeprefix("\ufeff").split("\n"), start=1):
        if not raw.strip():
            continue
        identity, tab, tail = raw.removesuffix("\r").partition("\t")
        body, _, rest = tail.partition("\t")
        line = _Line(Place(file, number), identity.strip(" "), body, rest)
        if "\0" in raw:
            raise line.error("it holds a NUL byte")
        if not tab or not _ID.fullmatch(line.id):
            raise line.error(f"it begins with {raw[:40]!r}, not with an id such as T1 and a tab")
        yield line


class _Reader:
    """Takes lines in any order, and joins them once all are there."""

    def __init__(self, text: str, marked: bool):
        self._text, self._marked = text, marked
        self._spans: dict[str, _Span] = {}
        self._triggers: dict[str, str] = {}
        self._first: dict[str, _Line] = {}
        self._relations: list[_Line] = []
        self._concepts: dict[str, list[str]] = {}
        self._normalisations: list[_Line] = []
        self._names: dict[str, str] = {}
        self._without_field: Counter[str] = Counter()

    def take(self, line: _Line) -> None:
        kind = line.id[0]
        if kind in "TE" and line.id in self._first:
            raise line.error(f"the id {line.id} was given before, on line {self._first[line.id].place.row}")
        self._first.setdefault(line.id, line)
        if kind == "T":
            self._spans[line.id] = _span(line)
        elif kind == "R":
            self._relations.append(line)
        elif kind == "N":
            self._normalisations.append(line)
        elif kind == "E":
            first = next(iter(line.body.split()), "")
            _, colon, trigger = first.rpartition(":")
            if colon:  # some events of BioNLP have no trigger
                self._triggers[line.id] = trigger
        if kind in _WITHOUT_FIELD:
            self._without_field[_WITHOUT_FIELD[kind]] += 1

    def standoff(self) -> Standoff:
        for identity, trigger in self._triggers.items():
            if trigger not in self._spans:
                raise self._not_there(self._first[identity], trigger, "trigger")
        for line in self._normalisations:
            self._normalise(line)
        items = self._items()
        relations = tuple(self._relation(line, items) for line in self._relations)
        annotation = Annotation(
            tuple(item for item in items.values() if isinstance(item, Mention)),
            tuple(item for item in items.values() if isinstance(item, UnalignedMention)),
            relations,
        )
        return Standoff(annotation, self._names, self._without_field)

    def _normalise(self, line: _Line) -> None:
        columns = line.body.split()
        if len(columns) != 3:
            raise line.error(f"{line.id} is {line.body[:60]!r}, not 'Reference T1 VOCABULARY:ID'")
        target, concept = columns[1:]
        if target.startswith("Referent:"):
            target, concept = concept, target
        # BioNLP 2013 names the columns.
        target = self._mention(line, target.removeprefix("Annotation:"), "mention")
        concept = concept.removeprefix("Referent:").removeprefix(NO_VOCABULARY)
        if not concept:
            raise line.error(f"{line.id} names no concept")
        self._concepts.setdefault(target, []).append(concept)
        if line.rest:
            self._names.setdefault(concept, line.rest)

    def _mention(self, line: _Line, identity: str, role: str) -> str:
        """The id of the T line that an id stands for: its own, or that of the event's trigger."""
        found = self._triggers.get(identity, identity)
        if found not in self._spans:
            raise self._not_there(line, identity, role)
        return found

    def _not_there(self, line: _Line, identity: str, role: str) -> InputError:
        why = "is no mention or event with a trigger" if identity in self._first else "is nowhere in the file"
        return line.error(f"the {role} of {line.id} is {identity[:40]!r}, which {why}")

    def _items(self) -> dict[str, Mention | UnalignedMention]:
        spans = self._spans.values()
        ways = [
            _Counting(self._text, folded, shift)
            for folded in ((False, True) if "\r\n" in self._text else (False,))
            for shift in ((0, 1) if self._marked else (0,))
        ]
        # Where two ways fit as many mentions, the text as it stands comes first.
        best = max(ways, key=lambda way: sum(way.segments(span) is not None for span in spans))
        return {span.id: self._item(span, best) for span in spans}

    def _item(self, span: _Span, counting: _Counting) -> Mention | UnalignedMention:
        concepts = tuple(self._concepts.get(span.id, ()))
        segments = counting.segments(span)
        if segments is None:
            stated = counting.places(span)
            return UnalignedMention(span.type, span.written, "offset-mismatch", concepts, stated)
        segments = tuple(sorted(segments))
        text = " ".join(self._text[start:end] for start, end in segments)
        written = span.written.rstrip()
        known = not written or written in (text, one_line(text).rstrip())
        return Mention(segments, span.type, text, concepts, source_text=None if known else written)

    def _relation(self, line: _Line, items: Mapping[str, Mention | UnalignedMention]) -> Relation:
        columns = line.body.split()
        arguments = [column.rpartition(":") for column in columns[1:]]
        if len(arguments) != 2 or not all(role and identity for role, _, identity in arguments):
            raise line.error(f"{line.id} is {line.body[:60]!r}, not 'TYPE Arg1:T1 Arg2:T2'")
        roles = tuple(role for role, _, _ in arguments)
        if roles == _ARGUMENTS[::-1]:
            arguments.reverse()
        elif roles != _ARGUMENTS:
            self._without_field["relation: names of the roles"] += 1
        head, tail = (items[self._mention(line, identity, role)] for role, _, identity in arguments)
        return Relation(head, tail, columns[0])


def _span(line: _Line) -> _Span:
    match = _SPAN.fullmatch(line.body)
    if match is None:
        raise line.error(f"{line.id} is {line.body[:60]!r}, not 'TYPE START END'")
    pairs = [tuple(map(int, pair.split(" "))) for pair in match.group(2).split(";")]
    segments = tuple((start, end) for start, end in pairs)
    for start, end in segments:
        if start >= end:
            raise line.error(f"{line.id} stands at [{start}, {end}), which is no place")
    ordered = sorted(segments)
    if any(later[0] < earlier[1] for earlier, later in pairwise(ordered)):
        raise line.error(f"the segments of {line.id} overlap")
    return _Span(line.id, match.group(1), segments, line.rest)


class _Counting:
    """One way of counting offsets: CRLF as one character where `folded`, `shift` characters before the text.

    The format means the characters of the file; brat's own browser counts CRLF as one.
    """

    def __init__(self, text: str, folded: bool, shift: int):
        self._text, self._shift = text, shift
        found = re.finditer("\r\n", text) if folded else iter(())
        self._breaks = [match.start() - before for before, match in enumerate(found)]

    def segments(self, span: _Span) -> tuple[Segment, ...] | None:
        """The segments in the text as it stands; None where the text has something else there."""
        places = self.places(span)
        if any(start < 0 or end > len(self._text) for start, end in places):
            return None
        pieces = [self._text[start:end] for start, end in places]
        # Earlier versions of brat joined the pieces without a space.
        said = any(_says(span.written, joint.join(pieces)) for joint in (" ", ""))
        return places if said else None

    def places(self, span: _Span) -> tuple[Segment, ...]:
        """The segments as the file states them, whatever the text has there."""
        return tuple((self._place(start), self._place(end)) for start, end in span.segments)

    def _place(self, counted: int) -> int:
        counted -= self._shift
        return counted + bisect_left(self._breaks, counted)


def _says(written: str, found: str) -> bool:
    """Whether a column says what stands in the text: the kinds of white space and trailing blanks apart.

    An empty column says nothing against it, and brat fills it in; a long text must be written, so that
    what is read stays as small as the file.
    """
    if not written.strip():
        return len(found) <= max(len(written), MOST_UNWRITTEN)
    written = re.sub(r"\s", " ", written)
    kinds = (re.sub(r"\s", " ", kind) for kind in (found, found.replace("\r\n", "\n")))
    return any(written.startswith(kind) and not written[len(kind) :].strip() for kind in kinds)


def one_line(text: str) -> str:
    """The text with a space for each character that may end a line."""
    return _LINE_BREAKS.sub(" ", text)


def write_standoff(annotation: Annotation, text: str, names: Mapping[str, str], lose: Lose) -> str:
    """The lines of an annotation of `text`; `lose(kind, what)` hears what they cannot hold."""
    writer = _Writer(text, names, lose)
    for mention in annotation.mentions:
        writer.mention(mention)
    for item in annotation.unaligned:
        lose(f"mention: {item.reason}", f"{item.type} {item.text}")
    for relation in annotation.relations:
        writer.relation(relation)
    return "".join(f"{line}\n" for line in (*writer.spans, *writer.normalisations, *writer.relations))


class _Writer:
    def __init__(self, text: str, names: Mapping[str, str], lose: Lose):
        self._text, self._names, self._lose = text, names, lose
        self._ids: dict[tuple[object, ...], str] = {}
        self.spans: list[str] = []
        self.normalisations: list[str] = []
        self.relations: list[str] = []

    def mention(self, mention: Mention) -> str:
        identity = f"T{len(self.spans) + 1}"
        self._ids.setdefault(_key(mention), identity)
        type_ = self._name(mention.type, "mention")
        places = ";".join(f"{start} {end}" for start, end in mention.segments)
        written = " ".join(self._text[start:end] for start, end in mention.segments)
        self.spans.append(f"{identity}\t{type_} {places}\t{one_line(written)}")
        for concept in mention.concepts:
            self._normalise(identity, concept)
        return identity

    def relation(self, relation: Relation) -> None:
        ends = (relation.head, relation.tail)
        if any(isinstance(end, Concept) for end in ends):
            self._lose("relation: between concepts", relation.type)
        elif any(isinstance(end, UnalignedMention) for end in ends):
            self._lose("relation: endpoint without a place", relation.type)
        else:
            head, tail = (self._endpoint(end) for end in ends)
            type_ = self._name(relation.type, "relation")
            number = len(self.relations) + 1
            self.relations.append(f"R{number}\t{type_} Arg1:{head} Arg2:{tail}")

    def _endpoint(self, end: Endpoint) -> str:
        assert isinstance(end, Mention)
        known = self._ids.get(_key(end))
        if known is None:
            self._lose("relation: endpoint listed as mention", f"{end.type} {end.text}")
        return known or self.mention(end)

    def _normalise(self, identity: str, concept: str) -> None:
        if not concept or _NOT_IN_A_NAME.search(concept):
            self._lose("concept: unwritable", concept)
            return
        vocabulary, _, number = concept.partition(":")
        plain = vocabulary and number and not concept.startswith(NO_VOCABULARY)
        written = concept if plain else NO_VOCABULARY + concept
        name = one_line(self._names.get(concept, ""))
        self.normalisations.append(f"N{len(self.normalisations) + 1}\tReference {identity} {written}\t{name}")

    def _name(self, type_: str, what: str) -> str:
        written = _NOT_IN_A_NAME.sub("_", type_)
        if written != type_:
            self._lose(f"{what}: characters of the type", type_)
        return written


def _key(mention: Mention) -> tuple[object, ...]:
    return mention.segments, mention.type, mention.concepts
