"""Labels of the tagging method: mentions as spans of tokens, relations as pairs of them, and the way back."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, product
from typing import Literal

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
from medspan.format.spans import MOST_INSET, FoundPair, FoundSpan, Span, Tokens
from medspan.text import fold, occurrences

Level = Literal["mention", "document"]


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

    def strings(
        self, text: str, tokens: Tokens, spans: Sequence[Span], nodes: Sequence[Sequence[int]]
    ) -> list[str]:
        """The folded string of each node, that of its first mention."""
        found = []
        for node in nodes:
            start, end = spans[node[0]].segment(tokens)
            found.append(fold(text[start:end]))
        return found

    def candidates(
        self,
        spans: Sequence[Span],
        nodes: Sequence[Sequence[int]],
        strings: Sequence[str],
        relations: Sequence[str],
    ) -> Iterator[tuple[int, int]]:
        """Ordered pairs of nodes that at least one of the relations may join, both orders in a row.

        Nothing is related to its own string.
        """
        types = [spans[node[0]].type for node in nodes]
        legal = {
            pair
            for pair in product(set(types), repeat=2)
            if any(self.legal(name, *pair) for name in relations)
        }
        for one, other in combinations(range(len(nodes)), 2):
            if strings[one] == strings[other]:
                continue
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
        """Mentions and relations of what was found; a node stands in a relation as its surest mention.

        An anchor is the mention that was found at its place, or else one of unknown type that is not
        listed.
        """
        entities = {
            found.span.segment(tokens): found.span.type
            for found in sorted(spans, key=lambda found: found.confidence)
            if found.span.type in self.schema.entity_types
        }
        mentions = [self._mention(document.text, tokens, found, entities) for found in spans]
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

    def _mention(
        self, text: str, tokens: Tokens, found: FoundSpan, entities: Mapping[Segment, str]
    ) -> Mention:
        start, end = found.span.segment(tokens)
        type_ = found.span.type
        if type_ not in self.schema.entity_types:
            type_ = entities.get((start, end), UNKNOWN_TYPE)
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
        # Nodes hold all mentions of a string, so every end is marked before the first node is made.
        for relation in self.annotation.relations:
            anchors = self.scheme.anchors.get(relation.type)
            if anchors is not None and relation.type in self.relations:
                for endpoint, anchor in zip((relation.head, relation.tail), anchors, strict=True):
                    if isinstance(endpoint, Mention):
                        self._add(endpoint, anchor)
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
        spans = [self._span(place, type_) for place in places]
        for span in spans:
            if isinstance(span, str):
                return span
        return [self.spans.setdefault(span, len(self.spans)) for span in spans if isinstance(span, Span)]

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
        spans = tuple(self.spans)
        head_string, tail_string = self.scheme.strings(self.text, self.tokens, spans, nodes)
        if nodes[0] == nodes[1] or head_string == tail_string:
            return "head-is-tail"
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
