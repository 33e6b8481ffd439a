"""Planted counts for the comparison of mentions."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from medspan.core import InputError, Mention, UnalignedMention
from medspan.evaluate.match import match_mentions

TEXT = "Aspirin caused ulcers. Later aspirin caused ulcers and rash."


def test_text_match_is_a_set_of_types_and_folded_strings(make: Any) -> None:
    reference = make.annotation(
        make.mention("Aspirin"), make.mention("aspirin"), make.mention("rash", "Disease")
    )
    predicted = make.annotation(make.mention("aspirin"), make.mention("ulcers", "Disease"))
    outcome = match_mentions(make.example(reference, predicted), "text")
    assert outcome.counts() == {"Disease": (0, 1, 1), "Drug": (1, 0, 0)}


def test_a_right_string_under_a_wrong_type_is_missed_and_spurious(make: Any) -> None:
    pair = make.example(
        make.annotation(make.mention("rash", "Disease")), make.annotation(make.mention("rash"))
    )
    for how in ("text", "strict"):
        assert match_mentions(pair, how).counts() == {"Disease": (0, 0, 1), "Drug": (0, 1, 0)}


def test_unaligned_mentions_match_by_text_and_never_by_place(make: Any) -> None:
    lost = UnalignedMention("Drug", "Codeine  phosphate", "not-in-text")
    same = UnalignedMention("Drug", "codeine phosphate", "not-in-text")
    pair = make.example(make.annotation(lost), make.annotation(same))
    assert match_mentions(pair, "text").counts() == {"Drug": (1, 0, 0)}
    assert match_mentions(pair, "strict").counts() == {"Drug": (0, 1, 1)}


def test_blank_items_are_on_neither_side(make: Any) -> None:
    blank = UnalignedMention("Drug", " ", "blank")
    pair = make.example(make.annotation(blank, make.mention("rash", "Disease")), make.annotation(blank))
    assert match_mentions(pair, "text").counts() == {"Disease": (0, 0, 1)}
    assert match_mentions(pair, "strict").counts() == {"Disease": (0, 0, 1)}


def test_scope_string_counts_at_every_occurrence_and_scope_mention_at_its_own(make: Any) -> None:
    once = make.annotation(make.mention("ulcers", "Disease"))
    everywhere = make.annotation(make.mention("ulcers", "Disease"), scope="string")
    assert match_mentions(make.example(once, everywhere), "strict").counts() == {"Disease": (1, 1, 0)}
    assert match_mentions(make.example(everywhere, once), "strict").counts() == {"Disease": (1, 0, 1)}
    assert match_mentions(make.example(everywhere, everywhere), "strict").counts() == {"Disease": (2, 0, 0)}


def test_strict_needs_the_same_segments(make: Any) -> None:
    reference = make.annotation(make.mention("ulcers", "Disease", nth=1))
    predicted = make.annotation(make.mention("ulcers", "Disease"), make.mention("ulcers and rash", "Disease"))
    assert match_mentions(make.example(reference, predicted), "strict").counts() == {"Disease": (0, 2, 1)}


def test_a_missing_side_is_named(make: Any) -> None:
    with pytest.raises(InputError, match="'d1' has no predicted annotation"):
        match_mentions(make.example(make.annotation(), None), "text")


def test_span_ignores_types_and_counts_for_the_type_of_the_reference(make: Any) -> None:
    reference = make.annotation(make.mention("rash", "Disease"), make.mention("ulcers", "Disease"))
    predicted = make.annotation(make.mention("rash", "Drug"), make.mention("ulcers and", "Disease"))
    pair = make.example(reference, predicted)
    assert match_mentions(pair, "span").counts() == {"Disease": (1, 1, 1)}


def test_type_needs_one_shared_character_and_the_type(make: Any) -> None:
    reference = make.annotation(make.mention("ulcers and rash", "Disease"), make.mention("Aspirin"))
    predicted = make.annotation(make.mention("rash", "Disease"), make.mention("Aspirin", "Disease"))
    pair = make.example(reference, predicted)
    assert match_mentions(pair, "type").counts() == {"Disease": (1, 1, 0), "Drug": (0, 0, 1)}


def test_overlap_counts_other_boundaries_one_half_on_either_side(make: Any) -> None:
    reference = make.annotation(make.mention("ulcers and rash", "Disease"), make.mention("Aspirin"))
    predicted = make.annotation(make.mention("rash", "Symptom"), make.mention("Aspirin"))
    outcome = match_mentions(make.example(reference, predicted), "overlap")
    assert outcome.counts() == {"Disease": (0.5, 0, 0.5), "Drug": (1, 0, 0), "Symptom": (0, 0.5, 0)}


def test_one_mention_meets_one_mention_and_as_many_meet_as_can(make: Any) -> None:
    whole = make.mention("ulcers and rash", "Disease")
    parts = [make.mention("ulcers", "Disease", nth=1), make.mention("rash", "Disease")]
    one = make.example(make.annotation(whole), make.annotation(*parts))
    assert match_mentions(one, "type").counts() == {"Disease": (1, 1, 0)}
    # "ulcers and" could take "ulcers" or "and rash"; only one choice leaves a partner for "ulcers and rash".
    reference = [make.mention("ulcers and", "Disease"), make.mention("rash", "Disease")]
    predicted = [make.mention("and rash", "Disease"), make.mention("ulcers", "Disease", nth=1)]
    for mine in (reference, reference[::-1]):
        pair = make.example(make.annotation(*mine), make.annotation(*predicted))
        assert match_mentions(pair, "type").counts() == {"Disease": (2, 0, 0)}


def test_a_discontinuous_mention_overlaps_where_it_stands_only(make: Any) -> None:
    start = TEXT.index("ulcers and")
    gap = Mention(((start, start + 6), (start + 11, start + 15)), "Disease", "ulcers rash")
    between = make.mention("and", "Disease")
    inside = make.mention("rash", "Disease")
    assert match_mentions(make.example(make.annotation(gap), make.annotation(between)), "type").found == ()
    assert match_mentions(make.example(make.annotation(gap), make.annotation(inside)), "type").found == (gap,)


def with_ids(make: Any, **ids: str) -> Any:
    return [make.mention(string, "Disease", concepts=(concept,)) for string, concept in ids.items()]


def test_concepts_are_compared_by_own_ids_or_by_gold_linking(make: Any) -> None:
    reference = make.annotation(*with_ids(make, rash="D1", ulcers="D2", caused="-1"))
    own = make.annotation(*with_ids(make, caused="MESH:D1", ulcers="D3", rash="-1"))
    assert match_mentions(make.example(reference, own), "concept").counts() == {"Disease": (1, 1, 1)}
    strings = make.annotation(make.mention("rash", "Disease"), make.mention("Later", "Disease"))
    assert match_mentions(make.example(reference, strings), "concept").counts() == {"Disease": (1, 1, 1)}
    # Where other documents' predictions have ids, a mention without one says nothing.
    outcome = match_mentions(make.example(reference, strings), "concept", own_ids=True)
    assert outcome.counts() == {"Disease": (0, 0, 2)}


def test_of_two_types_at_one_place_as_many_are_found_as_both_sides_have(make: Any) -> None:
    both = [make.mention("rash", "Disease"), make.mention("rash", "Symptom")]
    wrong = make.mention("Later", "Disease")
    pair = make.example(make.annotation(*both), make.annotation(*both, wrong))
    for how in ("strict", "span", "overlap"):
        assert match_mentions(pair, how).counts() == {"Disease": (1, 1, 0), "Symptom": (1, 0, 0)}
    other = make.example(make.annotation(*both), make.annotation(make.mention("rash", "Drug")))
    assert match_mentions(other, "span").counts() == {"Disease": (1, 0, 0), "Symptom": (0, 0, 1)}


def test_a_string_without_a_concept_in_the_reference_says_nothing_of_concepts(make: Any) -> None:
    reference = make.annotation(*with_ids(make, rash="D1", caused="-1"))
    strings = make.annotation(make.mention("rash", "Disease"), make.mention("caused", "Disease"))
    assert match_mentions(make.example(reference, strings), "concept").counts() == {"Disease": (1, 0, 0)}


def test_a_loop_of_one_string_is_one_item_at_each_of_its_places(make: Any) -> None:
    text = "rash " * 400
    loop = [Mention.at(text, 0, 4, "Disease") for _ in range(3000)]
    predicted = make.annotation(*loop, scope="string")
    reference = make.annotation(Mention.at(text, 5, 9, "Disease"))
    counts = match_mentions(make.example(reference, predicted, text=text), "strict").counts()
    assert counts == {"Disease": (1, 399, 0)}


def near(make: Any, said: str, string: str, aligned_by: str = "fuzzy") -> Mention:
    return replace(make.mention(string), aligned_by=aligned_by, source_text=said)


@pytest.mark.parametrize("aligned_by", ["fuzzy", "hyphen"])
def test_what_was_not_copied_is_wrong_though_a_place_was_found_for_it(make: Any, aligned_by: str) -> None:
    reference = make.annotation(make.mention("Aspirin"), relations=[])
    predicted = make.annotation(near(make, "Aspirine", "Aspirin", aligned_by))
    for how in ("text", "strict", "span", "type", "overlap"):
        assert match_mentions(make.example(reference, predicted), how).counts() == {"Drug": (0, 1, 1)}
    [spurious] = match_mentions(make.example(reference, predicted), "text").spurious
    assert spurious == UnalignedMention("Drug", "Aspirine", "not-in-text")


def test_a_string_that_the_reference_writes_so_itself_is_right(make: Any) -> None:
    both = make.annotation(near(make, "Aspirine", "Aspirin"))
    for how in ("text", "strict"):
        assert match_mentions(make.example(both, both), how).counts() == {"Drug": (1, 0, 0)}
    # What the reference writes otherwise, and the prediction copies, is right.
    copied = make.annotation(make.mention("Aspirin"))
    assert match_mentions(make.example(both, copied), "strict").counts() == {"Drug": (1, 0, 0)}


def test_letter_case_alone_makes_no_string_wrong(make: Any) -> None:
    reference = make.annotation(make.mention("Aspirin"))
    predicted = make.annotation(near(make, "ASPIRIN", "Aspirin", "case"))
    for how in ("text", "strict"):
        assert match_mentions(make.example(reference, predicted), how).counts() == {"Drug": (1, 0, 0)}
