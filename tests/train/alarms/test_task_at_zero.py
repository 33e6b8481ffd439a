from __future__ import annotations

from typing import Any

from .conftest import at_evaluation, evaluated, example, look


def scored(entities: float | None, relations: float | None) -> dict[str, Any]:
    return {"all": {"entities": entities, "relations": relations}}


NONE = [scored(0.5, 0.0), scored(0.8, 0.0)]
ROWS = [example(number) for number in range(30)]


def test_a_task_at_zero_twice_is_said() -> None:
    (raised,) = at_evaluation("task-at-zero", look(history=evaluated(*NONE), examples=ROWS, validation=ROWS))
    assert raised.id == "undertrained"
    assert raised.figures == {"at_zero": "relations", "best": "entities", "best_f1": 0.8}
    assert "for relations (0 of 8 found), while entities has 0.800" in raised.message


def test_too_few_training_rows_are_named_as_the_cause() -> None:
    few = [example(number, relations=number == 0) for number in range(100)]
    (raised,) = at_evaluation("task-at-zero", look(history=evaluated(*NONE), examples=few, validation=ROWS))
    assert raised.id == "split-imbalance"
    assert "relations (1.0% of the rows, in validation 100.0%)" in raised.message
    assert "medspan split" in raised.remedy


def test_tasks_of_rows_are_named() -> None:
    found = [example(n, task="influences" if n % 2 else "chemicals") for n in range(12)]
    scores = {**scored(0.4, 0.0), "chemicals": {"entities": 0.8, "relations": None}}
    scores["influences"] = {"entities": None, "relations": 0.0}
    many = {"examples": found, "validation": found}
    (raised,) = at_evaluation("task-at-zero", look(found, history=evaluated(scores, scores), **many))
    assert raised.figures["at_zero"] == "influences (relations)"


def test_what_may_still_come_is_let_pass() -> None:
    once = evaluated(scored(0.5, 0.1), scored(0.8, 0.0))
    both = evaluated(scored(0.0, 0.0), scored(0.1, 0.0))
    undefined = evaluated(scored(0.5, None), scored(0.8, None))
    looks = [look(history=one) for one in (once, both, undefined, evaluated(NONE[1]))]
    looks.append(look(history=evaluated(*NONE), step=49))
    # None found of four reference relations may be chance.
    looks.append(look([example(n, relations=n < 4) for n in range(8)], history=evaluated(*NONE)))
    assert at_evaluation("task-at-zero", *looks) == []
