"""What differs between records: planted differences in every group."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from medspan.evaluate.comparison import GROUPS, record_differences
from medspan.evaluate.comparison.page import grouped, shown_value
from medspan.evaluate.comparison.records import group_of


def record() -> dict[str, Any]:
    return {
        "config": {
            "output_dir": "runs/a",
            "data": {"train": "a/train.jsonl", "format": "auto"},
            "learning_rate": 0.001,
            "seed": 1,
            "method": "tag",
            "bf16": True,
        },
        "seed": 1,
        "data": {"train": {"files": {"a/train.jsonl": "f" * 64}, "examples": 3, "rows_sha256": "1"}},
        "base_model": {"name": "default", "sha256": "2"},
        "format": {"format": "compact", "schema": {"entity_types": ["Drug"]}, "tokenizer_hash": "3"},
        "decoding": {"repetition_penalty": 1.0},
        "trained": {"seconds": 10.0, "best_metric": 0.9},
        "packages": {"torch": "2.13.0"},
        "hardware": {"threads": 2},
        "code": {"sha256": "4"},
        "schema_version": 1,
    }


def changed(path: str, value: Any) -> dict[str, Any]:
    made = copy.deepcopy(record())
    place = made
    *folders, last = path.split(".")
    for name in folders:
        place = place[name]
    place[last] = value
    return made


@pytest.mark.parametrize(
    ("path", "value", "group"),
    [
        ("config.learning_rate", 0.002, "config"),
        ("config.data.format", "brat", "data"),
        ("data.train.rows_sha256", "9", "data"),
        ("format.schema.entity_types", ["Drug", "Disease"], "format"),
        ("decoding.repetition_penalty", 1.5, "decoding"),
        ("base_model.sha256", "9", "base model"),
        ("format.tokenizer_hash", "9", "base model"),
        ("config.method", "generate", "method"),
        ("packages.torch", "2.12.0", "packages"),
        ("hardware.threads", 8, "hardware"),
        ("code.sha256", "9", "code"),
        ("trained.best_metric", 0.8, "outcome"),
    ],
)
def test_a_planted_difference_is_the_only_one_found(path: str, value: Any, group: str) -> None:
    found = record_differences([record(), changed(path, value)])
    (one,) = found.found
    before = record()
    for name in path.split("."):
        before = before[name]
    assert (one.group, one.path, one.values, one.recorded) == (group, path, (before, value), (True, True))
    assert (found.by_nature, found.missing) == ((), ())
    assert group in GROUPS


def test_time_and_folders_are_left_out_and_listed() -> None:
    other = changed("trained.seconds", 99.0)
    other["config"]["output_dir"] = "elsewhere"
    other["config"]["data"]["train"] = "b/train.jsonl"
    other["data"]["train"]["files"] = {"b/train.jsonl": "f" * 64}
    found = record_differences([record(), other])
    assert found.found == ()
    assert [one.path for one in found.by_nature] == [
        "config.data.train",
        "config.output_dir",
        "data.train.file_names",
        "trained.seconds",
    ]
    assert found.by_nature[0].values == ("a/train.jsonl", "b/train.jsonl")
    # The content of a file is no matter of folders.
    other["data"]["train"]["files"] = {"b/train.jsonl": "e" * 64}
    (one,) = record_differences([record(), other]).found
    assert (one.path, one.values) == ("data.train.files", (["f" * 64], ["e" * 64]))


def test_a_key_that_one_record_lacks_is_told_apart_from_null() -> None:
    lacking = record()
    del lacking["config"]["method"]
    (one,) = record_differences([lacking, record(), changed("config.method", None)]).found
    assert (one.path, one.values, one.recorded) == ("config.method", (None, "tag", None), (False, True, True))
    assert [shown_value(one, place) for place in range(3)] == ["not recorded", "tag", "null"]


def test_a_missing_record_is_said_and_takes_no_part() -> None:
    found = record_differences([record(), None, changed("code.sha256", "9")])
    assert found.missing == (1,)
    assert [(one.path, one.recorded) for one in found.found] == [("code.sha256", (True, False, True))]
    assert record_differences([None, None]).found == ()


def test_an_empty_dictionary_says_nothing() -> None:
    assert record_differences([record(), changed("config.decoding", {})]).found == ()
    (one,) = record_differences(
        [changed("config.decoding", {}), changed("config.decoding", {"num_beams": 2})]
    ).found
    assert (one.path, one.values) == ("config.decoding.num_beams", (None, 2))


def test_truth_and_one_are_not_the_same() -> None:
    (one,) = record_differences([record(), changed("config.bf16", 1)]).found
    assert one.values == (True, 1)


def test_the_seed_is_told_once() -> None:
    other = changed("seed", 2)
    other["config"]["seed"] = 2
    assert [one.path for one in record_differences([record(), other]).found] == ["config.seed"]


def test_unknown_paths_are_configuration() -> None:
    assert group_of("config.new_option") == group_of("something") == "config"
    assert group_of("format.calibration.mention.slope") == "outcome"
    assert group_of("config.decoding.num_beams") == "decoding"


def test_groups_come_in_their_order_and_long_values_are_cut() -> None:
    other = changed("code.sha256", "ab" * 32)
    other["config"]["learning_rate"] = "x" * 500
    found = record_differences([record(), other])
    groups = grouped(found)
    assert [name for name, _ in groups] == ["config", "code"]
    assert shown_value(groups[0][1][0], 1, 20) == "x" * 19 + "\u2026"
    assert shown_value(groups[1][1][0], 1) == "abababababab"
