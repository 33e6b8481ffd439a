"""What a row asks for, where only the end of its prompt says it."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.audit import Data, audit
from medspan.core import Document, Example
from medspan.format.compact import CompactCodec
from medspan.read import load_splits, write

from .conftest import found

TEXT = "Lithium caused tremor in patient number"


def asking(number: int, types: str, completion: str) -> Example:
    text = f"{TEXT} {number}."
    document = Document(
        f"{number} {types}",
        text,
        metadata={"prompt": f"{text}\n\nExtract: {types}\n", "completion": completion},
    )
    return Example(document, CompactCodec().parse(document, completion), source="compact")


def three(number: int) -> list[Example]:
    return [
        asking(number, "chemical", "chemical: Lithium;\n"),
        asking(number, "disease", "disease: tremor;\n"),
        asking(number, "influences", "influences: Lithium | tremor;\n"),
    ]


@pytest.mark.parametrize("check", ["conflicting-labels", "duplicate-example", "task-missing-from-split"])
def test_rows_that_ask_for_different_types_ask_different_questions(check: str) -> None:
    rows = [one for number in range(5) for one in three(number)]
    assert found(check, Data.of({"train": rows, "test": three(9)})) == []


def test_the_same_question_twice_is_still_found() -> None:
    rows = [*three(1), *three(2), asking(1, "chemical", "chemical: tremor;\n")]
    data = Data.of({"train": rows})
    (twice,) = found("duplicate-example", data)
    assert (twice.count, twice.of) == (1, 7)
    (conflict,) = found("conflicting-labels", data)
    assert (conflict.count, conflict.of) == (1, 1)


def test_the_types_are_the_tasks_of_the_splits() -> None:
    data = Data.of({"train": [*three(1), *three(2)], "test": three(3)[:2]})
    assert audit(data).to_json()["splits"]["train"]["tasks"].keys() == {"chemical", "disease", "influences"}
    (missing,) = found("task-missing-from-split", data)
    assert (missing.count, missing.split) == (1, "test")


def test_files_that_ask_for_their_own_types_have_no_tasks() -> None:
    train = [asking(number, "A; B", "A: Lithium;\nB: tremor;\n") for number in range(3)]
    data = Data.of({"train": train, "test": [asking(9, "A", "A: Lithium;\n")]})
    assert {row.task for row in data.rows} == {None}
    assert found("task-missing-from-split", data) == []


def test_the_three_tasks_written_as_compact(corpora: Path, tmp_path: Path) -> None:
    parts = load_splits(corpora / "chemical_disease_tasks" / "splits_20251111")
    for name, corpus in parts.items():
        write(tmp_path / f"{name}.jsonl", corpus, "compact")
    before, after = Data.of(parts), Data.of(load_splits(tmp_path))
    for check in ("conflicting-labels", "duplicate-example", "document-leak"):
        ours, theirs = found(check, before), found(check, after)
        assert [one.count for one in ours] == [one.count for one in theirs]
