from __future__ import annotations

import pytest

from medspan.core import (
    Annotation,
    Case,
    Concept,
    Document,
    Example,
    Finding,
    Mention,
    Relation,
    UnalignedMention,
)


def test_start_and_end_span_all_segments() -> None:
    mention = Mention(((3, 7), (12, 15)), "Disease", "left pain")
    assert (mention.start, mention.end) == (3, 15)


def test_a_mention_at_a_place_takes_the_text_that_stands_there() -> None:
    mention = Mention.at("no fever today", 3, 8, "Disease", concepts=("D005334",))
    assert mention == Mention(((3, 8),), "Disease", "fever", ("D005334",))


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ((), "has no segment"),
        (((5, 5),), r"\[5, 5\) is no segment"),
        (((5, 3),), r"\[5, 3\) is no segment"),
        (((-1, 3),), r"\[-1, 3\) is no segment"),
        (((0, 5), (4, 8)), "overlap or are out of order"),
        (((6, 8), (0, 5)), "overlap or are out of order"),
    ],
)
def test_segments_that_are_none_are_refused(segments: tuple[tuple[int, int], ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Mention(segments, "Disease", "fever")


def test_a_blank_type_is_refused() -> None:
    with pytest.raises(ValueError, match="'fever' has no type"):
        Mention(((0, 5),), "", "fever")
    with pytest.raises(ValueError, match="a relation needs a type"):
        Relation(Concept("C1"), Concept("C2"), "")


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ValueError, match="aligned_by is 'guess'"):
        Mention(((0, 5),), "Disease", "fever", aligned_by="guess")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="reason is 'lost'"):
        UnalignedMention("Disease", "fever", "lost")  # type: ignore[arg-type]


def test_a_document_needs_an_id_and_its_metadata_cannot_change() -> None:
    with pytest.raises(ValueError, match="needs an id"):
        Document("", "text")
    given = {"year": "2026"}
    document = Document("d", "text", metadata=given)
    given["year"] = "1999"
    assert document.metadata["year"] == "2026"
    with pytest.raises(TypeError):
        document.metadata["year"] = "1999"  # type: ignore[index]


@pytest.mark.parametrize("kind", ["reference", "predicted"])
def test_an_example_refuses_a_mention_whose_text_is_not_at_its_segments(kind: str) -> None:
    wrong = Annotation((Mention(((0, 5),), "Disease", "fever"),))
    with pytest.raises(ValueError, match="mention 'fever': the text has 'no fe' at"):
        Example(Document("d", "no fever"), **{kind: wrong})


def test_an_example_checks_endpoints_that_are_not_listed() -> None:
    good = Mention(((3, 8),), "Disease", "fever")
    past_the_end = Mention(((3, 9),), "Disease", "fever!")
    annotation = Annotation((good,), relations=(Relation(good, past_the_end, "causes"),))
    with pytest.raises(ValueError, match="ends at 9, past the end of the text"):
        Example(Document("d", "no fever"), annotation)


def test_segments_are_joined_by_one_space() -> None:
    document = Document("d", "left and right pain")
    mention = Mention(((0, 4), (15, 19)), "Disease", "left pain")
    assert Example(document, Annotation((mention,))).reference == Annotation((mention,))


def test_endpoint_mentions_come_in_order_without_concepts() -> None:
    one, two = Mention(((0, 1),), "A", "x"), Mention(((2, 3),), "B", "y")
    relations = (Relation(two, Concept("C"), "r"), Relation(one, two, "r"))
    assert Annotation(relations=relations).endpoint_mentions() == (two, one, two)


def test_a_prediction_replaces_an_earlier_one() -> None:
    example = Example(Document("d", "fever"), predicted=Annotation(made_by="old"), raw="old", truncated=True)
    new = example.with_prediction(Annotation(made_by="new"), "raw", False)
    assert (new.predicted, new.raw, new.truncated) == (Annotation(made_by="new"), "raw", False)
    assert example.raw == "old"


def test_a_finding_cannot_count_more_than_there_are() -> None:
    with pytest.raises(ValueError, match="leak: 4 of 3"):
        Finding("leak", "error", "m", 4, 3)
    data = Finding(
        "leak", "error", "m", 2, 3, split="test", against="train", cases=(Case("a", "f:1"), *map(Case, "bcd"))
    ).to_json()
    assert data["where"] == {"split": "test", "against": "train"}
    assert data["examples"] == ["f:1: a", "b", "c"]
    assert "split" not in data
