"""Wrong boundaries: planted shifts, their origin in the references, and natural disagreements."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Example
from medspan.diagnose.boundaries import disagreement, side_of
from medspan.diagnose.probes.boundary_errors import BoundaryErrors

from .planted_cases import answered, case, cleared, notes, right, row, suspected, untold
from .planted_models import without_model

PROBE = BoundaryErrors()


def dosed(prefix: str, count: int, *, whole: bool = True) -> list[Example]:
    """Notes with a drug and its dose; the reference lists both as one mention, or the drug alone."""
    return [
        row(
            f"{prefix}{n}",
            f"Patient {prefix}{n} took drugol{n % 7} 500 mg and had headache{n} today.",
            {f"drugol{n % 7}" + (" 500 mg" if whole else ""): "Drug", f"headache{n}": "Symptom"},
        )
        for n in range(count)
    ]


def short(example: Example) -> Example:
    """Predicted without the dose."""
    assert example.reference is not None
    return answered(example, {one.text.split()[0]: one.type for one in example.reference.mentions})


def test_the_same_side_and_words_throughout_are_named() -> None:
    test = dosed("c", 30)
    found = suspected(
        PROBE,
        case(parts={"train": dosed("t", 20), "test": test}, predictions=[short(one) for one in test]),
        without_model(),
    )
    assert (found.cause, found.confidence, found.confirmed) == ("boundary-errors", 0.65, False)
    assert found.effect is not None
    # Half of 60 mentions are right: 2*30 / (2*30 + 30 + 30).
    assert (found.effect.before, found.effect.after) == (pytest.approx(0.5), 1.0)
    assert found.evidence[0].startswith("60 of 60 entity errors (100%) in 30 stored predictions")
    assert found.evidence[1] == "predictions have less at the right (60 times)"
    assert found.evidence[2] == "most often: '500 mg' left out 60 times"
    assert found.evidence[3].startswith("for example 'drugol0' for 'drugol0 500 mg' (c0)")


def test_references_that_disagree_are_the_origin() -> None:
    test, train = dosed("c", 30), dosed("t", 30, whole=False)
    predicted = [*(short(one) for one in test[:10]), *right(test[10:])]
    found = suspected(
        PROBE, case(parts={"train": train, "test": test}, predictions=predicted), without_model()
    )
    assert found.confidence == 0.85
    assert (
        "at 30 of 30 places where a scored string stands in a training text, training labels only a part "
        "of it ('drugol0' of 'drugol0 500 mg'): the references disagree about boundaries, which is the "
        "likely origin"
    ) in found.evidence
    assert any(
        "strings of Drug have 1.00 words in training and 3.00 in the scored" in one for one in found.evidence
    )
    assert "medspan audit" in found.remedy


def test_an_origin_in_the_references_counts_among_other_errors_and_not_without_it() -> None:
    """20 of 60 entity errors are wrong boundaries, the rest are missed mentions."""
    test = dosed("c", 30)
    predicted = [*(short(one) for one in test[:10]), *(answered(one, {}) for one in test[10:])]

    def named(train: list[Example]) -> float:
        parts = {"train": train, "test": test}
        return suspected(PROBE, case(parts=parts, predictions=predicted), without_model()).confidence

    assert named(dosed("t", 30, whole=False)) == 0.7
    assert named(dosed("t", 30)) == pytest.approx(1 / 3)


def test_equal_references_agree_and_a_string_within_a_longer_one_says_nothing() -> None:
    test = dosed("c", 30)
    assert disagreement(test, test) == ()
    nested = [row(f"n{n}", "It was drugol1 500 mg.", {"drugol1 500 mg": "Drug"}) for n in range(30)]
    assert disagreement(nested, [row("x", "Then drugol1 alone.", {"drugol1": "Drug"})]) == ()


def test_errors_at_all_sides_of_a_few_mentions_stay_a_note() -> None:
    """As healthy ADE models do: half of the errors are boundaries, a tenth of the mentions."""
    test = dosed("c", 40)
    predicted = [
        short(one)
        if place < 4
        else answered(one, {f"took drugol{place % 7} 500 mg": "Drug", f"headache{place}": "Symptom"})
        if place < 8
        else one
        for place, one in enumerate(right(test))
    ]
    found = suspected(
        PROBE, case(parts={"train": dosed("t", 40), "test": test}, predictions=predicted), without_model()
    )
    assert found.confidence == 0.4


def test_missed_mentions_are_no_boundary_errors() -> None:
    test = dosed("c", 20)
    predicted = [answered(one, {}) for one in test]
    found = cleared(
        PROBE, case(parts={"train": dosed("t", 20), "test": test}, predictions=predicted), without_model()
    )
    assert found.evidence[0].startswith("0 of 40 entity errors (0%)")


def test_without_predictions_and_model_nothing_is_told() -> None:
    assert untold(PROBE, case(parts={"test": notes("c", 1)}), without_model()).missing == "no model"


@pytest.mark.parametrize(
    ("reference", "predicted", "expected"),
    [
        ("metformin", "metformin 500 mg", [("right-more", "500 mg")]),
        ("severe rash", "Rash", [("left-less", "severe")]),
        ("old severe rash now", "severe rash", [("left-less", "old"), ("right-less", "now")]),
        ("renal failure", "failure of kidney", [("across", "")]),
    ],
)
def test_sides(reference: str, predicted: str, expected: list[tuple[str, str]]) -> None:
    assert side_of(reference, predicted) == expected


@given(st.lists(st.sampled_from(["a", "bb", "ccc"]), min_size=1, max_size=4), st.integers(1, 3))
def test_what_is_added_is_what_would_be_left_out(words: list[str], more: int) -> None:
    one, other = " ".join(words), " ".join([*words, *["zz"] * more])
    assert [(side.replace("more", "less"), text) for side, text in side_of(one, other)] == side_of(other, one)


def test_a_third_of_the_training_references_with_a_word_more_is_seen_and_none_is_not() -> None:
    def listed_as(prefix: str, count: int, longer: int) -> list[Example]:
        return [
            row(
                f"{prefix}{n}",
                f"Then {prefix}{n} gave drugol{n} today.",
                {f"gave drugol{n}" if n % 3 < longer else f"drugol{n}": "Drug"},
            )
            for n in range(count)
        ]

    test = listed_as("c", 40, 0)
    (line,) = disagreement(listed_as("t", 200, 1), test)
    assert line.startswith(
        "strings of Drug have 1.33 words in training and 1.00 in the scored part (means of 200"
    )
    assert disagreement(listed_as("t", 200, 0), test) == ()
