from __future__ import annotations

import re

import pytest

from medspan.synth.lexicon import LEXICON, PLURAL_SYMPTOMS
from medspan.text import fold, is_word_aligned


def test_lists_are_long_enough_and_hold_no_term_twice() -> None:
    assert {type_: len(terms) >= 150 for type_, terms in LEXICON.items()} == {
        "Disease": True,
        "Drug": True,
        "Symptom": True,
    }
    folded = [fold(term) for terms in LEXICON.values() for term in terms]
    assert len(set(folded)) == len(folded)


def test_no_term_stands_as_whole_words_within_another() -> None:
    folded = [fold(term) for terms in LEXICON.values() for term in terms]
    nested = [
        (one, other)
        for one in folded
        for other in folded
        if one != other and one in other
        for hit in re.finditer(re.escape(one), other)
        if is_word_aligned(other, hit.start(), hit.end())
    ]
    assert nested == []


@pytest.mark.parametrize("type_", sorted(LEXICON))
def test_terms_have_one_to_four_words_and_single_spaces(type_: str) -> None:
    assert {len(term.split(" ")) for term in LEXICON[type_]} <= {1, 2, 3, 4}
    assert [term for term in LEXICON[type_] if "" in term.split(" ") or term != term.strip()] == []


def test_plural_symptoms_are_symptoms() -> None:
    assert set(PLURAL_SYMPTOMS) < set(LEXICON["Symptom"])
