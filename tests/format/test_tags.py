"""Labels of the tagging method: what they hold comes back as it was, and the rest is counted."""

from __future__ import annotations

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from medspan.core import (
    UNKNOWN_TYPE,
    Annotation,
    Concept,
    Document,
    Mention,
    Relation,
    RelationType,
    Schema,
    UnalignedMention,
)
from medspan.format.pairs import MOST_EVIDENCE, pair_table
from medspan.format.spans import FoundPair, FoundSpan, Span, Tokens, tokenize
from medspan.format.tags import Labels, TagScheme
from medspan.text import fold

SCHEMA = Schema(
    ("Disease", "Drug"),
    (
        RelationType("treats", (("Drug", "Disease"),)),
        RelationType("with", (("Drug", "Drug"),), symmetric=True),
    ),
)


class FourCharacters:
    """A tokenizer of pieces of four characters, so that words begin and end within tokens."""

    def __call__(self, text: str, **options: Any) -> dict[str, list[Any]]:
        places = [(start, min(start + 4, len(text))) for start in range(0, len(text), 4)]
        return {"input_ids": [ord(text[start]) for start, _ in places], "offset_mapping": places}


def tokens_of(text: str) -> Tokens:
    return tokenize(FourCharacters(), text)


def back(scheme: TagScheme, document: Document, tokens: Tokens, labels: Labels) -> Annotation:
    """The annotation of labels, every one of them found for certain."""
    symmetric = {relation.name for relation in scheme.schema.relation_types if relation.symmetric}
    pairs = [
        FoundPair(head, tail, name, 1.0)
        for head, tail, name in labels.pairs
        if name not in symmetric or head < tail
    ]
    spans = [FoundSpan(span, 1.0) for span in labels.spans]
    return scheme.annotation(document, tokens, spans, labels.nodes, pairs)


WORDS = st.lists(
    st.sampled_from(["aspirin", "in", "a", "rash", "β-blocker", "12", "of", " ", "\n"]), max_size=14
)


@st.composite
def annotated(draw: st.DrawFn) -> tuple[Document, Annotation]:
    text = " ".join(draw(WORDS))
    starts = [at for at in range(len(text)) if not text[at].isspace()]
    mentions: dict[tuple[int, int, str], Mention] = {}
    for _ in range(draw(st.integers(0, 5)) if starts else 0):
        start = draw(st.sampled_from(starts))
        ends = [at + 1 for at in starts if at >= start][:20]
        type_ = draw(st.sampled_from(SCHEMA.entity_types))
        end = draw(st.sampled_from(ends))
        mentions[start, end, type_] = Mention.at(text, start, end, type_)
    items = list(mentions.values())
    drugs = [mention for mention in items if mention.type == "Drug"]
    diseases = [mention for mention in items if mention.type == "Disease"]
    legal = [("treats", head, tail) for head in drugs for tail in diseases]
    legal += [("with", head, tail) for n, head in enumerate(drugs) for tail in drugs[n + 1 :]]
    relations = [
        Relation(head, tail, name)
        for name, head, tail in legal
        if fold(head.text) != fold(tail.text) and draw(st.booleans())
    ]
    return Document("d", text), Annotation(tuple(items), relations=tuple(relations))


def ends(relation: Relation) -> Any:
    pair = [(end.segments, end.type) for end in (relation.head, relation.tail) if isinstance(end, Mention)]
    return relation.type, *(sorted(pair) if relation.type == "with" else pair)


@given(annotated())
def test_labels_of_mentions_come_back_to_the_character(case: tuple[Document, Annotation]) -> None:
    document, annotation = case
    tokens = tokens_of(document.text)
    scheme = TagScheme(SCHEMA)
    labels = scheme.labels(document, tokens, annotation)
    found = back(scheme, document, tokens, labels)
    assert labels.lost == Counter()
    assert sorted((m.segments, m.type) for m in found.mentions) == sorted(
        (m.segments, m.type) for m in annotation.mentions
    )
    assert Counter(map(ends, found.relations)) == Counter(map(ends, annotation.relations))
    found.check(document)


@given(annotated())
def test_strings_stand_for_all_their_occurrences(case: tuple[Document, Annotation]) -> None:
    document, annotation = case
    listed = Annotation(annotation.mentions, relations=annotation.relations, scope="string")
    tokens = tokens_of(document.text)
    scheme = TagScheme(SCHEMA, "document")
    labels = scheme.labels(document, tokens, listed)
    found = back(scheme, document, tokens, labels)
    assert {(m.type, m.text) for m in found.mentions} == {(m.type, m.text) for m in annotation.mentions}
    for node in labels.nodes:
        strings = {found_text(document, tokens, labels.spans[index]).lower() for index in node}
        assert len(strings) == 1


def found_text(document: Document, tokens: Tokens, span: Span) -> str:
    start, end = span.segment(tokens)
    return document.text[start:end]


TEXT = "Aspirin helped pain; ASA (aspirin) helped headache."


def test_concepts_pool_their_mentions() -> None:
    aspirin = [Mention.at(TEXT, at, at + n, "Drug", concepts=("D1",)) for at, n in ((0, 7), (21, 3), (26, 7))]
    pain = Mention.at(TEXT, 15, 19, "Disease", concepts=("D2",))
    headache = Mention.at(TEXT, 42, 50, "Disease")
    annotation = Annotation(
        (*aspirin, pain, headache), relations=(Relation(Concept("D1"), Concept("D2"), "treats"),)
    )
    scheme = TagScheme(SCHEMA, "document")
    labels = scheme.labels(Document("d", TEXT), tokens_of(TEXT), annotation)
    assert sorted(labels.nodes) == [(0, 1, 2), (3,), (4,)]
    ((head, tail, name),) = labels.pairs
    assert (labels.nodes[head], labels.nodes[tail], name) == ((0, 1, 2), (3,), "treats")
    strings = scheme.strings(TEXT, tokens_of(TEXT), labels.spans, labels.nodes)
    candidates = list(scheme.candidates(labels.spans, labels.nodes, strings, ("treats",)))
    assert {(labels.nodes[h], labels.nodes[t]) for h, t in candidates} == {
        ((0, 1, 2), (3,)),
        ((0, 1, 2), (4,)),
    }
    table = pair_table(labels.spans, labels.nodes, candidates)
    assert Counter(table.groups) == {0: 3, 1: 3}


def test_what_labels_cannot_hold_is_counted_by_reason() -> None:
    drug = Mention.at(TEXT, 0, 7, "Drug")
    pain = Mention.at(TEXT, 15, 19, "Disease")
    annotation = Annotation(
        (drug, pain, Mention(((0, 7), (21, 24)), "Drug", "Aspirin ASA"), Mention.at(TEXT, 0, 7, "Gene")),
        (UnalignedMention("Drug", "gone", "not-in-text"),),
        (
            Relation(drug, pain, "treats"),
            Relation(drug, pain, "treats"),
            Relation(pain, drug, "treats"),
            Relation(drug, drug, "with"),
            Relation(drug, pain, "unheard"),
            Relation(drug, Mention.at(TEXT, 42, 50, "Disease"), "treats"),
            Relation(Concept("D9"), pain, "treats"),
            Relation(drug, UnalignedMention("Disease", "gone", "not-in-text"), "treats"),
        ),
    )
    labels = TagScheme(SCHEMA).labels(Document("d", TEXT), tokens_of(TEXT), annotation)
    assert labels.lost == Counter(
        {
            "mention: discontinuous": 1,
            "mention: type-not-asked": 1,
            "mention: not-in-text": 1,
            "relation: same-ends-as-another": 1,
            "relation: illegal-types": 1,
            "relation: head-is-tail": 1,
            "relation: type-not-asked": 1,
            "relation: endpoint-not-an-entity": 1,
            "relation: concept-not-mentioned": 1,
            "relation: endpoint-not-in-text": 1,
        }
    )
    assert len(labels.pairs) == 1
    # What the discontinuous one covers is not taught to be outside.
    assert labels.unknown == ((0, 5, "Drug"),)


def test_relations_without_typed_ends_get_anchors() -> None:
    schema = Schema(
        ("chemical",),
        (RelationType("influences"),),
        (("chemicals", ("chemical",)), ("influences", ("influences",))),
    )
    scheme = TagScheme(schema, "document")
    assert scheme.types == ("chemical", "influences: head", "influences: tail")
    assert scheme.asked("chemicals") == (("chemical",), ())
    assert scheme.asked("influences") == (("influences: head", "influences: tail"), ("influences",))
    head, tail = Mention.at(TEXT, 0, 7, UNKNOWN_TYPE), Mention.at(TEXT, 15, 19, UNKNOWN_TYPE)
    document = Document("d", TEXT, task="influences")
    tokens = tokens_of(TEXT)
    annotation = Annotation(relations=(Relation(head, tail, "influences"),), scope="string")
    labels = scheme.labels(document, tokens, annotation)
    assert labels.lost == Counter()
    found = back(scheme, document, tokens, labels)
    assert found.mentions == ()
    assert [(r.head.text, r.tail.text) for r in found.relations] == [("Aspirin", "pain")]  # type: ignore[union-attr]


def test_a_node_stands_in_a_relation_as_its_surest_mention() -> None:
    tokens = tokens_of(TEXT)
    scheme = TagScheme(SCHEMA, "document")
    drugs = [FoundSpan(Span(0, 1, "Drug"), 0.5), FoundSpan(Span(5, 5, "Drug"), 0.7)]
    spans = [*drugs, FoundSpan(Span(3, 4, "Disease", 3, 1), 0.8)]
    found = scheme.annotation(
        Document("d", TEXT), tokens, spans, ((0, 1), (2,)), [FoundPair(0, 1, "treats", 0.3)]
    )
    assert [m.confidence for m in found.mentions] == [0.5, 0.8, 0.7]
    (relation,) = found.relations
    assert relation.head == next(m for m in found.mentions if m.confidence == 0.7)
    assert relation.confidence == 0.3


def test_evidence_is_bounded_and_the_nearest() -> None:
    spans = [Span(at, at, "Drug" if at % 2 else "Disease") for at in range(40)]
    drugs = tuple(at for at in range(40) if at % 2)
    others = tuple(at for at in range(40) if not at % 2)
    table = pair_table(spans, (drugs, others), [(0, 1)])
    assert len(table.heads) == MOST_EVIDENCE
    assert {end - start for start, end in table.between} == {0}
    assert all(
        spans[h].type == "Drug" and spans[t].type == "Disease"
        for h, t in zip(table.heads, table.tails, strict=True)
    )
