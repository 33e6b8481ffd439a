"""What examples carry beyond text, mentions and relations, counted where a format keeps none of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from medspan.core import Document, Example
from medspan.read.base import Format
from medspan.read.instruction_rows import GROUP_KEYS
from medspan.read.losses import Losses

_LINES = {
    "E": "line: event",
    "*": "line: equivalence",
    "A": "line: attribute",
    "M": "line: attribute",
    "#": "line: note",
}
_STANDOFF = tuple(f"brat.{suffix}" for suffix in ("ann", "a1", "a2", "co", "rel"))
_KINDS = (
    ("pubtator.mention ", "mention: further columns"),
    ("pubtator.relation ", "relation: further columns"),
    ("bioc.document", "document: further content of bioc"),
    ("bigbio.", "document: further content of bigbio"),
    ("conll.columns", "document: further content of conll"),
    ("row.", "document: further key of the row"),
)


class Accounted:
    """Examples on their way to a writer; may be gone through several times, and is counted once."""

    def __init__(self, examples: Iterable[Example], chosen: Format, lost: Losses):
        self._examples, self._format, self._lost = examples, chosen, lost
        self._counted = 0

    def __iter__(self) -> Iterator[Example]:
        for number, example in enumerate(self._examples, start=1):
            if number > self._counted:
                self._counted = number
                self._count(example)
            yield example

    def _count(self, example: Example) -> None:
        keeps = self._format.keeps
        if "" in keeps:
            return
        document = example.document
        annotation = example.reference or example.predicted
        if annotation is not None:
            sure = sum(mention.confidence is not None for mention in annotation.mentions)
            self._lost.add("mention: confidence", document, count=sure)
            sure = sum(relation.confidence is not None for relation in annotation.relations)
            self._lost.add("relation: confidence", document, count=sure)
        for key, value in document.metadata.items():
            if not key.startswith(keeps):
                self._count_further(document, key, value)

    def _count_further(self, document: Document, key: str, value: str) -> None:
        if key == "bioc.individual_mentions":
            for part in json.loads(value):
                self._lost.add("mention: part of a composite mention", document, part["text"])
        elif key in _STANDOFF:
            for line in value.splitlines():
                kind = _LINES.get(line[:1])
                if kind:
                    self._lost.add(kind, document, line)
        elif key.removeprefix("row.") not in GROUP_KEYS:
            kind = next((kind for start, kind in _KINDS if key.startswith(start)), None)
            if kind:
                self._lost.add(kind, document, key)
