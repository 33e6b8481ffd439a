"""BioC XML, read document by document; a document type is passed over and entities are refused."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, ClassVar

from medspan.core import Example
from medspan.read.base import BadRow as Bad
from medspan.read.base import Format, Row, Sample, register
from medspan.read.bioc import Identities, Layouts, example_of
from medspan.read.bioc_values import Values
from medspan.read.bioc_xml_rows import document_rows
from medspan.read.losses import Losses

_COLLECTION = re.compile(r"<collection(\s[^<>]*)?>")
_INNER = re.compile(r"<(source|date|key|document)(\s[^<>]*)?/?>")
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "'": "&apos;", '"': "&quot;", "\r": "&#13;"}
_ATTRIBUTE_ESCAPES = {**_ESCAPES, "\t": "&#9;", "\n": "&#10;"}
_HEAD = "<?xml version='1.0' encoding='UTF-8'?><!DOCTYPE collection SYSTEM 'BioC.dtd'>\n<collection>\n"
_SAMPLE_CHARACTERS = 100_000


@register
class BioCXmlFormat(Format):
    """As `bioc-json`; values of infons that are no strings are written as JSON, and counted."""

    name: ClassVar[str] = "bioc-xml"
    suffix: ClassVar[str] = ".xml"
    looks_like: ClassVar[str] = "XML of a <collection> with <source> and <document>, each with <passage>"
    keeps: ClassVar[tuple[str, ...]] = ("",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | Bad]:
        return document_rows(path, max_line_bytes, Identities())

    def example(self, row: Row) -> Example:
        return example_of(row.value, self.name, row.place)

    def sniff(self, sample: Sample) -> bool:
        # A file that is one line longer than the limit comes as a bad line with its beginning.
        lines = [*sample.lines, *(bad.text for bad in sample.bad)]
        head = "\n".join(line[:_SAMPLE_CHARACTERS] for line in lines)
        collection = _COLLECTION.search(head)
        return collection is not None and _INNER.search(head, collection.end()) is not None

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        layouts = Layouts(lost)
        headed = False
        for example in examples:
            markup = _Markup(example, lost)
            if not headed:
                yield _HEAD + markup.head(layouts.collection(example))
                headed = True
            yield markup.document(layouts.document(example))
        if not headed:
            yield _HEAD + "<source></source>\n<date></date>\n<key></key>\n"
        yield "</collection>\n"


class _Markup:
    """Writes values as elements, one on each line, in the order that the document type asks for."""

    def __init__(self, example: Example, lost: Losses):
        self._example, self._lost = example, lost

    def head(self, values: Values) -> str:
        lines = [f"<{key}>{self._text(values.get(key))}</{key}>" for key in ("source", "date", "key")]
        lines += self._infons(values)
        self._rest(values, ("source", "date", "key", "infons"), "collection")
        return "\n".join(lines) + "\n"

    def document(self, values: Values) -> str:
        lines = ["<document>", f"<id>{self._text(values['id'])}</id>", *self._infons(values)]
        for passage in values["passages"]:
            lines += ["<passage>", *self._place(passage)]
            for sentence in passage["sentences"]:
                lines += ["<sentence>", *self._place(sentence), *self._about(sentence), "</sentence>"]
                self._rest(sentence, ("infons", "offset", "text", "annotations", "relations"), "sentence")
            lines += [*self._about(passage), "</passage>"]
            known = ("infons", "offset", "text", "sentences", "annotations", "relations")
            self._rest(passage, known, "passage")
        self._rest(values, ("id", "infons", "passages", "annotations", "relations"), "document")
        return "\n".join([*lines, *self._about(values), "</document>"]) + "\n"

    def _place(self, values: Values) -> Iterator[str]:
        yield from self._infons(values)
        yield f"<offset>{self._text(values['offset'])}</offset>"
        if isinstance(values.get("text"), str):
            yield f"<text>{self._text(values['text'])}</text>"

    def _about(self, values: Values) -> Iterator[str]:
        for annotation in values["annotations"]:
            yield f"<annotation{self._attributes(annotation, 'id')}>"
            yield from self._infons(annotation)
            for location in annotation["locations"]:
                yield f"<location{self._attributes(location, 'offset', 'length')} />"
                self._rest(location, ("offset", "length"), "location")
            if isinstance(annotation.get("text"), str):
                yield f"<text>{self._text(annotation['text'])}</text>"
            yield "</annotation>"
            self._rest(annotation, ("id", "infons", "text", "locations"), "annotation")
        for relation in values["relations"]:
            yield f"<relation{self._attributes(relation, 'id')}>"
            yield from self._infons(relation)
            for node in relation["nodes"]:
                yield f"<node{self._attributes(node, 'refid', 'role')} />"
                self._rest(node, ("refid", "role"), "node")
            yield "</relation>"
            self._rest(relation, ("id", "infons", "nodes"), "relation")

    def _infons(self, values: Values) -> Iterator[str]:
        for key, value in values["infons"].items():
            several = isinstance(value, list) and len(value) > 1 and all(isinstance(x, str) for x in value)
            for item in value if several else [value]:
                if not isinstance(item, str):
                    self._lose("infon: value that is no string", key)
                attribute = self._attributes({"key": key}, "key", quote='"')
                yield f"<infon{attribute}>{self._text(item)}</infon>"

    def _attributes(self, values: Values, *names: str, quote: str = "'") -> str:
        found = ((name, values[name]) for name in names if values.get(name) is not None)
        return "".join(
            f" {name}={quote}{self._text(value, _ATTRIBUTE_ESCAPES)}{quote}" for name, value in found
        )

    def _text(self, value: Any, escapes: dict[str, str] = _ESCAPES) -> str:
        if value is None:
            return ""
        text = value if isinstance(value, str) else json.dumps(value)
        # Half a surrogate pair is left for the encoder, whose error names it.
        legal = _ILLEGAL.sub(lambda found: found[0] if "\ud800" <= found[0] <= "\udfff" else " ", text)
        changed = sum(one != other for one, other in zip(text, legal, strict=True))
        self._lost.add("document: characters that XML cannot hold", self._example.document, text, changed)
        return "".join(escapes.get(character, character) for character in legal)

    def _rest(self, values: Values, known: tuple[str, ...], kind: str) -> None:
        for key in values:
            if key not in known:
                self._lose(f"{kind}: key without an element", key)

    def _lose(self, kind: str, what: str) -> None:
        self._lost.add(kind, self._example.document, what)
