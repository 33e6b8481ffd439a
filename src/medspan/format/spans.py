"""Texts as tokens with their places, and spans of tokens as places in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from medspan.core import ModelError, Segment

MOST_INSET = 15
"""Most characters of its first or last token that a mention may leave out."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text as token ids with the characters `[start, end)` of each, white space around them left out."""

    ids: tuple[int, ...]
    places: tuple[Segment, ...]

    def __len__(self) -> int:
        return len(self.ids)


def tokenize(tokenizer: Any, text: str) -> Tokens:
    """The tokens of a text by a fast tokenizer; special tokens that the text spells are plain text.

    ModelError for a tokenizer that does not say where its tokens stand.
    """
    if not getattr(tokenizer, "is_fast", True):
        raise ModelError(
            f"{type(tokenizer).__name__} does not say where in the text its tokens stand",
            cause="the base model has no fast tokenizer (tokenizer.json)",
            remedy="use a base model that has one, or method: generate",
        )
    encoded = tokenizer(
        text, add_special_tokens=False, split_special_tokens=True, return_offsets_mapping=True, verbose=False
    )
    places = []
    for start, end in encoded["offset_mapping"]:
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        places.append((start, end))
    return Tokens(tuple(encoded["input_ids"]), tuple(places))


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Tokens `first` to `last` (included) as a mention of `type`.

    `before` and `after` are the characters of the first and of the last token that are not part of it.
    """

    first: int
    last: int
    type: str
    before: int = 0
    after: int = 0

    def segment(self, tokens: Tokens) -> Segment:
        """Its characters `[start, end)`."""
        return tokens.places[self.first][0] + self.before, tokens.places[self.last][1] - self.after


@dataclass(frozen=True, slots=True)
class FoundSpan:
    """A span that the model found, with the probability that it is a mention."""

    span: Span
    confidence: float


@dataclass(frozen=True, slots=True)
class FoundPair:
    """A relation between two nodes that the model found, with the probability of it and of both ends."""

    head: int
    tail: int
    type: str
    confidence: float
