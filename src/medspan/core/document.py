"""The carrier: documents, mentions, relations and annotations. Frozen; checked when made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, get_args

Segment = tuple[int, int]
AlignedBy = Literal["given", "exact", "case", "hyphen", "fuzzy"]
ALIGNMENT_KINDS: tuple[str, ...] = get_args(AlignedBy)


@dataclass(frozen=True, slots=True)
class Document:
    """A text that is never altered.

    `group` names what must not be separated by a split (an article's PMID, say);
    `task` names the question asked about the text where a source asks several.
    """

    id: str
    text: str
    group: str | None = None
    task: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not self.id:
            raise ValueError("a document needs an id")
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))


@dataclass(frozen=True, slots=True)
class Mention:
    """A typed piece of a document: one or more half-open `[start, end)` segments in characters.

    `text` is what stands there, segments joined by one space. `aligned_by` says how the place was
    found; `source_text` keeps the string that the source wrote where that differs from `text`.
    `confidence` is the model's probability that the mention is right, None where nobody gave one; it
    takes no part in comparisons.
    """

    segments: tuple[Segment, ...]
    type: str
    text: str
    concepts: tuple[str, ...] = ()
    aligned_by: AlignedBy = "given"
    source_text: str | None = None
    confidence: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.segments:
            raise ValueError(f"mention {self.text!r} has no segment")
        end_before = -1
        for start, end in self.segments:
            if start < 0 or end <= start:
                raise ValueError(f"mention {self.text!r}: [{start}, {end}) is no segment")
            if start < end_before:
                raise ValueError(f"mention {self.text!r}: segments overlap or are out of order")
            end_before = end
        if not self.type:
            raise ValueError(f"mention {self.text!r} has no type")
        if self.aligned_by not in ALIGNMENT_KINDS:
            raise ValueError(f"aligned_by is {self.aligned_by!r}, not one of {ALIGNMENT_KINDS}")
        _check_confidence(self.confidence)

    @property
    def start(self) -> int:
        return self.segments[0][0]

    @property
    def end(self) -> int:
        return self.segments[-1][1]

    @classmethod
    def at(cls, text: str, start: int, end: int, type: str, **more: object) -> Mention:
        """The mention of `text[start:end]`; `more` as the constructor's fields."""
        return cls(((start, end),), type, text[start:end], **more)  # type: ignore[arg-type]


def _check_confidence(confidence: float | None) -> None:
    if confidence is not None and not 0 <= confidence <= 1:
        raise ValueError(f"confidence is {confidence}, not a probability")


NO_CONCEPT = "-1"
"""What files write in place of a concept id where the vocabulary has no entry."""

UNKNOWN_TYPE = "unknown"
"""The type of an endpoint whose string is no listed entity."""

UnalignedReason = Literal["not-in-text", "offset-mismatch", "blank"]
UNALIGNED_REASONS: tuple[str, ...] = get_args(UnalignedReason)


@dataclass(frozen=True, slots=True)
class UnalignedMention:
    """A mention that has no place in its document, with the reason. Kept and counted, never dropped.

    `stated` is where the source says that it stands, though it does not; it takes no part in comparisons.
    """

    type: str
    text: str
    reason: UnalignedReason
    concepts: tuple[str, ...] = ()
    stated: tuple[Segment, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.reason not in UNALIGNED_REASONS:
            raise ValueError(f"reason is {self.reason!r}, not one of {UNALIGNED_REASONS}")


@dataclass(frozen=True, slots=True)
class Concept:
    """An entry of a vocabulary (a MeSH id, say) as the endpoint of a document-level relation."""

    id: str
    type: str | None = None


Endpoint = Mention | UnalignedMention | Concept


@dataclass(frozen=True, slots=True)
class Relation:
    """A directed, typed pair; the endpoints' classes say whether it joins mentions or concepts.

    `confidence` as a mention's: that the relation is right, its endpoints included.
    """

    head: Endpoint
    tail: Endpoint
    type: str
    confidence: float | None = field(default=None, compare=False)

    def __post_init__(self) -> None:
        if not self.type:
            raise ValueError("a relation needs a type")
        _check_confidence(self.confidence)


@dataclass(frozen=True, slots=True)
class Annotation:
    """What somebody found in a document.

    `scope` says what one mention stands for: `mention`, its own place only; `string`, every
    occurrence of its string in the document (sources and models that list strings).
    Endpoints of relations need not be listed in `mentions`. `unparsed` keeps the pieces of a
    target or output that the format could not read, verbatim.
    """

    mentions: tuple[Mention, ...] = ()
    unaligned: tuple[UnalignedMention, ...] = ()
    relations: tuple[Relation, ...] = ()
    scope: Literal["mention", "string"] = "mention"
    made_by: str = "reference"
    unparsed: tuple[str, ...] = ()

    def check(self, document: Document) -> None:
        """Raise ValueError where a mention's text is not at its segments in `document`."""
        for mention in (*self.mentions, *self.endpoint_mentions()):
            if mention.end > len(document.text):
                raise ValueError(
                    f"mention {mention.text!r} ends at {mention.end}, past the end of the text "
                    f"({len(document.text)} characters)"
                )
            found = " ".join(document.text[start:end] for start, end in mention.segments)
            if found != mention.text:
                raise ValueError(f"mention {mention.text!r}: the text has {found!r} at {mention.segments}")

    def endpoint_mentions(self) -> tuple[Mention, ...]:
        """Every `Mention` that is an endpoint of a relation, heads and tails in order."""
        ends = (end for relation in self.relations for end in (relation.head, relation.tail))
        return tuple(end for end in ends if isinstance(end, Mention))
