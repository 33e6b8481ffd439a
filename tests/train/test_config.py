from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medspan.core import ConfigError, InputError
from medspan.train import TrainConfig, load_config, make_config
from medspan.train.loop import learning_rate_at, steps_in_epoch

LEAST: dict[str, Any] = {"output_dir": "runs/x", "data": {"train": "train.jsonl"}}


def test_two_keys_suffice_and_overrides_are_typed(tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("output_dir: runs/x\ndata:\n  train: a.json\n")
    config = load_config(
        path,
        ["learning_rate=3e-4", "data.validation=b.json", "bf16=false", "decoding.repetition_penalty=1.5"],
    )
    assert config.learning_rate == 3e-4
    assert config.data.validation == "b.json"
    assert config.dtype == "float32"
    assert config.decoding_options.repetition_penalty == 1.5
    assert make_config(LEAST).dtype == "auto"
    assert make_config({**LEAST, "bf16": True}).dtype == "bfloat16"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"learning_rat": 1}, "learning_rat: no such key.*did you mean learning_rate"),
        ({"zzzz": 1}, "zzzz: no such key.*the keys are: output_dir, data"),
        ({"validation": "x"}, "validation: no such key.*did you mean data.validation"),
        (
            {"data": {"train": "a", "validatoin": "b"}},
            r"data\.validatoin: no such key.*did you mean data.validation",
        ),
        ({"data": {}}, r"data\.train: missing"),
        ({"learning_rate": -1}, "learning_rate: -1.*greater than 0"),
        ({"learning_rate": float("nan")}, "learning_rate: nan"),
        ({"lora_dropout": 1}, "lora_dropout: 1.*less than 1"),
        ({"format": "bioc"}, "format: 'bioc'.*'compact', 'sections' or 'tasks'"),
        ({"num_train_epochs": "many"}, "num_train_epochs: 'many'"),
        ({"decoding": {"repetition_penalti": 2}}, r"decoding\.repetition_penalti.*mean repetition_penalty"),
        ({"format": "sections", "read_twice": True}, "read_twice: has no meaning in format: sections"),
        ({"format": "tasks", "instruction": "Find it."}, "instruction: has no meaning.*format: sections"),
        ({"decoding": {"top_p": 2.0}}, r"decoding\.top_p: 2\.0"),
    ],
)
def test_a_wrong_key_or_value_is_named_with_its_path(more: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make_config({**LEAST, **more})


def test_a_missing_output_dir_is_named() -> None:
    with pytest.raises(ConfigError, match="output_dir: missing"):
        make_config({"data": {"train": "a"}})


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("learning_rate", "'learning_rate' is no override"),
        ("=3", "'=3' is no override"),
        ("output_dir.x=3", "output_dir holds no further keys"),
        ("data.trian=x", r"data\.trian: no such key.*did you mean data.train"),
    ],
)
def test_a_wrong_override_is_refused(override: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text("output_dir: runs/x\ndata:\n  train: a.json\n")
    with pytest.raises(ConfigError, match=message):
        load_config(path, [override])


@pytest.mark.parametrize(
    ("content", "message"), [("", "holds no keys"), ("- a\n", "holds no keys"), ("a: [", "is no YAML")]
)
def test_a_file_that_is_no_configuration_is_refused(content: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(content)
    with pytest.raises(ConfigError, match=message):
        load_config(path)
    with pytest.raises(InputError, match="does not exist"):
        load_config(tmp_path / "gone.yaml")


def configured(**more: Any) -> TrainConfig:
    return make_config({**LEAST, "learning_rate": 1.0, "warmup_ratio": 0.2, **more})


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        ("linear", [0.5, 1.0, 1.0, 0.875, 0.75, 0.625, 0.5, 0.375, 0.25, 0.125]),
        ("constant", [0.5, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]),
        ("cosine", [0.5, 1.0, 1.0, 0.961940, 0.853553, 0.691342, 0.5, 0.308658, 0.146447, 0.038060]),
    ],
)
def test_the_rate_warms_up_and_follows_its_schedule(schedule: str, expected: list[float]) -> None:
    config = configured(lr_scheduler_type=schedule)
    assert [learning_rate_at(config, step, 10) for step in range(10)] == pytest.approx(expected, abs=1e-6)


def test_without_warmup_the_first_step_has_the_full_rate() -> None:
    assert learning_rate_at(configured(warmup_ratio=0.0), 0, 10) == 1.0


def test_steps_of_an_epoch_count_the_last_part_groups() -> None:
    config = configured(per_device_train_batch_size=8, gradient_accumulation_steps=2)
    assert [steps_in_epoch(n, config, 1) for n in (1, 16, 17, 33)] == [1, 1, 2, 3]
    assert steps_in_epoch(33, config, 2) == 2
