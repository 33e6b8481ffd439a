"""What a record states against what is here: moves that the planted runs do not have."""

from __future__ import annotations

from typing import Any

import pytest

from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.reproduction import Here, PartNow, Stated, compare_stated
from medspan.diagnose.reproduction.aspects import _CARD_CAUSES, _DECODING_CAUSES
from medspan.evaluate.comparison import Row

RECORD: dict[str, Any] = {
    "config": {"bf16": False, "data": {"train": "a"}},
    "data": {"train": {"examples": 2, "files": {"a": "1"}}},
    "base_model": {"sha256": "b" * 20},
    "format": {"format": "compact", "instruction": None, "tokenizer_hash": "t" * 20},
    "decoding": {"max_new_tokens": 512, "batch_size": 32},
    "trained": {"dtype": "float32"},
    "packages": {"torch": "2"},
    "hardware": {"processor": "p", "threads": 2, "memory_gib": 4, "device": "cpu"},
    "code": {"sha256": "c" * 20},
}


def states(record: dict[str, Any], here: Here, purpose: Any = "evaluation", **stated: Any) -> dict[str, Any]:
    found = compare_stated(Stated(record, **stated), here, purpose, "test")
    return {one.name: one for one in found}


def test_nothing_here_is_unknown_and_not_moved() -> None:
    found = states(RECORD, Here())
    assert {one.state for one in found.values()} == {"unknown"}
    assert {one.state for one in states({}, Here()).values()} == {"unknown"}


def test_causes_are_those_of_the_catalogue() -> None:
    named = {*_CARD_CAUSES.values(), *_DECODING_CAUSES.values()}
    named |= {one.cause for one in states(RECORD, Here()).values() if one.cause}
    assert named <= set(CAUSES)


def test_the_precision_of_a_training_is_not_that_of_an_extraction() -> None:
    here = Here(dtype="bfloat16")
    assert states(RECORD, here)["dtype"].state == "unknown"
    assert states(RECORD, here, "training")["dtype"].state == "moved"
    auto = {**RECORD, "config": {"bf16": "auto"}}
    assert states(auto, here)["dtype"].state == "moved"
    assert states(auto, here, made={"dtype": "bfloat16"})["dtype"].state == "same"


def test_memory_and_batch_size_move_nothing() -> None:
    here = Here(hardware={"processor": "p", "threads": 2, "memory_gib": 64})
    assert states(RECORD, here)["hardware"].state == "same"
    made = {"decoding": {"max_new_tokens": 512, "batch_size": 1}}
    assert states(RECORD, here, made=made)["decoding"].state == "same"


@pytest.mark.parametrize(
    ("key", "value", "cause"),
    [
        ("instruction", "List them.", "wording-sensitive"),
        ("format", "sections", "parser-mismatch"),
        ("tokenizer_hash", "other", "tokenizer-mismatch"),
        ("read_twice", True, "template-mismatch"),
    ],
)
def test_an_edited_card(key: str, value: Any, cause: str) -> None:
    found = states(RECORD, Here(card={**RECORD["format"], key: value}))["format card"]
    assert (found.state, found.cause) == ("moved", cause)


@pytest.mark.parametrize(
    ("key", "value", "cause"),
    [
        ("max_new_tokens", 9, "output-truncated"),
        ("do_sample", True, "decoding-samples"),
        ("grammar", False, None),
    ],
)
def test_predictions_made_otherwise(key: str, value: Any, cause: str | None) -> None:
    made = {"decoding": {**RECORD["decoding"], key: value}}
    found = states(RECORD, Here(), made=made)["decoding"]
    assert (found.state, found.cause) == ("moved", cause)


def test_rows_that_went_into_another_part() -> None:
    rows = {name: Row(name, None, f"text {name}") for name in "abc"}
    here = Here(parts={"train": PartNow(("a",), rows, ()), "test": PartNow(("b", "c"), rows, ())})
    stated = {"train": ["a", "b"], "test": ["c"]}
    found = states(RECORD, here, "training", rows=stated)
    assert found["data: test"].now == "1 the same, 1 come from train"
    assert (found["data: train"].now, found["data: train"].state) == (
        "1 the same, 1 in another part now",
        "moved",
    )
