"""From strings that a model or a source wrote to placed items, and back to what can be written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from medspan.core import (
    UNKNOWN_TYPE,
    Annotation,
    Concept,
    Document,
    Endpoint,
    Mention,
    Relation,
    Schema,
    UnalignedMention,
)
from medspan.text import align, has_word, is_word_aligned, occurrences

Item = tuple[str, str]
"""(type, string)"""
Triple = tuple[str, str, str]
"""(head string, relation type, tail string)"""


def place(text: str, type_: str, string: str) -> Mention | UnalignedMention:
    """The mention of `string` at its first place in `text`, or unaligned with the reason."""
    string = string.strip()
    if not string:
        return UnalignedMention(type_, string, "blank")
    found = align(text, string)
    if found is None:
        return UnalignedMention(type_, string, "not-in-text")
    written = text[found.start : found.end]
    return Mention(
        ((found.start, found.end),),
        type_,
        written,
        aligned_by=found.kind,
        source_text=None if written == string else string,
    )


def annotation_of(
    document: Document,
    items: Iterable[Item],
    triples: Iterable[Triple],
    schema: Schema,
    unparsed: Sequence[str] = (),
) -> Annotation:
    """Place items and triples in the document; endpoints take the types of the items they name."""
    mentions: list[Mention] = []
    unaligned: list[UnalignedMention] = []
    types = TypesOfStrings()
    for type_, string in items:
        placed = place(document.text, type_, string)
        if isinstance(placed, Mention):
            mentions.append(placed)
        else:
            unaligned.append(placed)
        types.add(string.strip(), type_)
    relations = []
    for head, name, tail in triples:
        head_type, tail_type = types.of_pair(head.strip(), name, tail.strip(), schema)
        relations.append(
            Relation(place(document.text, head_type, head), place(document.text, tail_type, tail), name)
        )
    return Annotation(
        tuple(mentions), tuple(unaligned), tuple(relations), scope="string", unparsed=tuple(unparsed)
    )


@dataclass
class TypesOfStrings:
    """Which types the listed items give to a string."""

    by_string: dict[str, list[str]] = field(default_factory=dict)
    by_folded: dict[str, list[str]] = field(default_factory=dict)

    def add(self, string: str, type_: str) -> None:
        for known in (
            self.by_string.setdefault(string, []),
            self.by_folded.setdefault(string.lower(), []),
        ):
            if type_ not in known:
                known.append(type_)

    def of(self, string: str) -> list[str]:
        return self.by_string.get(string) or self.by_folded.get(string.lower()) or []

    def of_pair(self, head: str, relation: str, tail: str, schema: Schema) -> tuple[str, str]:
        """The first pair of listed types that the schema allows; else the first types, or unknown."""
        heads, tails = self.of(head), self.of(tail)
        known = next((item for item in schema.relation_types if item.name == relation), None)
        if known is not None:
            for head_type in heads:
                for tail_type in tails:
                    if known.allows(head_type, tail_type):
                        return head_type, tail_type
            if not heads and not tails and len(known.pairs) == 1:
                return known.pairs[0]
        return (heads or [UNKNOWN_TYPE])[0], (tails or [UNKNOWN_TYPE])[0]


class Lost(Counter[str]):
    """What cannot be written, counted by kind; `shown` has each of a kind in words."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: dict[str, list[str]] = {}

    def lose(self, kind: str, what: str) -> None:
        self[kind] += 1
        self.shown.setdefault(kind, []).append(what)


@dataclass(frozen=True, slots=True)
class Writable:
    """Items and triples of an annotation that a format can write, without repeats; the rest counted."""

    items: tuple[Item, ...]
    triples: tuple[Triple, ...]
    lost: Lost


def writable(
    document: Document,
    annotation: Annotation,
    labels: Sequence[str],
    schema: Schema,
    *,
    forbidden: Callable[[str], bool],
    endpoints: str,
) -> Writable:
    """Choose what can be written for a question about `labels`; `forbidden` strings clash with separators.

    Items come in the order of the text, whatever order the source lists them in, so that a model can
    read along. A string that occurs several times is written once and stands for every occurrence. A
    concept is written as the first of its mentions in the text. With `endpoints="mentions"`, a
    relation needs two different strings among the items.
    """
    lost = Lost()
    items: dict[Item, None] = {}
    for mention in annotation.mentions:
        reason = _reason_against(document.text, mention, forbidden)
        if reason is None and mention.type not in labels:
            reason = "type-not-asked"
        if reason:
            lost.lose(f"mention: {reason}", f"{mention.type} {mention.text}")
        else:
            items[(mention.type, mention.text)] = None
    for unaligned in annotation.unaligned:
        lost.lose(f"mention: {unaligned.reason}", f"{unaligned.type} {unaligned.text}")
    types = TypesOfStrings()
    for type_, string in items:
        types.add(string, type_)
    triples: dict[Triple, None] = {}
    by_triple: dict[Triple, Relation] = {}
    for relation in annotation.relations:
        ends: list[str] = []
        reason = None if relation.type in labels else "type-not-asked"
        for endpoint in (relation.head, relation.tail):
            mention_or_reason = _as_mention(endpoint, annotation)
            if isinstance(mention_or_reason, str):
                reason = reason or mention_or_reason
                continue
            reason = reason or _reason_against(document.text, mention_or_reason, forbidden)
            ends.append(mention_or_reason.text)
        if reason is None:
            reason = _reason_against_pair(ends[0], relation.type, ends[1], types, schema, endpoints)
        if reason is None and by_triple.get((ends[0], relation.type, ends[1]), relation) != relation:
            reason = "same-strings-as-another"
        if reason:
            lost.lose(f"relation: {reason}", _told(relation))
        else:
            triples[(ends[0], relation.type, ends[1])] = None
            by_triple[(ends[0], relation.type, ends[1])] = relation
    at = _first_places(annotation)
    return Writable(
        tuple(sorted(items, key=lambda item: (at[item[1]], item[0]))),
        tuple(sorted(triples, key=lambda triple: (at[triple[0]], at[triple[2]], triple[1]))),
        lost,
    )


def _told(relation: Relation) -> str:
    head, tail = (end.id if isinstance(end, Concept) else end.text for end in (relation.head, relation.tail))
    return f"{head} --[{relation.type}]--> {tail}"


def _first_places(annotation: Annotation) -> dict[str, tuple[int, int]]:
    """Of each string the first place at which the annotation has it, in the text and not in the list."""
    first: dict[str, tuple[int, int]] = {}
    for mention in (*annotation.mentions, *annotation.endpoint_mentions()):
        here = (mention.start, mention.end)
        first[mention.text] = min(here, first.get(mention.text, here))
    return first


def _reason_against(text: str, mention: Mention, forbidden: Callable[[str], bool]) -> str | None:
    if len(mention.segments) > 1:
        return "discontinuous"
    if mention.text != mention.text.strip():
        return "outer-space"
    if not has_word(mention.text):
        return "no-word-character"
    if forbidden(mention.text):
        return "separator-in-string"
    if not any(is_word_aligned(text, *found) for found in occurrences(text, mention.text)):
        return "inside-word"
    return None


def _as_mention(endpoint: Endpoint, annotation: Annotation) -> Mention | str:
    if isinstance(endpoint, Mention):
        return endpoint
    if isinstance(endpoint, Concept):
        candidates = [
            mention
            for mention in annotation.mentions
            if endpoint.id in mention.concepts and len(mention.segments) == 1
        ]
        # A mention of this concept alone names it better than a composite one does.
        candidates.sort(key=lambda mention: (len(mention.concepts), mention.start))
        return candidates[0] if candidates else "concept-not-mentioned"
    return f"endpoint-{endpoint.reason}"


def _reason_against_pair(
    head: str, relation: str, tail: str, types: TypesOfStrings, schema: Schema, endpoints: str
) -> str | None:
    if endpoints != "mentions":
        return None
    exact = types.by_string
    if head not in exact or tail not in exact:
        return "endpoint-not-an-entity"
    if head == tail:
        return "head-is-tail"
    known = next((item for item in schema.relation_types if item.name == relation), None)
    if known is not None and not any(
        known.allows(head_type, tail_type) for head_type in exact[head] for tail_type in exact[tail]
    ):
        return "illegal-types"
    return None
