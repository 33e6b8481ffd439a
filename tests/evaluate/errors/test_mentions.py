"""Every kind of entity error, planted on both sides, and which wins where several hold."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.core import Annotation, Document, Example, Mention, UnalignedMention
from medspan.evaluate.errors import MENTION_KINDS, classify

TEXT = (
    "Severe acute renal failure (ARF) followed beta-blocker use. ARF resolved; Beta Blocker and metformin "
    "went on, anti-inflammatory gel too. Metoprolol and α-tocopherol (alpha tocopherol) did not help."
)


def at(string: str, type: str = "Disease", nth: int = 0, **more: Any) -> Mention:
    start = -1
    for _ in range(nth + 1):
        start = TEXT.index(string, start + 1)
    return Mention.at(TEXT, start, start + len(string), type, **more)


def lost(string: str, type: str = "Disease", **more: Any) -> UnalignedMention:
    return UnalignedMention(type, string, "not-in-text", **more)


def side(*items: Mention | UnalignedMention, scope: Any = "mention") -> Annotation:
    return Annotation(
        tuple(item for item in items if isinstance(item, Mention)),
        tuple(item for item in items if isinstance(item, UnalignedMention)),
        scope=scope,
    )


def kinds(reference: Annotation, predicted: Annotation, how: Any = "strict", **more: Any) -> dict[Any, Any]:
    """(side, string) -> (kind, string of the counterpart)."""
    errors = classify([Example(Document("d", TEXT), reference, predicted)], how, **more)
    return {
        (error.side, error.item.text): (error.kind, error.other and error.other.text)  # type: ignore[union-attr]
        for error in errors
    }


@pytest.mark.parametrize("how", ["strict", "text"])
@pytest.mark.parametrize(
    ("reference", "predicted", "kind"),
    [
        (at("acute renal failure"), at("renal failure"), "boundary-partial"),
        (at("acute renal failure"), at("Severe acute"), "boundary-partial"),
        (at("anti-inflammatory"), at("inflammatory gel"), "boundary-partial"),
        (at("renal failure"), at("acute renal failure"), "boundary-longer"),
        (at("anti-inflammatory"), at("inflammatory"), "boundary-shorter"),
        (at("metformin"), at("metform"), "boundary-shorter"),
        (at("metformin", "Drug"), at("metformin", "Disease"), "type-confusion"),
        (at("acute renal failure"), at("renal failure", "Drug"), "boundary-and-type"),
        (at("beta-blocker", "Drug"), at("Beta Blocker", "Drug"), "special-character"),
        (at("α-tocopherol", "Drug"), at("alpha tocopherol", "Drug"), "special-character"),
        (at("acute renal failure"), at("ARF", nth=1), "abbreviation-or-synonym"),
        (at("metformin"), lost("metforming"), "near-miss-copy"),
    ],
)
def test_a_pair_of_errors_has_its_kind_on_both_sides(
    reference: Mention, predicted: Any, kind: str, how: Any
) -> None:
    found = kinds(side(reference), side(predicted), how)
    assert found == {
        ("missed", reference.text): (kind, predicted.text),
        ("spurious", predicted.text): (kind, reference.text),
    }


def test_letter_case_alone_differs() -> None:
    found = kinds(side(at("Metoprolol", "Drug")), side(lost("METOPROLOL", "Drug")))
    assert found == {
        ("missed", "Metoprolol"): ("letter-case", "METOPROLOL"),
        ("spurious", "METOPROLOL"): ("letter-case", "Metoprolol"),
    }


def test_an_item_without_a_place_is_ungrounded_on_either_side() -> None:
    found = kinds(side(lost("sepsis")), side(lost("gout")))
    assert found == {("missed", "sepsis"): ("ungrounded", None), ("spurious", "gout"): ("ungrounded", None)}


def test_what_nothing_explains_is_missed_or_spurious_but_grounded() -> None:
    found = kinds(side(at("metformin", "Drug")), side(at("Severe")))
    assert found == {
        ("missed", "metformin"): ("missed", None),
        ("spurious", "Severe"): ("spurious-grounded", None),
    }


def test_two_names_of_one_concept_are_synonyms_and_of_two_concepts_are_not() -> None:
    def pair(ours: str, theirs: str) -> dict[Any, Any]:
        reference = side(at("metformin", "Drug", concepts=(ours,)))
        return kinds(reference, side(at("Metoprolol", "Drug", concepts=(theirs,))))

    assert pair("D1", "MESH:D1")["spurious", "Metoprolol"] == ("abbreviation-or-synonym", "metformin")
    assert pair("D1", "D2")["spurious", "Metoprolol"] == ("spurious-grounded", None)
    assert pair("-1", "-1")["missed", "metformin"] == ("missed", None)


def test_ids_outweigh_an_abbreviation_that_the_text_defines() -> None:
    reference = side(at("acute renal failure", concepts=("D1",)))
    found = kinds(reference, side(at("ARF", nth=1, concepts=("D2",))))
    assert found["missed", "acute renal failure"] == ("missed", None)


def test_the_concept_of_a_predicted_string_is_looked_up_in_the_references_of_the_set() -> None:
    other = "Glucophage helped."
    elsewhere = Annotation((Mention.at(other, 0, 10, "Drug", concepts=("D1",)),))
    text = "metformin, that is Glucophage"
    reference = Annotation((Mention.at(text, 0, 9, "Drug", concepts=("D1",)),))
    predicted = Annotation((Mention.at(text, 19, 29, "Drug"),))
    here = Example(Document("a", text), reference, predicted)
    there = Example(Document("b", other), elsewhere, elsewhere)
    assert {error.kind for error in classify([here, there])} == {"abbreviation-or-synonym"}
    assert {error.kind for error in classify([here], training=[there])} == {"abbreviation-or-synonym"}
    # Without ids for Glucophage nothing says that the two are one.
    assert "abbreviation-or-synonym" not in {error.kind for error in classify([here])}


def test_a_near_copy_needs_a_string_that_is_not_in_the_text() -> None:
    text = "hypertension, then hypotension"
    reference = Annotation((Mention.at(text, 0, 12, "Disease"),))
    predicted = Annotation((Mention.at(text, 19, 30, "Disease"),))
    errors = classify([Example(Document("d", text), reference, predicted)], "strict")
    assert {error.kind for error in errors} == {"missed", "spurious-grounded"}


def test_of_several_near_copies_the_nearest_is_the_counterpart() -> None:
    text = "metformine metformin"
    reference = Annotation((Mention.at(text, 0, 10, "Drug"), Mention.at(text, 11, 20, "Drug")))
    predicted = Annotation(unaligned=(lost("metforminx", "Drug"),))
    errors = classify([Example(Document("d", text), reference, predicted)], "strict")
    (spurious,) = [error for error in errors if error.side == "spurious"]
    assert (spurious.kind, spurious.other) == ("near-miss-copy", reference.mentions[1])


@pytest.mark.parametrize("how", ["strict", "text"])
def test_the_counterpart_has_the_largest_overlap_then_comes_first(how: Any) -> None:
    long, short = at("Severe acute renal"), at("failure")
    found = kinds(side(at("acute renal failure")), side(long, short), how)
    assert found["missed", "acute renal failure"] == ("boundary-partial", long.text)
    first, last = at("acute"), at("renal")
    found = kinds(side(at("acute renal")), side(last, first), how)
    assert found["missed", "acute renal"] == ("boundary-partial", "acute")


def test_a_mention_within_one_that_is_right_is_no_boundary_error() -> None:
    right, within = at("acute renal failure"), at("failure")
    assert kinds(side(right), side(right, within)) == {("spurious", "failure"): ("spurious-grounded", None)}
    assert kinds(side(right, within), side(right)) == {("missed", "failure"): ("missed", None)}


def test_by_place_a_form_that_is_right_elsewhere_says_nothing_by_string_it_does() -> None:
    right = at("beta-blocker", "Drug")
    pair = side(right), side(right, at("Beta Blocker", "Drug"))
    assert kinds(*pair) == {("spurious", "Beta Blocker"): ("spurious-grounded", None)}
    said = classify([Example(Document("d", TEXT), *pair)], "text")
    assert [(error.kind, error.other) for error in said] == [("special-character", right)]
    # What has no place is wrong by its string under either match.
    unplaced = side(right), side(right, lost("beta blockerr", "Drug"))
    assert kinds(*unplaced)["spurious", "beta blockerr"] == ("near-miss-copy", "beta-blocker")


def test_errors_come_first_among_counterparts() -> None:
    second = at("metformin", "Drug")
    wrong = at("metformin", "Gene")
    found = kinds(side(second, wrong), side(second, at("metformin", "Disease")))
    assert found["spurious", "metformin"][0] == "type-confusion"
    errors = classify(
        [Example(Document("d", TEXT), side(second, wrong), side(second, at("metformin", "Disease")))]
    )
    assert [error.other.type for error in errors if error.side == "spurious" and error.other] == ["Gene"]


def test_a_boundary_outweighs_a_type_and_a_type_outweighs_a_string() -> None:
    # The same place under another type, and an overlap under the same one: boundary.
    found = kinds(side(at("renal failure", "Drug"), at("acute renal failure")), side(at("renal failure")))
    assert found["spurious", "renal failure"] == ("boundary-partial", "acute renal failure")
    # The same place under another type, and the same string but for hyphens elsewhere: type.
    reference = side(at("Beta Blocker", "Gene"), at("beta-blocker", "Drug"))
    found = kinds(reference, side(at("Beta Blocker", "Drug")))
    assert found["spurious", "Beta Blocker"] == ("type-confusion", "Beta Blocker")
    assert found["missed", "beta-blocker"] == ("special-character", "Beta Blocker")


def test_spelling_outweighs_a_synonym_a_synonym_a_near_copy_and_that_an_ungrounded_string() -> None:
    reference = side(at("beta-blocker", "Drug", concepts=("D1",)), at("metformin", "Drug", concepts=("D2",)))

    def kind_of(string: str, *concepts: str) -> Any:
        return kinds(reference, side(lost(string, "Drug", concepts=concepts)))["spurious", string]

    assert kind_of("BETA BLOCKER", "D2") == ("special-character", "beta-blocker")
    assert kind_of("Beta-Blocker", "D2") == ("letter-case", "beta-blocker")
    assert kind_of("metforming", "D1") == ("abbreviation-or-synonym", "beta-blocker")
    assert kind_of("metforming") == ("near-miss-copy", "metformin")
    assert kind_of("warfarin") == ("ungrounded", None)


def test_a_string_labelled_elsewhere_is_an_inconsistency_unless_something_else_explains_it() -> None:
    text = "ARF and gout. ARF again."
    first, second = Mention.at(text, 0, 3, "Disease"), Mention.at(text, 14, 17, "Disease")

    def kind(reference: Mention, predicted: Mention) -> dict[str, str]:
        errors = classify(
            [Example(Document("d", text), Annotation((reference,)), Annotation((predicted,)))], "strict"
        )
        return {error.side: error.kind for error in errors}

    # Labelled at its other place, and unlabelled there where it was predicted.
    assert kind(first, second) == {
        "spurious": "annotation-inconsistency",
        "missed": "annotation-inconsistency",
    }
    longer = Mention.at(text, 14, 23, "Disease")
    assert kind(longer, second)["spurious"] == "boundary-partial"


def test_scope_string_under_strict_compares_every_occurrence() -> None:
    predicted = side(at("ARF", "Drug"), scope="string")
    errors = classify([Example(Document("d", TEXT), side(at("ARF", nth=1)), predicted)])
    assert sorted((error.side, error.kind) for error in errors) == [
        ("missed", "type-confusion"),
        ("spurious", "spurious-grounded"),
        ("spurious", "type-confusion"),
    ]


def test_under_text_any_occurrence_of_a_string_may_overlap() -> None:
    text = "failure, then renal failure"
    reference = Annotation((Mention.at(text, 14, 27, "Disease"),), scope="string")
    predicted = Annotation((Mention.at(text, 0, 7, "Disease"),), scope="string")
    errors = classify([Example(Document("d", text), reference, predicted)])
    assert [error.kind for error in errors] == ["boundary-partial", "boundary-partial"]


def test_discontinuous_mentions_overlap_by_their_segments_only() -> None:
    text = "renal and hepatic failure"
    apart = Mention(((0, 5), (18, 25)), "Disease", "renal failure")
    between = Mention.at(text, 6, 17, "Disease")
    tail = Mention.at(text, 10, 25, "Disease")

    def kind(predicted: Mention) -> str:
        errors = classify([Example(Document("d", text), Annotation((apart,)), Annotation((predicted,)))])
        return next(error.kind for error in errors if error.side == "spurious")

    assert kind(between) == "spurious-grounded"
    assert kind(tail) == "boundary-partial"
    assert kind(Mention.at(text, 0, 25, "Disease")) == "boundary-longer"


def test_kinds_are_stable_names() -> None:
    assert MENTION_KINDS == (
        "boundary-partial",
        "boundary-longer",
        "boundary-shorter",
        "type-confusion",
        "boundary-and-type",
        "special-character",
        "letter-case",
        "abbreviation-or-synonym",
        "near-miss-copy",
        "ungrounded",
        "annotation-inconsistency",
        "spurious-grounded",
        "missed",
    )
