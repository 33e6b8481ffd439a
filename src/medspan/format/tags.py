"""Labels of the tagging method: mentions as spans of tokens, relations as pairs of them, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Any, Literal

from medspan.core import (
    NO_CONCEPT,
    UNKNOWN_TYPE,
    Annotation,
    Concept,
    Document,
    Endpoint,
    Mention,
    Relation,
    Schema,
    Segment,
)
from medspan.text import fold, occurrences

Level = Literal["mention", "document"]
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
    """The tokens of a text by a fast tokenizer; special tokens that the text spells are plain text."""
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
class Labels:
    """What the model is to find in one document.

    `nodes` are what relations join: each a group of indices of spans, one mention at the level
    `mention`, all mentions of one concept or string at the level `document`. `pairs` are
    (head node, tail node, relation type). `unknown` are places (first token, last token, type) of
    mentions that spans cannot hold, about which nothing is to be learnt. `lost` counts what cannot be
    labelled, by reason.
    """

    spans: tuple[Span, ...]
    nodes: tuple[tuple[int, ...], ...]
    pairs: frozenset[tuple[int, int, str]]
    unknown: tuple[tuple[int, int, str], ...] = ()
    lost: Counter[str] = field(default_factory=Counter)


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


class TagScheme:
    """How annotations become labels and come back. Property: `annotation` of the labels of an
    annotation is that annotation, in what labels can hold.

    Relations without typed endpoints (their ends are listed as no entity anywhere) get anchors: types
    of span that are found like entities and appear as endpoints only.
    """

    def __init__(self, schema: Schema, level: Level = "mention"):
        self.schema = schema
        self.level: Level = level
        self.anchors = {
            relation.name: (f"{relation.name}: head", f"{relation.name}: tail")
            for relation in schema.relation_types
            if not relation.pairs
        }
        self.types: tuple[str, ...] = (
            *schema.entity_types,
            *(anchor for pair in self.anchors.values() for anchor in pair),
        )
        self.relations: tuple[str, ...] = tuple(relation.name for relation in schema.relation_types)

    def asked(self, task: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The span types and the relation types that a question asks for; all without a task."""
        labels = set(self.schema.labels(task))
        relations = tuple(name for name in self.relations if name in labels)
        anchors = {anchor for name in relations for anchor in self.anchors.get(name, ())}
        needed = labels | anchors
        return tuple(type_ for type_ in self.types if type_ in needed), relations

    def legal(self, relation: str, head: str, tail: str) -> bool:
        """Whether a relation may join spans of these types."""
        anchors = self.anchors.get(relation)
        if anchors is not None:
            return (head, tail) == anchors
        return self.schema.relation(relation).allows(head, tail)

    def labels(self, document: Document, tokens: Tokens, annotation: Annotation) -> Labels:
        """The labels of an annotation, with what they cannot hold counted."""
        maker = _LabelMaker(self, document, tokens, annotation)
        maker.add_mentions()
        maker.add_relations()
        return maker.labels()

    def nodes(self, text: str, tokens: Tokens, spans: Sequence[Span]) -> tuple[tuple[int, ...], ...]:
        """The nodes of found spans: themselves, or at the level `document` those of one type and string."""
        if self.level == "mention":
            return tuple((index,) for index in range(len(spans)))
        groups: dict[tuple[str, str], list[int]] = {}
        for index, span in enumerate(spans):
            start, end = span.segment(tokens)
            groups.setdefault((span.type, fold(text[start:end])), []).append(index)
        return tuple(tuple(group) for group in groups.values())

    def candidates(
        self, spans: Sequence[Span], nodes: Sequence[Sequence[int]], relations: Sequence[str]
    ) -> Iterator[tuple[int, int]]:
        """Ordered pairs of nodes that at least one of the relations may join, both orders in a row."""
        types = [spans[node[0]].type for node in nodes]
        legal = {
            pair
            for pair in product(set(types), repeat=2)
            if any(self.legal(name, *pair) for name in relations)
        }
        for one, other in combinations(range(len(nodes)), 2):
            if (types[one], types[other]) in legal:
                yield one, other
            if (types[other], types[one]) in legal:
                yield other, one

    def annotation(
        self,
        document: Document,
        tokens: Tokens,
        spans: Sequence[FoundSpan],
        nodes: Sequence[Sequence[int]],
        pairs: Iterable[FoundPair],
    ) -> Annotation:
        """Mentions and relations of what was found; a node stands in a relation as its surest mention."""
        mentions = [self._mention(document.text, tokens, found) for found in spans]
        relations = []
        for pair in pairs:
            head, tail = (
                mentions[max(nodes[node], key=lambda index: (spans[index].confidence, -index))]
                for node in (pair.head, pair.tail)
            )
            relations.append(Relation(head, tail, pair.type, pair.confidence))
        listed = [
            mention
            for mention, found in zip(mentions, spans, strict=True)
            if found.span.type in self.schema.entity_types
        ]
        order = sorted(listed, key=lambda mention: (mention.start, mention.end, mention.type))
        relations.sort(key=lambda r: (_start(r.head), _start(r.tail), r.type))
        return Annotation(tuple(order), (), tuple(relations))

    def _mention(self, text: str, tokens: Tokens, found: FoundSpan) -> Mention:
        start, end = found.span.segment(tokens)
        type_ = found.span.type if found.span.type in self.schema.entity_types else UNKNOWN_TYPE
        return Mention.at(text, start, end, type_, confidence=found.confidence)


def _start(endpoint: Endpoint) -> int:
    return endpoint.start if isinstance(endpoint, Mention) else -1


class _LabelMaker:
    """The labels of one document, on their way."""

    def __init__(self, scheme: TagScheme, document: Document, tokens: Tokens, annotation: Annotation):
        self.scheme = scheme
        self.text = document.text
        self.annotation = annotation
        self.types, self.relations = scheme.asked(document.task)
        self.first_at, self.last_at = _token_of_characters(tokens)
        self.tokens = tokens
        self.spans: dict[Span, int] = {}
        self.by_concept: dict[str, list[int]] = {}
        self.node_of: dict[tuple[int, ...], int] = {}
        self.pairs: set[tuple[int, int, str]] = set()
        self.unknown: list[tuple[int, int, str]] = []
        self.lost: Counter[str] = Counter()

    def add_mentions(self) -> None:
        for mention in self.annotation.mentions:
            reason = None if mention.type in self.types else "type-not-asked"
            found = [] if reason else self._add(mention, mention.type)
            if isinstance(found, str) or reason:
                self.lost[f"mention: {reason or found}"] += 1
                if not reason:
                    self._leave_open(mention)
                continue
            for concept in mention.concepts:
                if concept != NO_CONCEPT:
                    self.by_concept.setdefault(concept, []).extend(found)
        for unaligned in self.annotation.unaligned:
            self.lost[f"mention: {unaligned.reason}"] += 1

    def add_relations(self) -> None:
        for relation in self.annotation.relations:
            reason = self._add_relation(relation)
            if reason:
                self.lost[f"relation: {reason}"] += 1

    def labels(self) -> Labels:
        # Spans that stand in no relation are nodes too: they are what negative pairs are made of.
        named = {index for node in self.node_of for index in node}
        others = self._concept_nodes() if self.scheme.level == "document" else []
        named |= {index for node in others for index in node}
        others += [node for node in self._string_nodes() if named.isdisjoint(node)]
        for node in others:
            self.node_of.setdefault(node, len(self.node_of))
        return Labels(
            tuple(self.spans),
            tuple(self.node_of),
            frozenset(self.pairs),
            tuple(self.unknown),
            self.lost,
        )

    def _leave_open(self, mention: Mention) -> None:
        """Its tokens are neither a mention nor none: to call them outside would teach what is false."""
        tokens = [self.first_at[at] for at in range(mention.start, mention.end) if at in self.first_at]
        if tokens:
            self.unknown.append((min(tokens), max(tokens), mention.type))

    def _concept_nodes(self) -> list[tuple[int, ...]]:
        return [tuple(sorted(set(spans))) for spans in self.by_concept.values()]

    def _add(self, mention: Mention, type_: str) -> list[int] | str:
        """Indices of the spans of a mention, every occurrence of its string if it stands for all."""
        if len(mention.segments) > 1:
            return "discontinuous"
        places: Sequence[Segment] = mention.segments
        if self.annotation.scope == "string":
            places = occurrences(self.text, mention.text) or mention.segments
        found = []
        for place in places:
            span = self._span(place, type_)
            if isinstance(span, str):
                return span
            found.append(self.spans.setdefault(span, len(self.spans)))
        return found

    def _span(self, place: Segment, type_: str) -> Span | str:
        start, end = place
        if start not in self.first_at or end - 1 not in self.last_at:
            return "outer-space"
        first, last = self.first_at[start], self.last_at[end - 1]
        before, after = start - self.tokens.places[first][0], self.tokens.places[last][1] - end
        if max(before, after) > MOST_INSET:
            return "deep-inside-a-token"
        return Span(first, last, type_, before, after)

    def _add_relation(self, relation: Relation) -> str | None:
        if relation.type not in self.relations:
            return "type-not-asked"
        nodes = []
        for side, endpoint in enumerate((relation.head, relation.tail)):
            node = self._node(endpoint, relation.type, side)
            if isinstance(node, str):
                return node
            nodes.append(node)
        if nodes[0] == nodes[1]:
            return "head-is-tail"
        spans = tuple(self.spans)
        if not self.scheme.legal(relation.type, *(spans[node[0]].type for node in nodes)):
            return "illegal-types"
        head, tail = (self.node_of.setdefault(node, len(self.node_of)) for node in nodes)
        if (head, tail, relation.type) in self.pairs:
            return "same-ends-as-another"
        self.pairs.add((head, tail, relation.type))
        if self.scheme.schema.relation(relation.type).symmetric:
            self.pairs.add((tail, head, relation.type))
        return None

    def _node(self, endpoint: Endpoint, relation: str, side: int) -> tuple[int, ...] | str:
        """The spans that an endpoint stands for."""
        if isinstance(endpoint, Concept):
            found = self.by_concept.get(endpoint.id)
            return tuple(sorted(set(found))) if found else "concept-not-mentioned"
        if not isinstance(endpoint, Mention):
            return f"endpoint-{endpoint.reason}"
        anchors = self.scheme.anchors.get(relation)
        if anchors is None and endpoint.type not in self.types:
            return "endpoint-not-an-entity"
        before = len(self.spans)
        spans = self._add(endpoint, endpoint.type if anchors is None else anchors[side])
        if isinstance(spans, str):
            return f"endpoint-{spans}"
        if anchors is None and len(self.spans) > before:
            for span in tuple(self.spans)[before:]:
                del self.spans[span]
            return "endpoint-not-an-entity"
        if self.scheme.level == "mention":
            return (spans[0],)
        return self._same_string(spans[0])

    def _same_string(self, index: int) -> tuple[int, ...]:
        return next(node for node in self._string_nodes() if index in node)

    def _string_nodes(self) -> tuple[tuple[int, ...], ...]:
        return self.scheme.nodes(self.text, self.tokens, tuple(self.spans))


def _token_of_characters(tokens: Tokens) -> tuple[Mapping[int, int], Mapping[int, int]]:
    """For each character, the first and the last token that it belongs to; white space belongs to none."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for index, (start, end) in enumerate(tokens.places):
        for at in range(start, end):
            first.setdefault(at, index)
            last[at] = index
    return first, last
