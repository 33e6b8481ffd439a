"""Planted counts for the comparison of mentions."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.core import InputError, UnalignedMention
from medspan.evaluate.match import match_mentions


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
