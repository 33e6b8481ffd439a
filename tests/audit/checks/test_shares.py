"""task-missing-from-split, task-share-drift, type-share-drift."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.audit import Data
from medspan.audit.shares import drifts
from medspan.core import Example

from ..conftest import found, row
from ..listed_rows import corpus


def asked(**counts: int) -> list[Example]:
    return [
        row(f"{task}{n}", f"{task} {n}", task=task) for task, count in counts.items() for n in range(count)
    ]


def test_a_task_that_a_split_lacks_is_named() -> None:
    data = Data.of({"train": asked(a=4, b=2), "validation": asked(a=2, b=1), "test": asked(b=3)})
    (finding,) = found("task-missing-from-split", data)
    assert (finding.count, finding.of, finding.split) == (1, 2, "test")
    assert finding.examples == ("a: no row in test; rows elsewhere: train 4, validation 2",)
    assert found("task-missing-from-split", Data.of({"train": asked(a=4)})) == []


def test_rows_without_tasks_are_looked_at_for_entities_and_relations() -> None:
    both = row("1", "Aspirin: rash.", ("Aspirin", "D"), ("rash", "S"), relations=[("Aspirin", "r", "rash")])
    data = Data.of({"train": [both], "test": [row("2", "Lithium.", ("Lithium", "D"))]})
    (finding,) = found("task-missing-from-split", data)
    assert (finding.split, finding.count, finding.of) == ("test", 1, 2)
    assert found("task-missing-from-split", Data.of({"train": [both], "test": [both]})) == []


def test_shares_that_drift_are_named_with_their_sizes() -> None:
    data = Data.of({"train": asked(a=500, b=500), "test": asked(a=80, b=20)})
    (finding,) = found("task-share-drift", data)
    assert (finding.count, finding.of, finding.split, finding.against) == (2, 2, "test", "train")
    assert "a 80.0% against 50.0%" in finding.message
    assert finding.severity == "error"
    (mild,) = found("task-share-drift", Data.of({"train": asked(a=500, b=500), "test": asked(a=700, b=300)}))
    assert mild.severity == "warning"


def test_equal_and_small_differences_are_quiet() -> None:
    for test in (asked(a=50, b=50), asked(a=54, b=46), asked(a=8, b=2)):
        assert found("task-share-drift", Data.of({"train": asked(a=500, b=500), "test": test})) == []


def test_false_alarms_are_as_rare_as_stated() -> None:
    # 3,000 comparisons of two random parts of one population: 0.001 of them may alarm, and fewer do
    # because of the five points.
    rng = random.Random(5)
    alarms = 0
    for _ in range(3000):
        drawn = [sum(rng.random() < 0.3 for _ in range(400)) for _ in range(2)]
        alarms += bool(drifts({"a": drawn[0]}, 400, {"a": drawn[1]}, 400))
    assert alarms <= 9


@settings(max_examples=100)
@given(st.integers(0, 300), st.integers(1, 300), st.integers(0, 300), st.integers(1, 300))
def test_drifts_do_not_depend_on_the_side(one: int, more: int, two: int, further: int) -> None:
    size, other = one + more, two + further
    here = drifts({"a": one}, size, {"a": two}, other)
    there = drifts({"a": two}, other, {"a": one}, size)
    assert [(d.share, d.other) for d in here] == [(d.other, d.share) for d in there]


def test_types_are_compared_within_their_task() -> None:
    def rows(signs: int, count: int, task: str | None = None) -> list[Example]:
        return [
            row(
                f"{n}",
                f"Aspirin {n} rash",
                ("Aspirin", "D"),
                *([("rash", "S")] if n < signs else []),
                task=task,
            )
            for n in range(count)
        ]

    (finding,) = found("type-share-drift", Data.of({"train": rows(500, 1000), "test": rows(20, 100)}))
    assert (finding.count, finding.of, finding.split, finding.against) == (1, 2, "test", "train")
    assert "S 20.0% against 50.0%" in finding.message
    assert found("type-share-drift", Data.of({"train": rows(500, 1000), "test": rows(52, 100)})) == []
    # Other shares of tasks are not other shares of types within them.
    parts = {
        "train": rows(500, 1000, "x") + rows(0, 100, "y"),
        "test": rows(50, 100, "x") + rows(0, 100, "y"),
    }
    assert found("type-share-drift", Data.of(parts)) == []


def test_the_unshuffled_split_starves_training_of_relations(corpora: Path) -> None:
    data = corpus(corpora / "chemical_disease_tasks" / "splits_unshuffled")
    missing = {one.split: (one.count, one.of) for one in found("task-missing-from-split", data)}
    assert missing == {"validation": (2, 3), "test": (2, 3)}
    shares = {one.split: one for one in found("task-share-drift", data)}
    assert set(shares) == {"validation", "test"}
    for one in shares.values():
        assert "influences 100.0% against 16.7%" in one.message
        assert one.severity == "error"


def test_stratified_and_official_splits_are_quiet(corpora: Path) -> None:
    for folder in ("splits_20251106", "splits_20251108", "splits_20251111", "splits_cleaned_20251113"):
        data = corpus(corpora / "chemical_disease_tasks" / folder)
        for check in ("task-missing-from-split", "task-share-drift", "type-share-drift"):
            assert found(check, data) == [], (folder, check)
    data = corpus(corpora / "bc5cdr", "pubtator")
    for check in ("task-missing-from-split", "task-share-drift", "type-share-drift"):
        assert found(check, data) == [], check


def test_combined_data_hold_other_types_in_validation(corpora: Path) -> None:
    (finding,) = found("type-share-drift", corpus(corpora / "combined_2026"))
    assert finding.count == 2
    assert "Disease 55.1% against 15.8%" in finding.message
