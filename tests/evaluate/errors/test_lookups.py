"""What the look-ups find is what comparing with every item finds, and a long document costs little."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention
from medspan.evaluate.errors import classify
from medspan.evaluate.errors.overlapping import Overlaps
from medspan.evaluate.overlaps import Place

TYPES = ("Drug", "Disease")


@st.composite
def places(draw: Any) -> Place:
    cuts = sorted(draw(st.sets(st.integers(0, 40), min_size=2, max_size=6)))
    cuts = cuts[: len(cuts) // 2 * 2]
    return tuple(zip(cuts[::2], cuts[1::2], strict=True))


def in_common(one: Place, other: Place) -> int:
    mine, its = ({at for start, end in place for at in range(start, end)} for place in (one, other))
    return len(mine & its)


@given(
    owners=st.lists(st.tuples(st.lists(places(), max_size=3), st.sampled_from(TYPES)), max_size=8),
    asked=st.lists(places(), min_size=1, max_size=3),
)
def test_overlaps_are_those_of_every_pair(owners: list[tuple[list[Place], str]], asked: list[Place]) -> None:
    overlaps = Overlaps(its for its, _ in owners)
    counts = {
        number: max((in_common(mine, one) for mine in asked for one in its), default=0)
        for number, (its, _) in enumerate(owners)
    }
    assert overlaps.most(asked) == {number: count for number, count in counts.items() if count}
    same, other = overlaps.largest(asked, [type for _, type in owners], "Drug")
    for found, types in ((same, {"Drug"}), (other, {"Disease"})):
        ranked = [
            (-in_common(mine, one), number, at, its.index(one), mine, one)
            for number, (its, type) in enumerate(owners)
            for at, mine in enumerate(asked)
            for one in its
            if type in types and in_common(mine, one)
        ]
        best = min(ranked) if ranked else None
        assert found == (best and (best[1], best[4], best[5]))


LONG = 2000
WORDS = [f"wo{number}rd" for number in range(LONG)]
TEXT = " ".join(WORDS)
STARTS = [TEXT.index(word) for word in WORDS]
WHOLE = [Mention.at(TEXT, start, start + len(word), "X") for start, word in zip(STARTS, WORDS, strict=True)]
CUT = [Mention.at(TEXT, one.start, one.end - 1, "X") for one in WHOLE]


def joined(mentions: list[Mention], by: int) -> tuple[Relation, ...]:
    return tuple(Relation(one, mentions[(at + by) % LONG], "t") for at, one in enumerate(mentions))


@pytest.mark.parametrize("how", ["strict", "text"])
@pytest.mark.parametrize(
    ("reference", "predicted", "kind"),
    [
        (Annotation(tuple(WHOLE)), Annotation(tuple(CUT)), "boundary-shorter"),
        (
            Annotation(tuple(WHOLE)),
            Annotation(
                unaligned=tuple(
                    UnalignedMention("X", f"g{at * 7}ut{at}", "not-in-text") for at in range(LONG)
                )
            ),
            "ungrounded",
        ),
        (
            Annotation(tuple(WHOLE), relations=joined(WHOLE, 1)),
            Annotation(tuple(WHOLE), relations=joined(WHOLE, 2)),
            "co-occurrence-only",
        ),
        (
            Annotation(tuple(WHOLE), relations=joined(WHOLE, 1)),
            Annotation(tuple(CUT), relations=joined(CUT, 1)),
            "endpoint-boundary",
        ),
    ],
)
def test_thousands_of_errors_in_a_document_are_told_apart(
    reference: Annotation, predicted: Annotation, kind: str, how: Any
) -> None:
    errors = classify([Example(Document("d", TEXT), reference, predicted)], how)
    assert sum(error.kind == kind for error in errors if error.side == "spurious") == LONG


def test_of_equally_similar_copies_the_first_is_the_counterpart() -> None:
    drug = Mention.at("metformin came", 0, 9, "Drug")
    copies = tuple(UnalignedMention("Drug", f"metformin{end}", "not-in-text") for end in "abcd")
    pair = Example(Document("d", "metformin came"), Annotation((drug,)), Annotation(unaligned=copies))
    for how in ("strict", "text"):
        missed = next(error for error in classify([pair], how) if error.side == "missed")  # type: ignore[arg-type]
        assert (missed.kind, missed.other) == ("near-miss-copy", copies[0])
