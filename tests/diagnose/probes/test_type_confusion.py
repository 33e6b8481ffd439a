"""Wrong types: planted exchanges, their origin in the references, and the mixed errors of healthy runs."""

from __future__ import annotations

import pytest

from medspan.core import Example
from medspan.diagnose.labels import disagreement
from medspan.diagnose.probes.type_confusion import TypeConfusion

from .planted_cases import answered, case, cleared, note, notes, right, row, suspected, untold
from .planted_models import Explained, ModelLab, without_model

PROBE = TypeConfusion()
EXCHANGED = {"Symptom": "Drug", "Drug": "Symptom"}


def retyped(example: Example, types: dict[str, str]) -> Example:
    """Predicted under other types."""
    assert example.reference is not None
    named = {one.text: types.get(one.type, one.type) for one in example.reference.mentions}
    return answered(example, named)


def relabelled(example: Example, types: dict[str, str]) -> Example:
    """A reference with other types."""
    assert example.reference is not None
    named = {one.text: types.get(one.type, one.type) for one in example.reference.mentions}
    return row(example.id, example.document.text, named)


def test_types_exchanged_throughout_are_named_with_what_right_ones_would_gain() -> None:
    test = notes("c", 30)
    predicted = [*(retyped(one, {"Symptom": "Drug"}) for one in test[:20]), *right(test[20:])]
    found = suspected(
        PROBE, case(parts={"train": notes("t", 20), "test": test}, predictions=predicted), without_model()
    )
    assert (found.cause, found.confidence, found.confirmed) == ("type-confusion", 0.65, False)
    assert found.effect is not None
    # 60 mentions, 20 of them missed and as many spurious: 2*40 / (2*40 + 40).
    assert found.effect.before == pytest.approx(2 / 3)
    assert found.effect.after == 1.0
    assert found.effect.sure
    assert found.evidence[0] == (
        "40 of 40 entity errors (100%) in 30 stored predictions are right strings under a wrong type"
    )
    assert found.evidence[1] == "predicted for reference: Drug for Symptom 40 times"
    assert "'pain-c0' (c0) is Symptom and was predicted as Drug" in found.evidence[2]


def test_a_confusion_of_the_training_references_is_its_origin() -> None:
    # Each of ten strings is listed twice under one type, and twice under the other.
    train = []
    for n in range(40):
        one = note(f"s{n % 10}")
        plain = row(f"t{n}", one.document.text, {f"pain-s{n % 10}": "Symptom"})
        train.append(relabelled(plain, {"Symptom": "Drug"} if n // 10 % 2 else {}))
    test = notes("c", 20)
    predicted = [*(retyped(one, EXCHANGED) for one in test[:6]), *right(test[6:])]
    found = suspected(
        PROBE, case(parts={"train": train, "test": test}, predictions=predicted), without_model()
    )
    assert found.confidence == 0.85
    assert "the references hold the confusion, its likely origin" in found.evidence[-1]
    assert found.evidence[-1].startswith("20 of 40 training mentions have a string that training mostly")
    assert "medspan audit DATA" in found.remedy


def test_an_origin_in_the_references_counts_among_other_errors_and_not_without_it() -> None:
    test = notes("c", 40)
    # Twelve mentions under the wrong type are 24 errors; 44 mentions are missed.
    predicted = [
        *(retyped(one, EXCHANGED) for one in test[:6]),
        *right(test[6:18]),
        *(answered(one, {}) for one in test[18:]),
    ]

    def named(train: list[Example]) -> float:
        parts = {"train": train, "test": test}
        return suspected(PROBE, case(parts=parts, predictions=predicted), without_model()).confidence

    assert named([relabelled(one, EXCHANGED) for one in test]) == 0.7
    assert named(notes("t", 40)) == pytest.approx(24 / 68)


def test_references_that_disagree_between_parts_are_told() -> None:
    test = notes("c", 20)
    train = [relabelled(one, EXCHANGED) for one in test]
    (line,) = disagreement(train, test)
    assert line.startswith("40 of 40 scored mentions whose string stands in training have another type there")
    assert disagreement(test, test) == ()
    assert disagreement([], test) == ()


def test_mixed_errors_of_a_weak_run_stay_a_note() -> None:
    test = notes("c", 40)
    some = [*({"Symptom": "Drug"} for _ in range(3)), *({"Drug": "Symptom"} for _ in range(3))]
    predicted = [retyped(one, types) for one, types in zip(test[:6], some, strict=True)]
    predicted += [answered(one, {}) for one in test[6:9]]
    predicted += right(test[9:])
    found = suspected(
        PROBE, case(parts={"train": notes("t", 20), "test": test}, predictions=predicted), without_model()
    )
    assert found.confidence == 0.4


def test_few_type_errors_clear_the_run() -> None:
    test = notes("c", 20)
    predicted = [retyped(test[0], EXCHANGED), *(answered(one, {}) for one in test[1:10]), *right(test[10:])]
    found = cleared(
        PROBE, case(parts={"train": notes("t", 20), "test": test}, predictions=predicted), without_model()
    )
    assert found.evidence[0].startswith("4 of 22 entity errors (18%)")


def test_no_error_at_all_clears_the_run() -> None:
    test = notes("c", 3)
    found = cleared(PROBE, case(parts={"test": test}, predictions=right(test)), without_model())
    assert found.evidence[0].startswith("0 of 0 entity errors (0%)")


def test_where_decoding_is_at_fault_the_mended_answers_are_looked_at() -> None:
    test = notes("c", 20)
    lab = ModelLab(explanation=Explained(("decoding-blocks-copying",)))
    lab.answers = lambda conditions, examples=None: right(test)  # type: ignore[method-assign,assignment]
    broken = [retyped(one, {"Symptom": "Drug"}) for one in test]
    found = cleared(PROBE, case(parts={"test": test}, predictions=broken), lab)
    assert "answers decoded again as in training" in found.evidence[0]


def test_without_predictions_and_model_nothing_is_told() -> None:
    assert untold(PROBE, case(parts={"test": [note("c")]}), without_model()).missing == "no model"
