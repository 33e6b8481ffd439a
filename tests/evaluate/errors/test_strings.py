"""When two strings name the same."""

from __future__ import annotations

import pytest

from medspan.evaluate.errors.strings import (
    defines_abbreviation,
    differ_in_case,
    differ_in_characters,
    similarity,
    squash,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("beta-blocker", "beta blocker"),
        ("IL\u20112", "il2"),
        ("β-catenin", "beta catenin"),
        ("Λ phage", "lambda-phage"),
        ("Sjögren's", "Sjogrens"),
        ("Na+", "na"),
    ],
)
def test_only_characters_differ(one: str, other: str) -> None:
    assert differ_in_characters(one, other)
    assert differ_in_characters(other, one)


@pytest.mark.parametrize(("one", "other"), [("ARF", "arf"), ("a b", "a  b"), ("+", "-"), ("IL-2", "IL-3")])
def test_other_differences_are_none_of_characters(one: str, other: str) -> None:
    assert not differ_in_characters(one, other)


def test_case_differs_only_where_the_rest_is_the_same() -> None:
    assert differ_in_case("Straße", "STRASSE")
    assert differ_in_case("renal  Failure", "renal failure")
    assert not differ_in_case("renal  failure", "renal failure")
    assert not differ_in_case("ARF", "ARF.")


def test_squash_keeps_letters_and_digits() -> None:
    assert squash("α-Tocopherol (1,2)") == "alphatocopherol12"
    assert squash("--") == ""


def test_similarity_is_nothing_below_a_near_copy() -> None:
    assert similarity("metforming", "metformin") == pytest.approx(100 * 18 / 19)
    assert similarity("naloxone", "alox") == 0


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
    assert defines_abbreviation(text.lower(), one, other) is defined
