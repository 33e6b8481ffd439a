"""Answers that stand beside other documents than those that they answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from medspan.core import Annotation, Example, UnalignedMention
from medspan.diagnose.base import Said
from medspan.diagnose.case import Case
from medspan.diagnose.probes.answers_displaced import AnswersDisplaced

from .planted_cases import PlantedLab, answered, case, notes, right, row, suspected

PROBE = AnswersDisplaced()


def said(of: Case) -> list[Said]:
    return list(PROBE.examine(of, PlantedLab()))  # type: ignore[arg-type]


def strings(annotation: Annotation) -> Annotation:
    """An annotation as it is read from an answer beside another text."""

    def lost(item: Any) -> Any:
        return UnalignedMention(item.type, item.text, "not-in-text")

    relations = tuple(replace(one, head=lost(one.head), tail=lost(one.tail)) for one in annotation.relations)
    return Annotation((), tuple(map(lost, annotation.mentions)), relations)


def beside(example: Example, answer: Annotation) -> Example:
    return example.with_prediction(strings(answer), "an answer", False)


def displaced(rows: list[Example], of: list[int]) -> list[Example]:
    """The rows, each with the answer to the row of that number."""
    return [
        answered(one) if place == other else beside(one, rows[other].reference or Annotation())
        for place, (one, other) in enumerate(zip(rows, of, strict=True))
    ]


@pytest.mark.parametrize(
    ("of", "told"),
    [
        ([*range(1, 10), 0], ": 9 of them from that 1 row further on"),
        ([9, *range(9)], ": 9 of them from that 1 row before"),
        ([0, 1, *range(4, 10), 2, 3], ": 6 of them from that 2 rows further on"),
        ([9 - place for place in range(10)], ", in no order"),
    ],
    ids=["one on", "one back", "from the middle on", "turned"],
)
def test_answers_beside_other_rows_are_found_and_scored_beside_their_own(of: list[int], told: str) -> None:
    rows = notes("d1", 10)
    found = suspected(PROBE, case(parts={"test": rows}, predictions=displaced(rows, of)))
    assert (found.cause, found.confidence, found.confirmed) == ("data-changed", 0.97, True)
    moved = sum(place != other for place, other in enumerate(of))
    assert found.evidence[0] == (
        f"{moved} of 10 stored answers that name 2 strings or more have few or none from their own document, "
        f"and all from one other of test{told}"
    )
    assert found.effect is not None
    assert (found.effect.before, found.effect.after) == (pytest.approx(1 - moved / 10), 1.0)
    assert {"wrong-base-model", "precision-mismatch", "type-confusion"} <= set(found.explains)
    assert "memorised" not in found.explains


def test_answers_beside_their_own_documents_exclude_no_other_change_of_the_data() -> None:
    rows = notes("d1", 10)
    assert said(case(parts={"test": rows}, predictions=right(rows))) == []


def test_what_a_model_invents_is_not_taken_for_the_answer_to_another_document() -> None:
    """Two strings of a closed vocabulary each, whatever the text says: some other texts have them both."""
    drugs, symptoms = [f"drug{n}" for n in range(5)], [f"pain{n}" for n in range(5)]
    rows = [
        row(
            f"d{n}",
            f"{drugs[n % 5]} for {symptoms[n // 5]}.",
            {drugs[n % 5]: "Drug", symptoms[n // 5]: "Pain"},
        )
        for n in range(25)
    ]
    stored = [beside(one, rows[(7 * n + 3) % 5].reference or Annotation()) for n, one in enumerate(rows)]
    assert said(case(parts={"test": rows}, predictions=stored)) == []


def test_a_few_answers_that_fit_another_document_are_none_of_many_that_fit_nowhere() -> None:
    rows = [*notes("d1", 10), *notes("e1", 10)]
    nowhere = [one.reference or Annotation() for one in notes("f1", 20)]
    stored = [
        beside(one, rows[(place + 1) % 6].reference or Annotation() if place < 6 else nowhere[place])
        for place, one in enumerate(rows)
    ]
    assert said(case(parts={"test": rows}, predictions=stored)) == []


def test_answers_that_say_little_tell_nothing() -> None:
    rows = notes("d", 3)
    assert said(case(parts={"test": rows}, predictions=displaced(rows, [1, 2, 0]))) == []
