from __future__ import annotations

from .conftest import before, example


def tasked(count: int, *tasks: str) -> list[object]:
    return [example(number, task=tasks[number % len(tasks)]) for number in range(count)]


def test_a_validation_part_of_one_task_is_said() -> None:
    (raised,) = before(
        "task-missing",
        examples=tasked(60, "chemicals", "diseases", "influences"),
        validation=tasked(30, "influences"),
    )
    assert raised.id == "task-missing-from-split"
    assert raised.figures["not_validated"] == "chemicals, diseases"
    assert raised.figures["training_rows"] == "chemicals 20, diseases 20, influences 20"
    assert "validation has no row of chemicals, diseases" in raised.message
    assert "medspan split" in raised.remedy


def test_a_task_without_training_rows_is_said() -> None:
    (raised,) = before(
        "task-missing", examples=tasked(60, "chemicals"), validation=tasked(4, "chemicals", "influences")
    )
    assert (raised.figures["not_trained"], raised.figures["not_validated"]) == ("influences", None)
    assert "influences is validated, but has no training row" in raised.message


def test_rows_that_name_no_task_ask_for_what_they_hold() -> None:
    bare = [example(number, relations=False) for number in range(12)]
    (raised,) = before("task-missing", examples=[example(n) for n in range(30)], validation=bare)
    assert raised.figures["not_validated"] == "relations"
    assert before("task-missing", examples=bare, validation=bare) == []


def test_a_rare_task_may_be_missing_by_chance() -> None:
    rare = [*tasked(95, "chemicals"), *tasked(5, "influences")]
    assert before("task-missing", examples=rare, validation=tasked(30, "chemicals")) == []
    assert len(before("task-missing", examples=rare, validation=tasked(300, "chemicals"))) == 1


def test_a_training_without_validation_is_let_pass() -> None:
    assert before("task-missing", examples=tasked(60, "chemicals", "diseases")) == []
