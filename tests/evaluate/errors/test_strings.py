"""When two strings name the same."""

from __future__ import annotations

import pytest

from medspan.evaluate.errors.strings import (
    abbreviations,
    casefolded,
    most_similar,
    squash,
)


def test_squash_keeps_letters_and_digits() -> None:
    assert squash("α-Tocopherol (1,2)") == "alphatocopherol12"
    assert squash("--") == ""


def test_the_first_of_the_most_similar_is_taken_and_never_the_string_itself() -> None:
    others = ["metfor", "metformin", "metforming", "metformine", "xmetformin"]
    assert most_similar("metformin", others) == "metforming"
    assert most_similar("metformix", others) == "metformin"
    # 2 * 4 / 10 characters in common is a near copy, 2 * 3 / 8 is none.
    assert most_similar("abcde", ["abcdx"]) == "abcdx"
    assert most_similar("abcd", ["abcx"]) is None
    assert most_similar("naloxone", ["naloxone"]) is None
    assert most_similar("naloxone", []) is None


@pytest.mark.parametrize(
    ("text", "one", "other", "defined"),
    [
        ("acute renal failure (ARF) came", "ARF", "acute renal failure", True),
        ("acute renal failure (ARF) came", "acute renal failure", "arf", True),
        ("ARF (acute renal failure) came", "ARF", "acute renal failure", True),
        ("renal failure (ARF) came", "renal failure", "ARF", False),
        ("acute renal failure (ARFs) came", "ARF", "acute renal failure", False),
        ("pseudoacute renal failure (ARF)", "ARF", "acute renal failure", False),
        ("acute renal failure. ARF came", "ARF", "acute renal failure", False),
        ("heat shock protein 70 (HSP70)", "HSP70", "heat shock protein 70", True),
        ("rash (1)", "1", "rash", False),
        ("ulcers (rash)", "rash", "ulcers", False),
        ("barf (rf)", "rf", "barf", False),
        (
            "a very long story of many words about cats (ac)",
            "ac",
            "a very long story of many words about cats",
            False,
        ),
    ],
)
def test_abbreviations_that_a_text_defines(text: str, one: str, other: str, defined: bool) -> None:
    one, other = casefolded(one), casefolded(other)
    told = abbreviations(text.lower(), [one, other, "came"])
    assert told == ({one: {other}, other: {one}} if defined else {})
