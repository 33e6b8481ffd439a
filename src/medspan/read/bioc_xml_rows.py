"""Take the documents out of a BioC XML file, in memory that does not grow with it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.parsers import expat

from medspan.core import InputError, Place
from medspan.read.base import REJECTED_CHARACTERS, BadRow, Row
from medspan.read.bioc import EMPTY_COLLECTION, Identities
from medspan.read.bioc_values import Values, completed
from medspan.read.source import open_bytes

_CHUNK = 1 << 16
_MAX_DEPTH = 20
_HEAD_BYTES = 4 * REJECTED_CHARACTERS
_PARTS = {"passage", "sentence", "annotation", "relation", "location", "node"}
_INSIDE = {
    "collection": {"source", "date", "key", "infon", "document"},
    "document": {"id", "infon", "passage", "annotation", "relation"},
    "passage": {"infon", "offset", "text", "sentence", "annotation", "relation"},
    "sentence": {"infon", "offset", "text", "annotation", "relation"},
    "annotation": {"infon", "location", "text"},
    "relation": {"infon", "node"},
}
_ATTRIBUTES = {
    "infon": ("key",),
    "annotation": ("id",),
    "relation": ("id",),
    "location": ("offset", "length"),
    "node": ("refid", "role"),
}


@dataclass(slots=True)
class _Element:
    name: str
    values: Values
    text: list[str] = field(default_factory=list)
    key: str = ""


def document_rows(path: Path, limit: int, identities: Identities) -> Iterator[Row | BadRow]:
    """A row for each document. What the parser cannot pass ends them with a `BadRow`."""
    reader = _Reader(str(path), limit, identities)
    with open_bytes(path) as file:
        while not reader.failed:
            chunk = file.read(_CHUNK)
            reader.feed(chunk)
            yield from reader.done
            reader.done.clear()
            if not chunk:
                return


class _Refused(Exception):
    """Something that must not be parsed any further."""

    def __init__(self, what: str, cause: str, remedy: str):
        super().__init__(what)
        self.what, self.cause, self.remedy = what, cause, remedy


class _Reader:
    """The parser's handlers: `done` holds the rows that are finished."""

    def __init__(self, file: str, limit: int, identities: Identities):
        self._file, self._limit, self._identities = file, limit, identities
        self.done: list[Row | BadRow] = []
        self.failed = False
        self._collection: Values = {**EMPTY_COLLECTION, "infons": {}}
        self._stack: list[_Element] = []
        self._wrong: InputError | None = None
        self._number = self._line = self._since = self._fed = 0
        self._head = b""
        self._chunk = b""
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._entity
        # With a document type that is not fetched, unknown entities would vanish without a word.
        self._parser.SkippedEntityHandler = self._skipped

    def feed(self, chunk: bytes) -> None:
        """Parse a piece of the file; an empty one is its end."""
        if self._in_document() and len(self._head) < _HEAD_BYTES:
            self._head += chunk[: _HEAD_BYTES - len(self._head)]
        self._chunk = chunk
        try:
            self._parser.Parse(chunk, not chunk)
            self._fed += len(chunk)
            if self._fed - self._since > self._limit + _CHUNK:
                self._too_long()
        except expat.ExpatError as error:
            what = f"line {error.lineno} column {error.offset + 1}: {expat.ErrorString(error.code)}"
            self._stop(
                what, "the file was cut off or edited by hand", "repair the file at this place", error.lineno
            )
        except _Refused as error:
            self._stop(error.what, error.cause, error.remedy, self._parser.CurrentLineNumber)
        except (ValueError, LookupError) as error:
            line = self._parser.CurrentLineNumber
            self._stop(f"line {line}: {error}", "the encoding is unknown", "convert the file to UTF-8", line)

    def _stop(self, what: str, cause: str, remedy: str, line: int) -> None:
        self.failed = True
        number = self._number + (not self._in_document())
        where = f"{what}; nothing from document {number} on was read"
        error = InputError(where, cause=cause, remedy=remedy, place=Place(self._file, line))
        self.done.append(BadRow(error, self._written()))

    def _too_long(self) -> None:
        raise _Refused(
            f"document {self._number} is longer than the limit of {self._limit:,} bytes",
            "the document's end is missing, or the file is not of the format it was taken for",
            "repair it, or raise max_line_bytes",
        )

    def _in_document(self) -> bool:
        return len(self._stack) > 1 and self._stack[1].name == "document"

    def _written(self) -> str:
        return self._head.decode("utf-8", "replace")[:REJECTED_CHARACTERS]

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if len(self._stack) >= _MAX_DEPTH:
            raise _Refused(
                "elements are nested too deeply", "it is no BioC", "remove it, or name the right file"
            )
        if not self._stack and name != "collection":
            raise _Refused(
                f"the file is <{name[:40]}>, not <collection>", "it is no BioC", "name the right file"
            )
        if name == "document" and len(self._stack) == 1:
            self._number += 1
            self._line, self._wrong = self._parser.CurrentLineNumber, None
            self._since = self._parser.CurrentByteIndex
            self._head = self._chunk[max(0, self._since - self._fed) :][:_HEAD_BYTES]
        elif self._stack and name not in _INSIDE.get(self._stack[-1].name, ()):
            self._refuse(f"<{name[:40]}> stands within <{self._stack[-1].name[:40]}>")
        known = _ATTRIBUTES.get(name, ())
        values = {key: attributes[key] for key in known if key in attributes}
        key = values.pop("key", "") if name == "infon" else ""
        self._stack.append(_Element(name, values, key=key))
        others = [key for key in attributes if key not in known]
        if others and name != "collection":
            self._refuse(f"<{name[:40]}> has the attribute {others[0][:40]!r}")
        if self._parser.CurrentByteIndex - self._since > self._limit:
            self._too_long()

    def _characters(self, text: str) -> None:
        element = self._stack[-1]
        if element.name in _INSIDE:
            if text.strip():
                self._refuse(f"the text {text.strip()[:40]!r} stands directly within <{element.name}>")
        else:
            element.text.append(text)

    def _end(self, name: str) -> None:
        element = self._stack.pop()
        if not self._stack:
            return
        if name == "document" and len(self._stack) == 1:
            self._finish(element.values)
            return
        parent = self._collection if len(self._stack) == 1 else self._stack[-1].values
        text = "".join(element.text)
        if name in _PARTS:
            parent.setdefault(f"{name}s", []).append(
                _numbered(element.values) if name == "location" else element.values
            )
        elif name == "infon":
            infons: dict[str, Any] = parent.setdefault("infons", {})
            before = infons.get(element.key)
            if before is None:
                infons[element.key] = text
            else:
                infons[element.key] = [*(before if isinstance(before, list) else [before]), text]
        else:
            if name in parent and len(self._stack) > 1:
                self._refuse(f"<{name[:40]}> occurs twice in <{self._stack[-1].name}>")
            parent[name] = _number(text) if name == "offset" else text

    def _finish(self, values: Values) -> None:
        place = Place(self._file, self._line)
        text = self._written()
        length = self._parser.CurrentByteIndex - self._since + len("</document>")
        text = self._head[:length].decode("utf-8", "replace")[:REJECTED_CHARACTERS]
        wrong, self._wrong = self._wrong, None
        self._since = self._parser.CurrentByteIndex
        try:
            if wrong is not None:
                raise wrong
            collection = {**self._collection, "infons": dict(self._collection["infons"])}
            row = self._identities.of(completed(values, place), collection, place)
        except InputError as error:
            self.done.append(BadRow(error, text))
        else:
            self.done.append(Row(place, row, text))

    def _refuse(self, what: str) -> None:
        """The document cannot be read; those after it can."""
        line = self._parser.CurrentLineNumber
        error = InputError(
            f"line {line}: {what}",
            cause="the file is not of the BioC format, or was edited by hand",
            remedy="repair the document",
            place=Place(self._file, line),
        )
        if self._in_document():
            self._wrong = self._wrong or error
        else:
            self.done.append(BadRow(error, what))

    def _entity(self, name: str, *details: object) -> None:
        raise _Refused(
            f"the file declares the entity {name[:40]!r}",
            "it is no plain BioC: entities can be used to read other files or to fill the memory",
            "remove the declaration from the document type, and write the text in its place",
        )

    def _skipped(self, name: str, *details: object) -> None:
        raise _Refused(
            f"the entity '&{name[:40]};' is not declared",
            "the text was taken from HTML, or the document type declares it, which is not read",
            "write the character itself, or its number, as in &#160;",
        )


def _number(text: str) -> int | str:
    """The whole number where it is written in the one usual way; the text otherwise."""
    plain = text.isascii() and text.isdigit() and len(text) <= 12
    return int(text) if plain and str(int(text)) == text else text


def _numbered(values: Values) -> Values:
    return {key: _number(item) for key, item in values.items()}
