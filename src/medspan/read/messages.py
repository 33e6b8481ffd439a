"""The instruction formats in other layouts: as chat messages, and under each other's keys.

A format here is a pair: a codec (what is asked and answered) and a layout (under which keys it
stands). A row is brought to that of the codec's own format, which reads it and writes it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

from medspan.core import Document, Example, InputError, Place
from medspan.read.base import BadRow, Format, Row, Sample, register
from medspan.read.fields import as_object
from medspan.read.instruction_rows import json_line
from medspan.read.json_rows import json_rows
from medspan.read.layouts import LAYOUTS, Frame, Layout, Parts
from medspan.read.losses import Losses
from medspan.read.questions import CODECS, Question, QuestionCodec

PAIRS = (
    ("sections", "messages"),
    ("tasks", "messages"),
    ("compact", "messages"),
    ("tasks", "instruction"),
    ("compact", "instruction"),
    ("sections", "prompt"),
)
"""Every codec in every layout but that of its own format."""

# The codec's own writer carries further keys of a row; this one takes the frame through it.
_CARRIED = "\0frame"
_CONTENT = {
    "sections": "an answer with '### Entities:'",
    "tasks": "one of three questions",
    "compact": "a text and 'Extract: TYPE; TYPE'",
}


class LayoutFormat(Format):
    """A codec's format in another layout.

    Metadata of its documents: that of the codec's own format, and `NAME.frame`, the row without
    question and answer, where the row is not laid out in the usual way.
    """

    codec: ClassVar[QuestionCodec]
    layout: ClassVar[Layout]
    keeps: ClassVar[tuple[str, ...]] = ("row.",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        return json_rows(path, max_line_bytes)

    def example(self, row: Row) -> Example:
        data = as_object(row.value, row.place)
        parts = self.layout.take(data, row.place)
        question, lead_used = self.codec.question(parts.lead, parts.body)
        own = self._own_row(question, parts.answer)
        further = {key: value for key, value in data.items() if key not in (*parts.keys, *own)}
        read = self.codec.format.example(replace(row, value={**own, **further}))
        metadata = dict(read.document.metadata)
        if self._laid_out(question, parts.answer, None) != {
            key: value for key, value in data.items() if key not in further
        }:
            way = (parts.lead if lead_used else None, parts.body)
            ways = list(self.codec.ways(question))
            # A further key of the name of one in the codec's own format stays where it is.
            homonyms = {key: data[key] for key in data if key in own and key not in parts.keys}
            frame = {
                "way": ways.index(way) if way in ways else None,
                "row": {**homonyms, **self.layout.emptied(data, parts, lead_used)},
            }
            metadata[self._frame_key] = json.dumps(frame, ensure_ascii=False)
        return replace(read, document=replace(read.document, metadata=metadata), source=self.name)

    def sniff(self, sample: Sample) -> bool:
        """True where a row is surely of this codec, and at least half of those in the layout are."""
        laid = [data for data in sample.objects if self.layout.holds(data)]
        sure = sum(map(self._is_sure, laid))
        return sure > 0 and 2 * sure >= len(laid)

    def _is_sure(self, data: dict[str, Any]) -> bool:
        try:
            parts = self.layout.take(data, Place(""))
        except InputError:
            return False
        return self.codec.recognises(self.codec.question(parts.lead, parts.body)[0], parts.answer)

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        """One list for a name that ends in `.json`, otherwise JSON lines."""
        first = True
        for line in self.codec.format.render(_Carrying(examples, self._frame_key), lost, ".jsonl"):
            row = self._row(json.loads(line), lost)
            if row is None:
                continue
            if suffix == ".json":
                yield ("[\n" if first else ",\n") + json_line(row).removesuffix("\n")
            else:
                yield json_line(row)
            first = False
        if suffix == ".json":
            yield "[]\n" if first else "\n]\n"

    def parts(self, document: Document, question: Question, answer: str) -> Parts | None:
        """What the row that a document was read from says, and where; None where no row holds it."""
        row = self._laid_out(question, answer, _stored(document, self._frame_key))
        return None if row is None else self.layout.take(row, Place(""))

    @property
    def _frame_key(self) -> str:
        return f"{self.name}.frame"

    def _own_row(self, question: Question, answer: str) -> dict[str, str]:
        return {**dict(zip(self.codec.keys, question, strict=True)), self.codec.answer_key: answer}

    def _row(self, own: dict[str, Any], lost: Losses) -> dict[str, Any] | None:
        """The row in this layout; None, and counted, where the layout cannot hold the question."""
        carried = own.pop(_CARRIED)
        document = Document(carried["id"], "")
        question = tuple(own.pop(key) for key in self.codec.keys)
        row = self._laid_out(question, own.pop(self.codec.answer_key), carried["frame"])
        if row is None:
            lost.add("document: question that reads as another one", document)
            return None
        for key, value in own.items():
            if row.setdefault(key, value) is not value:
                lost.add("document: further key of a name that the format uses", document, key)
        return row

    def _laid_out(self, question: Question, answer: str, stored: object) -> Frame | None:
        """The stored frame filled, or else the first usual one that is read as this question again."""
        ways = list(self.codec.ways(question))
        tries = [(frame, way) for way in ways for frame in self.layout.frames]
        if isinstance(stored, dict) and isinstance(stored.get("row"), dict):
            number = stored.get("way")
            own = [ways[number]] if isinstance(number, int) and 0 <= number < len(ways) else []
            tries = [*((stored["row"], way) for way in (*own, *ways)), *tries]
        for frame, (lead, body) in tries:
            try:
                row = self.layout.fill(frame, lead, body, answer)
                if row is None:
                    continue
                parts = self.layout.take(row, Place(""))
            except (InputError, LookupError, TypeError, AttributeError):
                continue  # a frame that somebody edited
            if (self.codec.question(parts.lead, parts.body)[0], parts.answer) == (question, answer):
                return row
        return None


def _stored(document: Document, key: str) -> object:
    """The frame in a document's metadata; None where there is none, or none that can be read."""
    try:
        return json.loads(document.metadata.get(key, "null"))
    except (ValueError, RecursionError):
        return None


class _Carrying:
    """Examples whose further keys hold their id and frame; may be gone through several times."""

    def __init__(self, examples: Iterable[Example], key: str):
        self._examples, self._key = examples, key

    def __iter__(self) -> Iterator[Example]:
        for example in self._examples:
            document = example.document
            carried = json.dumps({"id": document.id, "frame": _stored(document, self._key)})
            metadata = {**document.metadata, f"row.{_CARRIED}": carried}
            yield replace(example, document=replace(document, metadata=metadata))


def _format_class(codec: str, layout: str) -> type[LayoutFormat]:
    found = LAYOUTS[layout]
    return type(
        f"{codec.title()}{layout.title()}Format",
        (LayoutFormat,),
        {
            "__doc__": f"The `{codec}` format in the layout `{layout}`.",
            "name": f"{codec}-{layout}",
            "suffix": found.suffix,
            "looks_like": f"{found.looks_like}, holding {_CONTENT[codec]}",
            "codec": CODECS[codec],
            "layout": found,
        },
    )


for _codec, _layout in PAIRS:
    register(_format_class(_codec, _layout))
