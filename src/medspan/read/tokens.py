"""Between tokens and text, for the formats that say in tokens what stands where."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

from medspan.core import Annotation, Document, Mention, UnalignedMention
from medspan.core.document import Segment
from medspan.read.losses import Losses

# A NUL can stand in no line of a file, so that, like white space, it is no part of a token.
_TOKEN = re.compile(r"\w+|[^\w\s\0]")
Kind = TypeVar("Kind", list[Any], dict[str, Any])
_GAP = re.compile(r"[\s\0]*")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The `[start, end)` of each token in characters, in order, and the tokens that begin a sentence.

    The first token begins one without being listed in `breaks`.
    """

    spans: tuple[Segment, ...] = ()
    breaks: tuple[int, ...] = ()

    def to_json(self) -> str:
        """A JSON object with `spans` and `breaks`."""
        return json.dumps({"spans": self.spans, "breaks": self.breaks})

    @classmethod
    def from_json(cls, stored: str | None, text: str) -> Tokens | None:
        """What `to_json` made, or None where it is not that, or is not of this text."""
        data = stored_json(stored, dict)
        spans, breaks = spans_of(data.get("spans"), text), data.get("breaks")
        if spans is None or not isinstance(breaks, list):
            return None
        if not all(isinstance(at, int) and 0 < at < len(spans) for at in breaks):
            return None
        return cls(spans, tuple(breaks)) if all(a < b for a, b in pairwise(breaks)) else None

    def ranges(self, mentions: Iterable[Mention]) -> list[tuple[int, int]] | None:
        """The half-open range of tokens of each contiguous mention; None where an edge is within one."""
        first = {start: at for at, (start, _) in reversed(list(enumerate(self.spans)))}
        after = {end: at + 1 for at, (_, end) in enumerate(self.spans)}
        found = [(first.get(mention.start, -1), after.get(mention.end, -1)) for mention in mentions]
        return found if all(0 <= start < end for start, end in found) else None


def stored_json(stored: str | None, kind: type[Kind]) -> Kind:
    """The JSON value of a document's metadata where it is of this kind; else an empty one of it."""
    try:
        value = json.loads(stored or "null")
    except (ValueError, RecursionError):
        return kind()
    return value if isinstance(value, kind) else kind()


def spans_of(value: Any, text: str) -> tuple[Segment, ...] | None:
    """A JSON value as places in `text` that are in order and do not overlap, or None."""
    if not isinstance(value, list):
        return None
    spans: list[Segment] = []
    before = 0
    for pair in value:
        if not (isinstance(pair, list) and len(pair) == 2 and all(type(number) is int for number in pair)):
            return None
        start, end = pair
        if not before <= start <= end <= len(text):
            return None
        spans.append((start, end))
        before = end
    return tuple(spans)


def joined(sentences: Iterable[Sequence[str]]) -> tuple[str, Tokens]:
    """Tokens joined by single blanks, sentences by line breaks; and where each token then stands."""
    lines: list[str] = []
    spans: list[Segment] = []
    breaks: list[int] = []
    at = 0
    for sentence in sentences:
        if spans and sentence:
            breaks.append(len(spans))
        for token in sentence:
            spans.append((at, at + len(token)))
            at += len(token) + 1
        lines.append(" ".join(sentence))
        at = at if sentence else at + 1
    return "\n".join(lines), Tokens(tuple(spans), tuple(breaks))


def located(text: str, tokens: Iterable[str]) -> tuple[Segment, ...] | None:
    """The places of tokens that make up `text` but for white space, or None where they do not."""
    spans: list[Segment] = []
    at = 0
    for token in tokens:
        # Only as far as the gap reaches: a search through the whole text would be quadratic.
        gap = _GAP.match(text, at)
        limit = (gap.end() if gap else at) + len(token)
        start = text.find(token, at, limit)
        if start < 0:
            return None
        at = start + len(token)
        spans.append((start, at))
    rest = _GAP.match(text, at)
    return tuple(spans) if rest and rest.end() == len(text) else None


def tokenise(text: str, mentions: Sequence[Mention], *, sentences: bool) -> Tokens:
    """Words and single other characters, cut at the edges of mentions too.

    With `sentences` a line break begins one, except within a mention.
    """
    cuts = sorted({edge for mention in mentions for edge in (mention.start, mention.end)})
    spans: list[Segment] = []
    at = 0
    for match in _TOKEN.finditer(text):
        start, end = match.span()
        while at < len(cuts) and cuts[at] <= start:
            at += 1
        while at < len(cuts) and cuts[at] < end:
            spans.append((start, cuts[at]))
            start = cuts[at]
            at += 1
        spans.append((start, end))
    return Tokens(tuple(spans), _breaks(text, spans, mentions) if sentences else ())


def _breaks(text: str, spans: Sequence[Segment], mentions: Sequence[Mention]) -> tuple[int, ...]:
    inside = sorted((mention.start, mention.end) for mention in mentions)
    reach = at = 0
    breaks: list[int] = []
    for number, ((_, before), (start, _)) in enumerate(pairwise(spans), 1):
        while at < len(inside) and inside[at][0] < start:
            reach = max(reach, inside[at][1])
            at += 1
        if reach <= start and "\n" in text[before:start]:
            breaks.append(number)
    return tuple(breaks)


def mention_at(text: str, start: int, end: int, type_: str) -> Mention | UnalignedMention:
    """The mention of `text[start:end]`; unaligned where the tokens there are blank."""
    if not text[start:end].strip():
        return UnalignedMention(type_, text[start:end], "blank")
    return Mention.at(text, start, end, type_)


def holdable(document: Document, annotation: Annotation, lost: Losses) -> list[Mention]:
    """The mentions that are runs of tokens; the rest of the annotation, but relations, is counted."""
    for kind, there in (
        ("document: task", document.task is not None),
        ("document: mentions standing for every occurrence", annotation.scope == "string"),
    ):
        lost.add(kind, document, count=int(there))
    for item in annotation.unaligned:
        lost.add(f"mention: {item.reason}", document, f"{item.type} {item.text}")
    for piece in annotation.unparsed:
        lost.add("unparsed piece", document, piece)
    held: list[Mention] = []
    for mention in annotation.mentions:
        what = f"{mention.type} {mention.text}"
        if len(mention.segments) > 1:
            lost.add("mention: discontinuous", document, what)
        elif not (_TOKEN.match(mention.text[:1]) and _TOKEN.match(mention.text[-1:])):
            lost.add("mention: blank at an edge", document, what)
        else:
            held.append(mention)
    return held


def count_concepts(document: Document, mentions: Iterable[Mention], lost: Losses) -> None:
    """Count the written mentions that leave their concepts behind."""
    for mention in mentions:
        if mention.concepts:
            lost.add("mention: concepts", document, f"{mention.text} {' '.join(mention.concepts)}")
