"""Terms as a note writes them."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from medspan.synth import built_in
from medspan.synth.spelling import Form, form_of, misspell
from medspan.synth.terms import Term

TERMS = sorted(built_in().terms)


@given(st.sampled_from(TERMS), st.integers(0, 10_000))
def test_a_slip_changes_one_long_word_by_one_letter_and_keeps_its_first(term: str, seed: int) -> None:
    wrong = misspell(term, random.Random(seed))
    pairs = list(zip(term.split(" "), wrong.split(" "), strict=True))
    changed = [(right, word) for right, word in pairs if right != word]
    long = [word for word in term.split(" ") if len(word) >= 5 and word.isalpha()]
    assert len(changed) == (1 if long else 0)
    for right, word in changed:
        assert right[0] == word[0]
        assert abs(len(right) - len(word)) <= 1
        assert len(set(right) ^ set(word)) <= 2


def test_slips_are_of_every_kind() -> None:
    slips = {misspell("gout attack", random.Random(seed)) for seed in range(300)}
    assert {"gout attcak", "gout atack", "gout attackk", "gout attuck"} <= slips


def test_forms_follow_the_shares() -> None:
    term = Term("chronic kidney disease", ("CKD",))
    rng = random.Random(1)
    assert form_of(term, "prose", (0.0, 0.0), rng) == Form(term.text, term.text)
    forms = {form_of(term, "prose", (1.0, 0.0), rng) for _ in range(50)}
    assert forms == {Form("CKD", "CKD"), Form(term.text, "CKD", "CKD")}
    wrong = form_of(Term("gouty tophus"), "prose", (1.0, 1.0), rng)
    assert wrong.first == wrong.later != "gouty tophus"
