"""Properties that scores keep whatever the annotations."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Annotation, Document, Example, Mention, Relation
from medspan.evaluate import evaluate
from medspan.evaluate.counts import count_documents
from medspan.evaluate.highlight import Mark, pieces
from medspan.evaluate.match import MATCHES
from medspan.evaluate.score import KINDS, score_documents

WORDS = ("alpha", "Alpha", "beta", "gamma", "delta", "alpha", "beta")
REPEATING = " ".join(WORDS)
UNIQUE = "alpha beta gamma delta epsilon zeta"


def mentions(text: str) -> st.SearchStrategy[Mention]:
    spans = [(text.index(word, at), word) for at, word in _words(text)]
    return st.builds(
        lambda span, type: Mention.at(text, span[0], span[0] + len(span[1]), type),
        st.sampled_from(spans),
        st.sampled_from(["Drug", "Disease"]),
    )


def _words(text: str) -> list[tuple[int, str]]:
    found, at = [], 0
    for word in text.split():
        found.append((at, word))
        at += len(word) + 1
    return found


def annotations(text: str, scopes: tuple[str, ...] = ("mention",)) -> st.SearchStrategy[Annotation]:
    relation = st.builds(Relation, mentions(text), mentions(text), st.sampled_from(["causes", "treats"]))
    return st.builds(
        Annotation,
        st.lists(mentions(text), max_size=5).map(tuple),
        st.just(()),
        st.lists(relation, max_size=4).map(tuple),
        st.sampled_from(scopes),
    )


def sets(text: str, scopes: tuple[str, ...] = ("mention",)) -> st.SearchStrategy[list[Example]]:
    pair = st.tuples(annotations(text, scopes), annotations(text, scopes), st.sampled_from([None, "a", "b"]))
    return st.lists(pair, min_size=1, max_size=6).map(
        lambda pairs: [
            Example(Document(str(number), text, task=task), reference, predicted)
            for number, (reference, predicted, task) in enumerate(pairs)
        ]
    )


def scored(examples: list[Example], samples: int = 0):  # type: ignore[no-untyped-def]
    return score_documents(count_documents(examples), bootstrap_samples=samples, seed=3)


@given(sets(REPEATING))
def test_precision_and_recall_change_places_with_the_sides(examples: list[Example]) -> None:
    turned = [replace(one, reference=one.predicted, predicted=one.reference) for one in examples]
    there, back = scored(examples), scored(turned)
    for kind, hows in MATCHES.items():
        for how in hows:
            one, other = there[how][kind].micro, back[how][kind].micro
            assert (one.precision, one.recall, one.f1) == (other.recall, other.precision, other.f1)


@given(sets(REPEATING, ("mention", "string")))
def test_an_annotation_is_perfect_on_itself(examples: list[Example]) -> None:
    for how_scores in scored([replace(one, predicted=one.reference) for one in examples]).values():
        for scores in how_scores.values():
            assert scores.micro.f1 in (1.0, None)
            assert scores.micro.false_positives == scores.micro.false_negatives == 0


@given(sets(REPEATING, ("mention", "string")), st.randoms(use_true_random=False))
def test_the_order_of_documents_and_items_does_not_matter(
    examples: list[Example], draw: random.Random
) -> None:
    def shuffled(annotation: Annotation | None) -> Annotation:
        assert annotation is not None
        return replace(
            annotation,
            mentions=tuple(draw.sample(annotation.mentions, len(annotation.mentions))),
            relations=tuple(draw.sample(annotation.relations, len(annotation.relations))),
        )

    mixed = [
        replace(one, reference=shuffled(one.reference), predicted=shuffled(one.predicted)) for one in examples
    ]
    mixed = draw.sample(mixed, len(mixed))
    assert scored(mixed, samples=30) == scored(examples, samples=30)


@given(sets(UNIQUE, ("mention", "string")))
def test_strict_finds_no_more_than_text_where_each_string_occurs_once(examples: list[Example]) -> None:
    scores = scored(examples)
    for kind in KINDS:
        assert scores["strict"][kind].micro.true_positives <= scores["text"][kind].micro.true_positives


@given(sets(REPEATING, ("mention", "string")))
def test_a_looser_match_finds_no_less(examples: list[Example]) -> None:
    scores = scored(examples)
    for kind, narrow, wide in (
        ("entities", "strict", "type"),
        ("entities", "strict", "span"),
        ("entities", "span", "overlap"),
        ("relations", "strict", "relaxed"),
        ("relations", "span", "relaxed"),
    ):
        found = [scores[how][kind].micro.true_positives for how in (narrow, wide)]  # type: ignore[index]
        assert found[0] <= found[1]


@given(sets(REPEATING, ("mention", "string")))
def test_tasks_and_types_add_up_to_the_whole(examples: list[Example]) -> None:
    first = Mention.at(REPEATING, 0, 5, "Drug")
    named = [replace(one, document=replace(one.document, task=one.task or "c")) for one in examples]
    whole = Example(Document("x", REPEATING, task="c"), Annotation((first,)), Annotation((first,)))
    result = evaluate([*named, whole], bootstrap_samples=0)
    for how, kinds in result.match.items():
        for kind, scores in kinds.items():
            parts = [task.match[how][kind].micro.true_positives for task in result.tasks.values()]
            assert sum(parts) == scores.micro.true_positives
            assert sum(type.support for type in scores.by_type.values()) == scores.micro.support


@given(sets(REPEATING))
def test_intervals_are_ordered_shares(examples: list[Example]) -> None:
    for kinds in scored(examples, samples=40).values():
        for scores in kinds.values():
            for score in (scores.micro, *scores.by_type.values()):
                if score.f1_interval is not None:
                    assert score.f1 is not None
                    assert 0.0 <= score.f1_interval[0] <= score.f1_interval[1] <= 1.0


@given(st.lists(st.tuples(st.integers(0, 11), st.integers(1, 6)), max_size=6))
def test_pieces_join_to_the_text_and_lanes_never_collide(spans: list[tuple[int, int]]) -> None:
    text = "a<b>c & d\ne f gh"
    marks = [Mark(((start, start + size - size // 7),), "T", "found") for start, size in spans]
    marks = [mark for mark in marks if mark.segments[0][1] <= len(text)]
    cut = pieces(text, marks)
    assert "".join(piece.text for piece in cut) == text
    assert sum(len(piece.ending) for piece in cut) == len(marks)
    for piece in cut:
        lanes = [lane for lane, _ in piece.lanes]
        assert len(set(lanes)) == len(lanes)
