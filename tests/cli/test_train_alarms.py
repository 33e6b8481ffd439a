"""Alarms as `medspan train` tells them, and `--strict`, on a tiny random model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Cli

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("one_thread")]

ID = "decoding-blocks-copying"
BLOCKED = "decoding.repetition_penalty=1.5"


@pytest.fixture
def config(tmp_path: Path, tiny_base: Path, corpus: Path) -> Path:
    path = tmp_path / "config.yaml"
    data = {
        "output_dir": str(tmp_path / "run"),
        "base_model": str(tiny_base),
        "data": {"train": str(corpus / "train.jsonl")},
        "max_steps": 3,
        "eval_steps": 2,
        "logging_steps": 1,
        "per_device_train_batch_size": 4,
        "device": "cpu",
        "bf16": False,
    }
    path.write_text(yaml.safe_dump(data))
    return path


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_an_alarm_is_told_and_the_training_goes_on(cli: Cli, config: Path, tmp_path: Path) -> None:
    done = cli("train", config, BLOCKED, "--json", tmp_path / "r.json")
    assert done.code == 0
    assert done.err.count(f"alarm at step 0, {ID}: repetition_penalty=1.5 makes each token unlikely") == 1
    assert f"alarm at step 0, {ID}: " in done.out
    assert "  what to do: decode without them: decoding.repetition_penalty=1.0" in done.out
    trained = read(tmp_path / "r.json")["trained"]
    assert (trained["finished"], trained["stopped_by"]) == (True, None)
    (alarm,) = trained["alarms"]
    assert set(alarm) == {"step", "alarm", "message", "remedy", "figures"}
    assert (alarm["alarm"], alarm["step"], alarm["figures"]["repetition_penalty"]) == (ID, 0, 1.5)
    shown = cli("curves", tmp_path / "run", "--json", tmp_path / "c.json")
    assert shown.code == 0
    assert [step for step, _ in read(tmp_path / "c.json")["curves"]["loss"]] == [1, 2, 3]


def test_strict_stops_with_exit_code_1_and_resume_goes_on(cli: Cli, config: Path, tmp_path: Path) -> None:
    stopped = cli("train", config, BLOCKED, "--strict", "--quiet", "--json", tmp_path / "r.json")
    assert (stopped.code, stopped.err) == (1, "")
    assert f"alarm at step 0, {ID}: repetition_penalty=1.5" in stopped.out
    assert f"stopped by {ID} at step 0; nothing was trained yet: medspan train" in stopped.out
    assert "Next:" not in stopped.out
    trained = read(tmp_path / "r.json")["trained"]
    assert (trained["finished"], trained["stopped_by"], trained["steps"]) == (False, ID, 0)
    gone_on = cli("train", tmp_path / "run" / "config.yaml", "--resume")
    assert gone_on.code == 0
    assert read(tmp_path / "run" / "record.json")["trained"]["finished"] is True


def test_a_training_that_diverges_ends_with_1_also_without_strict(
    cli: Cli, config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from medspan.train.methods import Generate

    make_loss = Generate.make_loss

    def planted(self: Generate, model: Any) -> Any:
        module, calls = make_loss(self, model), [0]
        forward = module.forward

        def broken(*tensors: Any) -> Any:
            calls[0] += 1
            return forward(*tensors) * (float("inf") if calls[0] > 2 else 1.0)

        module.forward = broken
        return module

    monkeypatch.setattr(Generate, "make_loss", planted)
    done = cli("train", config, "--json", tmp_path / "r.json")
    assert done.code == 1
    assert "stopped by diverged at step 3; checkpoint 2 is kept: medspan train" in done.out
    assert "Traceback" not in done.err
    (alarm,) = read(tmp_path / "r.json")["trained"]["alarms"]
    assert (alarm["alarm"], alarm["step"]) == ("diverged", 3)
    assert alarm["figures"]["loss"] == "inf"


def test_strict_is_silent_on_a_healthy_training(cli: Cli, config: Path, tmp_path: Path) -> None:
    done = cli("train", config, "--strict", "--json", tmp_path / "r.json")
    assert done.code == 0
    assert "alarm" not in done.err + done.out
    assert read(tmp_path / "r.json")["trained"]["alarms"] == []
