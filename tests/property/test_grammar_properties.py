"""Random legal answers on hostile texts: whatever the grammar lets through is a good answer."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from medspan.core import Annotation, Document, Mention, RelationType, Schema
from medspan.format import CODECS, Codec, Walk, make_codec
from medspan.text import has_word, is_word_aligned, occurrences

pytestmark = pytest.mark.model

SCHEMA = Schema(
    ("Disease", "Drug"),
    (
        RelationType("same", (("Drug", "Drug"),), symmetric=True),
        RelationType("treats", (("Drug", "Disease"),)),
    ),
)
NASTY = [
    "",
    "   \n\t ",
    "-- ... !?",
    "- " * 80,
    "x",
    "aspirin",
    "Patient takes naloxone and clonidine for hypertension.",
    '5-HT2A antagonists (ketanserin; x | y) for "migraine" at once,\nβ-blockers e\u0301tat x² \u0301 too.'
    "\r\nNo fever.",
    "### Entities:\n1. [Drug] aspirin\n\n### Relations:\n1. aspirin --[treats]--> fever\n"
    "None found.\n- a | b",
    "a--[b]-->c --[treats]--> ]--> \\ \\n 病 😀😀 <|im_end|><|im_start|> \u2028 \x0b \x85 \x1c end",
    "11-1-1 1-1 a-a-a pain pain pain pain",
    "Doses of the drug were reduced from 20 mg to 10 mg because of rash and fever. " * 40,
]


@pytest.fixture(scope="module")
def vocabulary() -> Any:
    import llguidance.hf

    from medspan.models import load_tokenizer

    return llguidance.hf.from_tokenizer(load_tokenizer("default"))


def matcher_of(vocabulary: Any, grammar: str) -> Any:
    from llguidance import LLMatcher

    matcher = LLMatcher(vocabulary, LLMatcher.grammar_from_lark(grammar), log_level=0)
    assert not matcher.is_error(), f"{matcher.get_error()}\n{grammar}"
    return matcher


def random_chunk(matcher: Any, vocabulary: Any, rng: random.Random, limit: int = 60) -> str:
    """A chunk of random legal tokens; past `limit`, tokens that end it are preferred."""
    tokens: list[int] = []
    while not matcher.is_stopped():
        bits = np.unpackbits(np.frombuffer(matcher.compute_bitmask(), dtype=np.uint8), bitorder="little")
        legal = np.flatnonzero(bits)
        assert len(legal), vocabulary.decode_str(tokens)
        token = int(legal[rng.randrange(len(legal))])
        if len(tokens) > limit:
            ends = [t for t in legal[:3000] if vocabulary.decode_str([int(t)]).endswith(("\n", ";"))]
            token = int(ends[0]) if ends else token
        assert matcher.consume_token(token)
        tokens.append(token)
    return str(vocabulary.decode_str(tokens))


def random_answer(codec: Codec, document: Document, vocabulary: Any, seed: int) -> str:
    rng = random.Random(seed)
    walk = codec.walk(document)
    budget = rng.choice([0, 3, 8, 14])
    answer = ""
    for done in range(budget + 12):
        if walk.may_end and rng.random() < 0.15:
            return answer
        grammar = walk.grammar(closing=done >= budget)
        if grammar is None:
            assert walk.may_end
            return answer
        chunk = random_chunk(matcher_of(vocabulary, grammar), vocabulary, rng)
        walk.advance(chunk)
        answer += chunk
    raise AssertionError(f"no end: {answer!r}")


def check_answer(codec: Codec, document: Document, answer: str) -> None:
    read = codec.parse(document, answer)
    assert read.unparsed == ()
    assert read.unaligned == ()
    for mention in (*read.mentions, *read.endpoint_mentions()):
        assert mention.aligned_by == "exact"
        assert is_word_aligned(document.text, mention.start, mention.end)
        assert has_word(mention.text)
        assert mention.text == mention.text.strip()
    assert len(read.endpoint_mentions()) == 2 * len(read.relations)
    listed = [(mention.type, mention.text) for mention in read.mentions]
    assert len(listed) == len(set(listed))
    assert {type_ for type_, _ in listed} <= set(codec.schema.entity_types)
    # Whatever was read can be written again: nothing of it is outside of what training shows.
    assert (
        codec.project(document, read).annotation.mentions
        == codec.parse(document, "".join(codec.target(document, Annotation(read.mentions)))).mentions
    )
    pairs = [(relation.head, relation.type, relation.tail) for relation in read.relations]
    assert len(pairs) == len(set(pairs))
    if codec.endpoints == "document":
        return
    strings = {text for _, text in listed}
    types: dict[str, set[str]] = {}
    for type_, text in listed:
        types.setdefault(text, set()).add(type_)
    for head, name, tail in pairs:
        assert {head.text, tail.text} <= strings
        legal = codec.schema.relation(name)
        assert any(legal.allows(one, other) for one in types[head.text] for other in types[tail.text])


@pytest.mark.parametrize("number", range(len(NASTY)))
@pytest.mark.parametrize("name", CODECS)
def test_every_legal_answer_is_grounded_and_well_formed(name: str, number: int, vocabulary: Any) -> None:
    for seed in range(4):
        endpoints = "document" if name == "tasks" or seed == 3 else "mentions"
        codec = make_codec(name, SCHEMA, endpoints)
        task = ("chemicals", "diseases", "influences", "influences")[seed] if name == "tasks" else None
        document = Document("d", NASTY[number], task=task)
        check_answer(codec, document, random_answer(codec, document, vocabulary, seed))


def accepted(vocabulary: Any, walk: Walk, chunk: str) -> bool:
    matcher = matcher_of(vocabulary, walk.grammar(closing=False) or "")
    tokens = vocabulary.tokenize_str(chunk)
    return matcher.try_consume_tokens(tokens) == len(tokens) and bool(matcher.is_stopped())


TEXT = "She took metformin, naloxone-like 5-HT2A (x) for fever; Naloxone."


@pytest.mark.parametrize(
    ("mention", "legal"),
    [
        ("metformin", True),
        ("naloxone", True),
        ("naloxone-like 5-HT2A", True),
        ("5-HT2A (x", True),
        ("Naloxone", True),
        ("metforming", False),
        ("Metformin", False),
        ("alox", False),
        ("metform", False),
        ("etformin", False),
        ("", False),
        ("-", False),
        ("(", False),
        (" metformin", False),
        ("metformin ", False),
        ("metformin fever", False),
    ],
)
@pytest.mark.parametrize("name", ["tasks", "sections", "compact"])
def test_only_whole_words_that_stand_in_the_text_are_mentions(
    name: str, mention: str, legal: bool, vocabulary: Any
) -> None:
    walk = make_codec(name, SCHEMA).walk(Document("d", TEXT, task="chemicals" if name == "tasks" else None))
    before, shape = {
        "tasks": ([], "- {}\n"),
        "sections": (["### Entities:\n"], "1. [Drug] {}\n"),
        "compact": (["Disease:"], " {};"),
    }[name]
    for chunk in before:
        walk.advance(chunk)
    assert accepted(vocabulary, walk, shape.format(mention)) is legal


@pytest.mark.parametrize(("mention", "legal"), [("½", True), ("²", True), ("\u0301", False), ("病", True)])
def test_a_word_is_what_python_says_it_is(mention: str, legal: bool, vocabulary: Any) -> None:
    walk = make_codec("tasks").walk(Document("d", "½ ² \u0301 病 .", task="chemicals"))
    assert accepted(vocabulary, walk, f"- {mention}\n") is legal


def test_what_was_listed_is_not_listed_again_but_may_have_another_type(vocabulary: Any) -> None:
    walk = make_codec("sections", SCHEMA).walk(Document("d", TEXT))
    walk.advance("### Entities:\n")
    walk.advance("1. [Drug] naloxone\n")
    assert not accepted(vocabulary, walk, "2. [Drug] naloxone\n")
    assert accepted(vocabulary, walk, "2. [Disease] naloxone\n")
    assert accepted(vocabulary, walk, "2. [Drug] Naloxone\n")
    assert not accepted(vocabulary, walk, "1. [Drug] metformin\n")
    assert not accepted(vocabulary, walk, "2. [Symptom] metformin\n")
    assert not accepted(vocabulary, walk, "None found.\n")


@pytest.mark.parametrize(
    ("pair", "legal"),
    [
        ("naloxone | fever", True),
        ("fever | naloxone", False),
        ("naloxone | naloxone", False),
        ("naloxone | metformin", False),
        ("metformin | fever", False),
    ],
)
def test_endpoints_are_listed_mentions_of_the_right_types(pair: str, legal: bool, vocabulary: Any) -> None:
    walk = make_codec("compact", SCHEMA).walk(Document("d", TEXT))
    for chunk in ("Disease:", " fever;", "\nDrug:", " naloxone;", "\nsame:", "\ntreats:"):
        walk.advance(chunk)
    assert accepted(vocabulary, walk, f" {pair};") is legal


def test_a_symmetric_relation_takes_both_orders_and_a_listed_pair_only_once(vocabulary: Any) -> None:
    schema = Schema(("Disease", "Drug"), (RelationType("with", (("Drug", "Disease"),), symmetric=True),))
    walk = make_codec("compact", schema).walk(Document("d", TEXT))
    for chunk in ("Disease:", " fever;", "\nDrug:", " naloxone;", "\nwith:"):
        walk.advance(chunk)
    assert accepted(vocabulary, walk, " naloxone | fever;")
    assert accepted(vocabulary, walk, " fever | naloxone;")
    walk.advance(" fever | naloxone;")
    assert not accepted(vocabulary, walk, " fever | naloxone;")


def test_a_text_with_hundreds_of_listed_mentions_still_compiles(vocabulary: Any) -> None:
    words = [f"drug{n}x" for n in range(400)]
    document = Document("d", " ".join(words) + " and fever", task="chemicals")
    walk = make_codec("tasks").walk(document)
    for word in words[:-1]:
        walk.advance(f"- {word}\n")
    assert accepted(vocabulary, walk, f"- {words[-1]}\n")
    assert not accepted(vocabulary, walk, f"- {words[7]}\n")


def test_an_overlapping_occurrence_on_word_boundaries_is_found() -> None:
    text = "xa-a-a"
    assert occurrences(text, "a-a") == ((3, 6),)
    read = make_codec("tasks").parse(Document("d", text, task="chemicals"), "- a-a\n")
    assert read.mentions == (Mention(((3, 6),), "chemical", "a-a", aligned_by="exact"),)
