"""Every format, on hostile texts: what is written is read back or counted, and the walk accepts it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.core import (
    Annotation,
    Concept,
    Document,
    Mention,
    Relation,
    RelationType,
    Schema,
    UnalignedMention,
)
from medspan.format import CODECS, Codec, Walk, make_codec

FRAGMENTS = [
    *(
        "naloxone",
        "Naloxone",
        "clonidine",
        "fever",
        "5-HT2A",
        "3H",
        "x²",
        "½",
        "β-blocker",
        "e\u0301tat",
        "\u0301",
    ),
    *(
        "病",
        "😀",
        "I\u0307",
        "ﬁ",
        "'tis",
        '"q"',
        "a\\b",
        "[x]",
        "(y)",
        "a;b",
        "p|q",
        "--[",
        "]-->",
        "a--[b]-->c",
    ),
    *(
        "### Relations:",
        "### Entities:",
        "None found.",
        "None found",
        "- ",
        "1. ",
        "1. [Drug] fever",
        "Drug:",
    ),
    *(
        "fever --[treats]--> naloxone",
        "naloxone | fever",
        "<|im_end|>",
        "%",
        ".",
        "-",
        "/",
        "\t",
        "\r\n",
        "\x1c",
    ),
]
GLUE = ["", " ", " ", " ", "\n", "-", ", ", "\u2028", "\x0b", "\x85", "\u00a0"]
TYPES = {"tasks": ("chemical", "disease"), "sections": ("Disease", "Drug"), "compact": ("Disease", "Drug")}
TASKS = {
    "tasks": ("chemicals", "diseases", "influences"),
    "sections": (None,),
    "compact": (None, "drugs", "links", "both"),
}
RELATIONS = {
    "tasks": ("influences",),
    "sections": ("linked", "same", "treats"),
    "compact": ("linked", "same", "treats"),
}
SCHEMA = Schema(
    ("Disease", "Drug"),
    (
        RelationType("linked"),
        RelationType("same", (("Drug", "Drug"), ("Disease", "Drug")), symmetric=True),
        RelationType("treats", (("Drug", "Disease"),)),
    ),
    (("both", ("Drug", "treats")), ("drugs", ("Drug",)), ("links", ("linked",))),
)


@st.composite
def texts(draw: Any) -> str:
    pieces = draw(st.lists(st.tuples(st.sampled_from(FRAGMENTS), st.sampled_from(GLUE)), max_size=18))
    return "".join(fragment + glue for fragment, glue in pieces)


@st.composite
def cases(draw: Any, name: str) -> tuple[Codec, Document, Annotation]:
    endpoints = draw(st.sampled_from(["mentions", "document"] if name != "tasks" else ["document"]))
    codec = make_codec(name, SCHEMA, endpoints)
    document = Document("d", draw(texts()), task=draw(st.sampled_from(TASKS[name])))
    spans = [
        draw(mention_in(document.text, (*TYPES[name], "Unasked"))) for _ in range(draw(st.integers(0, 7)))
    ]
    mentions = [mention for mention in spans if mention is not None]
    more = [draw(mention_in(document.text, (*TYPES[name], "unknown"))) for _ in range(2)]
    ends: list[Any] = [*mentions, *mentions, *mentions, *(end for end in more if end is not None)]
    ends += [UnalignedMention("Drug", "elsewhere", "not-in-text"), Concept("C1"), Concept("C2")]
    relations = [
        Relation(
            draw(st.sampled_from(ends)),
            draw(st.sampled_from(ends)),
            draw(st.sampled_from((*RELATIONS[name], "unheard"))),
        )
        for _ in range(draw(st.integers(0, 6)))
    ]
    unaligned = draw(st.sampled_from([(), (UnalignedMention("Drug", "elsewhere", "not-in-text"),)]))
    return codec, document, Annotation(tuple(mentions), unaligned, tuple(relations))


@st.composite
def mention_in(draw: Any, text: str, types: tuple[str, ...]) -> Mention | None:
    if not text:
        return None
    places = []
    for fragment in FRAGMENTS:
        at = text.find(fragment)
        if at >= 0:
            places.append((at, at + len(fragment)))
    # Spans from one fragment to another hold the glue between them.
    places += [(one, end) for one, _ in places for _, end in places if one < end < one + 30]
    start = draw(st.integers(0, len(text) - 1))
    places.append((start, draw(st.integers(start + 1, min(len(text), start + 25)))))
    segments: tuple[tuple[int, int], ...] = (draw(st.sampled_from(places)),)
    if draw(st.integers(0, 9)) == 0 and segments[-1][1] + 2 < len(text):
        segments = (*segments, (segments[-1][1] + 1, segments[-1][1] + 2))
    string = " ".join(text[start:end] for start, end in segments)
    concepts = draw(st.sampled_from([(), ("C1",), ("C1", "C2")]))
    return Mention(segments, draw(st.sampled_from(types)), string, concepts)


def target_of(codec: Codec, document: Document, annotation: Annotation) -> str:
    return "".join(codec.target(document, annotation))


@pytest.mark.parametrize("name", CODECS)
def test_what_is_written_is_read_back(name: str) -> None:
    @settings(max_examples=250)
    @given(cases(name))
    def check(case: tuple[Codec, Document, Annotation]) -> None:
        codec, document, annotation = case
        annotation.check(document)
        read = codec.parse(document, target_of(*case))
        assert read == codec.project(document, annotation).annotation
        assert read.unparsed == ()
        assert read.unaligned == ()

    check()


@pytest.mark.parametrize("name", CODECS)
def test_every_item_is_kept_or_counted_as_lost(name: str) -> None:
    @settings(max_examples=150)
    @given(cases(name))
    def check(case: tuple[Codec, Document, Annotation]) -> None:
        codec, document, annotation = case
        projection = codec.project(document, annotation)
        kept = {(mention.type, mention.text) for mention in projection.annotation.mentions}
        lost = sum(n for kind, n in projection.lost.items() if kind.startswith("mention: "))
        written = [m for m in annotation.mentions if (m.type, m.text) in kept]
        assert lost + len(written) >= len(annotation.mentions) + len(annotation.unaligned)
        assert len(kept) + lost <= len(annotation.mentions) + len(annotation.unaligned)
        distinct = len(projection.annotation.relations)
        lost_relations = sum(n for kind, n in projection.lost.items() if kind.startswith("relation: "))
        repeats = len(annotation.relations) - len(set(annotation.relations))
        assert 0 <= len(annotation.relations) - lost_relations - distinct <= repeats

    check()


@pytest.mark.parametrize("name", CODECS)
def test_projecting_twice_loses_nothing_more(name: str) -> None:
    @settings(max_examples=100)
    @given(cases(name))
    def check(case: tuple[Codec, Document, Annotation]) -> None:
        codec, document, annotation = case
        once = codec.project(document, annotation).annotation
        again = codec.project(document, once)
        # The order may change: a string is placed where it first stands as a word, and the source may
        # have meant a place within a word.
        assert set(again.annotation.mentions) == set(once.mentions)
        assert set(again.annotation.relations) == set(once.relations)
        assert not again.lost

    check()


@pytest.mark.parametrize("name", CODECS)
def test_the_target_does_not_depend_on_the_order_of_the_source(name: str) -> None:
    @settings(max_examples=100)
    @given(cases(name))
    def check(case: tuple[Codec, Document, Annotation]) -> None:
        codec, document, annotation = case
        backwards = Annotation(annotation.mentions[::-1], annotation.unaligned)
        forwards = Annotation(annotation.mentions, annotation.unaligned)
        assert target_of(codec, document, backwards) == target_of(codec, document, forwards)

    check()


@pytest.mark.parametrize("name", CODECS)
def test_junk_is_kept_as_unparsed_and_nothing_is_raised(name: str) -> None:
    @settings(max_examples=150)
    @given(texts(), texts(), st.data())
    def check(text: str, output: str, data: Any) -> None:
        codec = make_codec(name, SCHEMA)
        document = Document("d", text, task=data.draw(st.sampled_from(TASKS[name])))
        read = codec.parse(document, output)
        strings = [m.source_text or m.text for m in read.mentions] + [m.text for m in read.unaligned]
        for relation in read.relations:
            for end in (relation.head, relation.tail):
                assert not isinstance(end, Concept)
                strings.append(getattr(end, "source_text", None) or end.text)
        everything = " ".join([*strings, *read.unparsed])
        for word in ("naloxone", "clonidine", "5-HT2A", "病", "😀", "<|im_end|>"):
            assert everything.count(word) >= output.count(word)

    check()


@pytest.fixture(scope="module")
def vocabulary() -> Any:
    import llguidance.hf

    from medspan.models import load_tokenizer

    tokenizer = load_tokenizer("default")
    return tokenizer, llguidance.hf.from_tokenizer(tokenizer)


def accepts(vocabulary: Any, walk: Walk, chunk: str, *, closing: bool = False) -> bool:
    """Whether the grammar takes the chunk's tokens one by one and ends exactly with the last."""
    from llguidance import LLMatcher

    tokenizer, legal = vocabulary
    grammar = walk.grammar(closing=closing)
    if grammar is None:
        return False
    matcher = LLMatcher(legal, LLMatcher.grammar_from_lark(grammar), log_level=0)
    assert not matcher.is_error(), matcher.get_error() + grammar
    for token in tokenizer(chunk, add_special_tokens=False, split_special_tokens=True).input_ids:
        if matcher.is_stopped() or matcher.try_consume_tokens([token]) != 1:
            return False
    return bool(matcher.is_stopped())


@pytest.mark.model
@pytest.mark.parametrize("name", CODECS)
def test_the_walk_accepts_exactly_the_target(name: str, vocabulary: Any) -> None:
    @settings(max_examples=60)
    @given(cases(name))
    def check(case: tuple[Codec, Document, Annotation]) -> None:
        codec, document, annotation = case
        walk = codec.walk(document)
        for chunk in codec.target(document, annotation):
            assert accepts(vocabulary, walk, chunk), (chunk, walk.grammar(closing=False))
            walk.advance(chunk)
        assert walk.may_end

    check()


@pytest.mark.model
@pytest.mark.parametrize("name", CODECS)
def test_closing_ends_in_a_well_formed_answer_from_every_point(name: str, vocabulary: Any) -> None:
    tokenizer, legal = vocabulary

    @settings(max_examples=40)
    @given(cases(name), st.integers(0, 12))
    def check(case: tuple[Codec, Document, Annotation], cut: int) -> None:
        from llguidance import LLMatcher

        codec, document, annotation = case
        walk = codec.walk(document)
        answer = list(codec.target(document, annotation))[:cut]
        for chunk in answer:
            walk.advance(chunk)
        for _ in range(len(codec.schema.labels(document.task)) + 5):
            grammar = walk.grammar(closing=True)
            if grammar is None:
                break
            matcher = LLMatcher(legal, LLMatcher.grammar_from_lark(grammar), log_level=0)
            # Closing leaves no choice: the whole chunk is forced.
            tokens = matcher.compute_ff_tokens()
            assert matcher.consume_tokens(tokens)
            while not matcher.is_stopped():
                forced = matcher.compute_ff_tokens()
                assert forced, (name, tokenizer.decode(tokens), grammar)
                assert matcher.consume_tokens(forced)
                tokens += forced
            answer.append(legal.decode_str(tokens))
            walk.advance(answer[-1])
        assert walk.grammar(closing=True) is None
        assert walk.may_end
        read = codec.parse(document, "".join(answer))
        assert read.unparsed == ()
        assert read.unaligned == ()

    check()
