"""What an instruction format is: one codec for prompt, target, parser and grammar."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Literal

from medspan.core import Annotation, ConfigError, Document, Schema

Endpoints = Literal["mentions", "document"]


@dataclass(frozen=True, slots=True)
class Projection:
    """What a format can hold of an annotation, and how many items of each kind it cannot."""

    annotation: Annotation
    lost: Counter[str] = field(default_factory=Counter)


class Walk(ABC):
    """The legal outputs for one document, one chunk (a line or an item) at a time.

    The engine asks for the `grammar` of the next chunk, generates the chunk, and tells `advance`
    what came out, until the answer ends: where `may_end` the model may choose the stop token
    instead of a chunk, and where `grammar` gives None nothing else is left to it. Chunks are also
    the unit of tokenisation of training targets, so that training and extraction see the same tokens.
    """

    may_end: bool = False

    @abstractmethod
    def grammar(self, *, closing: bool) -> str | None:
        """A Lark grammar (llguidance) of the next chunk, whose every sentence ends it; None at the end.

        `closing` allows no further item, only what a well-formed answer still needs.
        """

    @abstractmethod
    def advance(self, chunk: str) -> None:
        """Take note of a chunk that followed the grammar."""


class Codec(ABC):
    """An instruction format. Property: `parse(document, "".join(target(document, a)))` equals
    `project(document, a).annotation`, in the items and their order.

    `schema` gives the types that prompts name and grammars allow; a codec that only reads needs none.
    """

    name: ClassVar[str]

    def __init__(self, schema: Schema | None = None, *, endpoints: Endpoints | None = None):
        self.schema = schema or Schema()
        self.endpoints: Endpoints = endpoints or self.default_endpoints

    default_endpoints: ClassVar[Endpoints] = "mentions"

    @abstractmethod
    def prompt(self, document: Document) -> str:
        """The question as a user would write it; the chat template is put around it elsewhere."""

    @abstractmethod
    def target(self, document: Document, annotation: Annotation) -> Sequence[str]:
        """The answer in chunks; what the format cannot hold is left out (see `project`)."""

    @abstractmethod
    def project(self, document: Document, annotation: Annotation) -> Projection:
        """What of `annotation` this format can hold, as `parse` would read it back."""

    @abstractmethod
    def parse(self, document: Document, output: str) -> Annotation:
        """Read an answer: items aligned to the text, duplicates kept, unreadable pieces in `unparsed`."""

    @abstractmethod
    def walk(self, document: Document) -> Walk:
        """The grammar of legal answers for this document."""


def refuse_in_labels(schema: Schema, characters: str, format: str) -> None:
    """ConfigError where a type's name holds a character that the format separates its parts with."""
    for label in schema.labels():
        clash = next((character for character in characters if character in label), None)
        if clash is not None:
            raise ConfigError(
                f"type {label!r} holds {clash!r}",
                cause=f"the format {format} uses this character as a separator",
                remedy="rename the type in the data or the schema file, or train in another format",
            )
