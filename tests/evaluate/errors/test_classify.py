"""What holds of the kinds of any set: one for each error, whatever the order, and mirrored when swapped."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.core import Annotation, Document, Example, InputError, Mention, Relation
from medspan.evaluate.errors import MENTION_KINDS, RELATION_KINDS, ItemError, classify, default_match
from medspan.evaluate.match import Directions, How, links_concepts, match_mentions, match_relations

from .generated_examples import SCHEMA, corpora

HOWS: tuple[How, ...] = ("strict", "text")


@pytest.mark.parametrize("directed", [False, True])
@pytest.mark.parametrize("how", HOWS)
@settings(max_examples=40)
@given(examples=corpora())
def test_each_error_that_the_match_counts_has_exactly_one_kind(
    how: How, directed: bool, examples: list[Example]
) -> None:
    directions = Directions.of(SCHEMA if directed else None)

    def written(type: str) -> str:
        # Two relations that say the same under inverse types are one, under the name of either.
        return directions.inverses.get(type, type)

    errors = classify(examples, how, schema=SCHEMA, directions=directions)
    for number, (example, linked) in enumerate(zip(examples, links_concepts(examples), strict=True)):
        outcomes = {
            "entities": match_mentions(example, how),
            "relations": match_relations(example, how, linked=linked, directions=directions),
        }
        for group, outcome in outcomes.items():
            here = [error for error in errors if (error.document, error.group) == (number, group)]
            counted = Counter((error.side, written(error.item.type)) for error in here)
            wanted = Counter(
                (side, written(item.type))
                for side in ("missed", "spurious")
                for item in getattr(outcome, side)
            )
            assert counted == wanted
            # Every error stands for itself: none is told twice.
            assert len({(error.side, error.item) for error in here}) == len(here)


@pytest.mark.parametrize("how", HOWS)
@settings(max_examples=40)
@given(examples=corpora())
def test_kinds_fit_their_group_and_side(how: How, examples: list[Example]) -> None:
    for error in classify(examples, how, schema=SCHEMA):
        assert error.kind in (MENTION_KINDS if error.group == "entities" else RELATION_KINDS)
        if error.side == "missed":
            assert error.kind not in ("spurious-grounded", "co-occurrence-only")
        else:
            assert error.kind != "missed"
        alone = {
            "ungrounded",
            "annotation-inconsistency",
            "spurious-grounded",
            "missed",
            "endpoint-missing",
            "co-occurrence-only",
        }
        assert (error.other is None) == (error.kind in alone)
        if error.kind.startswith("boundary-") and error.kind != "boundary-and-type":
            assert error.other is not None
            assert error.other.type == error.item.type


def told(examples: list[Example], errors: list[ItemError]) -> Counter[Any]:
    return Counter(
        (examples[error.document].id, error.side, error.group, error.kind, error.item, error.other)
        for error in errors
    )


def shuffled(annotation: Annotation, draw: random.Random) -> Annotation:
    def mixed(items: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(draw.sample(items, len(items)))

    return replace(
        annotation,
        mentions=mixed(annotation.mentions),
        unaligned=mixed(annotation.unaligned),
        relations=mixed(annotation.relations),
    )


@pytest.mark.parametrize("how", HOWS)
@settings(max_examples=40)
@given(examples=corpora(), seed=st.integers(0, 99))
def test_the_order_of_rows_and_items_does_not_matter(how: How, examples: list[Example], seed: int) -> None:
    draw = random.Random(seed)
    mixed = [
        replace(
            example,
            reference=shuffled(example.reference, draw),  # type: ignore[arg-type]
            predicted=shuffled(example.predicted, draw),  # type: ignore[arg-type]
        )
        for example in draw.sample(examples, len(examples))
    ]
    before = told(examples, classify(examples, how, schema=SCHEMA))
    assert told(mixed, classify(mixed, how, schema=SCHEMA)) == before


@pytest.mark.parametrize("how", HOWS)
@settings(max_examples=40)
@given(examples=corpora(ids=False))
def test_swapped_sides_turn_spurious_into_missed(how: How, examples: list[Example]) -> None:
    """Kinds that compare two items are the same from both sides; the rest is told from one side only."""

    def seen(errors: list[ItemError], turn: bool) -> Counter[Any]:
        rows: Counter[Any] = Counter()
        for error in errors:
            kind = error.kind
            if kind in ("boundary-partial", "boundary-longer", "boundary-shorter"):
                kind = "boundary"
            if error.other is None and kind not in ("ungrounded", "endpoint-missing"):
                kind = "unexplained"
            side = error.side if not turn else {"missed": "spurious", "spurious": "missed"}[error.side]
            rows[error.document, side, error.group, kind, error.item, error.other] += 1
        return rows

    swapped = [
        replace(example, reference=example.predicted, predicted=example.reference) for example in examples
    ]
    ours = classify(examples, how, schema=SCHEMA)
    theirs = classify(swapped, how, schema=SCHEMA)
    assert seen(ours, turn=False) == seen(theirs, turn=True)


@pytest.mark.parametrize("how", HOWS)
@settings(max_examples=20)
@given(examples=corpora())
def test_a_perfect_prediction_has_no_errors_where_everything_has_a_place(
    how: How, examples: list[Example]
) -> None:
    perfect = []
    for example in examples:
        reference = replace(
            example.reference,  # type: ignore[type-var]
            unaligned=(),
            relations=tuple(
                one
                for one in example.reference.relations  # type: ignore[union-attr]
                if isinstance(one.head, Mention) and isinstance(one.tail, Mention)
            ),
        )
        perfect.append(replace(example, reference=reference, predicted=reference))
    assert classify(perfect, how) == []


def test_the_match_is_strict_where_a_side_has_places_of_its_own() -> None:
    def example(reference: Annotation, predicted: Annotation) -> Example:
        return Example(Document("d", "rash"), reference, predicted)

    rash = Mention.at("rash", 0, 4, "Disease")
    placed, named = Annotation((rash,)), Annotation((rash,), scope="string")
    ends = Annotation(relations=(Relation(rash, rash, "is"),))
    assert default_match([example(placed, named)]) == "strict"
    assert default_match([example(named, placed)]) == "strict"
    assert default_match([example(named, ends)]) == "strict"
    # An empty annotation says nothing of places.
    assert default_match([example(named, Annotation())]) == "text"


def test_the_default_match_is_taken_where_none_is_named() -> None:
    text = "rash, rash"
    first, second = Mention.at(text, 0, 4, "Disease"), Mention.at(text, 6, 10, "Disease")
    example = Example(Document("d", text), Annotation((first,)), Annotation((second,)))
    assert len(classify([example])) == 2
    assert classify([example], "text") == []


def test_other_matches_are_refused() -> None:
    with pytest.raises(ValueError, match="'overlap'"):
        classify([], "overlap")


def test_a_missing_side_is_named() -> None:
    with pytest.raises(InputError, match="'d' has no predicted annotation"):
        classify([Example(Document("d", "rash"), Annotation(), None)])
