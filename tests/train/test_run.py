"""Whole runs on a tiny random model: it learns, it repeats, it resumes, and it refuses what would mislead."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from medspan.core import ConfigError
from medspan.extract import DecodingOptions, load_extractor
from medspan.read import load
from medspan.train import train
from medspan.train.callbacks.checkpoint import saved_steps

from .conftest import configured, quiet

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("one_thread")]


def weights(run: Path) -> bytes:
    return (run / "adapter" / "adapter_model.safetensors").read_bytes()


def test_a_model_learns_twenty_examples_and_extracts_them(tmp_path: Path, base: str, rows: str) -> None:
    config = configured(
        tmp_path / "run", base, rows, max_steps=120, eval_steps=120, data={"validation": rows}
    )
    run = train(config, report=quiet, bar=False)
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in log if "loss" in line]
    assert losses[-1] < 0.05 * losses[0]
    examples = load(rows, format="auto", split="train").examples
    extractor = load_extractor(run, DecodingOptions(), device="cpu", dtype="float32")
    for example in extractor.extract(examples):
        assert example.predicted is not None
        assert example.reference is not None
        assert {m.text for m in example.predicted.mentions} == {m.text for m in example.reference.mentions}
        assert len(example.predicted.relations) == 1
    record = json.loads((run / "record.json").read_text())
    assert record["trained"]["finished"] is True
    assert record["trained"]["best_metric"] == 1.0
    assert record["data"]["train"]["examples"] == 20


def test_two_runs_with_one_seed_give_the_same_bytes(tmp_path: Path, base: str, rows: str) -> None:
    runs = [
        train(configured(tmp_path / name, base, rows, **more), report=quiet, bar=False)
        for name, more in (("a", {}), ("b", {}), ("c", {"seed": 1}))
    ]
    assert weights(runs[0]) == weights(runs[1]) != weights(runs[2])


class Killed(Exception):
    pass


def killed_after_step(config: Any, step: int) -> None:
    """Train until the evaluation of `step` has been reported, and die there."""

    def report(line: str) -> None:
        if line.startswith(f"step {step}:"):
            raise Killed

    with pytest.raises(Killed):
        train(config, report=report, bar=False)


def test_a_resumed_run_ends_as_an_unbroken_one(tmp_path: Path, base: str, rows: str) -> None:
    more: dict[str, Any] = {
        "lora_dropout": 0.1,  # the generator has to be restored too
        "data": {"validation": rows},
        "eval_samples": 2,
        "decoding": {"max_new_tokens": 10},
    }
    whole = train(configured(tmp_path / "whole", base, rows, **more), report=quiet, bar=False)
    broken = configured(tmp_path / "broken", base, rows, **more)
    killed_after_step(broken, 4)
    assert saved_steps(tmp_path / "broken") == [2]
    # What a crash in the middle of saving leaves behind does not count.
    (tmp_path / "broken" / "checkpoints" / ".step-4.tmp").mkdir()
    (tmp_path / "broken" / "checkpoints" / "step-5").mkdir()
    heard: list[str] = []
    run = train(broken, resume=True, report=heard.append, bar=False)
    assert "resumed at step 2 of 6" in heard
    assert saved_steps(run)[-1] == 6
    last = "checkpoints/step-6/adapter_model.safetensors"
    assert (run / last).read_bytes() == (whole / last).read_bytes()
    assert weights(run) == weights(whole)
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    assert [line["alarm"] for line in log if "alarm" in line] == ["output-truncated"]  # by max_new_tokens
    assert [line["step"] for line in log if "alarm" not in line] == [1, 2, 2, 3, 4, 4, 5, 6, 6]


def test_accumulated_gradients_are_those_of_the_whole_batch(tmp_path: Path, base: str, rows: str) -> None:
    def first_steps(name: str, size: int, accumulation: int) -> list[tuple[float, float]]:
        config = configured(
            tmp_path / name,
            base,
            rows,
            data={"max_train_samples": 16},
            per_device_train_batch_size=size,
            gradient_accumulation_steps=accumulation,
            max_steps=3,
        )
        run = train(config, report=quiet, bar=False)
        log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
        return [(line["loss"], line["grad_norm"]) for line in log]

    whole, parts = first_steps("whole", 16, 1), first_steps("parts", 8, 2)
    assert len(whole) == 3
    for one, other in zip(whole, parts, strict=True):
        assert one == pytest.approx(other, rel=1e-3)


def test_a_folder_with_a_run_is_not_written_over(tmp_path: Path, base: str, rows: str) -> None:
    config = configured(tmp_path / "run", base, rows, max_steps=2)
    before = weights(train(config, report=quiet, bar=False))
    with pytest.raises(ConfigError, match=r"already holds a run.*--resume"):
        train(config, report=quiet, bar=False)
    changed = config.model_copy(update={"learning_rate": 0.5})
    with pytest.raises(ConfigError, match=r"learning_rate \(now 0\.5, then 0\.01\).*learning_rate=0\.01"):
        train(changed, resume=True, report=quiet, bar=False)
    assert weights(tmp_path / "run") == before
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="is a file"):
        train(config.model_copy(update={"output_dir": str(tmp_path / "file")}), report=quiet, bar=False)


def test_a_resumed_run_names_the_overrides_that_were_left_out(tmp_path: Path, base: str, rows: str) -> None:
    config = configured(tmp_path / "run", base, rows, max_steps=2)
    train(config, report=quiet, bar=False)
    data = config.data.model_copy(update={"max_train_samples": 3})
    changed = config.model_copy(update={"data": data, "logging_steps": 5})
    with pytest.raises(
        ConfigError, match=r"configuration: data\.max_train_samples \(now 3, then None\)"
    ) as told:
        train(changed, resume=True, report=quiet, bar=False)
    assert "repeat them: data.max_train_samples=null" in str(told.value)


def test_a_run_is_not_resumed_on_other_rows(tmp_path: Path, base: str, rows: str) -> None:
    data = tmp_path / "rows.json"
    made = json.loads(Path(rows).read_text())
    data.write_text(json.dumps(made))
    run = train(configured(tmp_path / "run", base, str(data), max_steps=2), report=quiet, bar=False)
    before = weights(run)
    data.write_text(json.dumps(made[1:]))
    with pytest.raises(ConfigError, match=r"data\.train: the rows are not those"):
        train(
            configured(tmp_path / "run", base, str(data), max_steps=2), resume=True, report=quiet, bar=False
        )
    assert weights(run) == before


def test_resuming_restores_an_adapter_that_a_crash_has_lost(tmp_path: Path, base: str, rows: str) -> None:
    config = configured(tmp_path / "run", base, rows, max_steps=2)
    run = train(config, report=quiet, bar=False)
    before = weights(run)
    shutil.rmtree(run / "adapter")
    train(config, resume=True, report=quiet, bar=False)
    assert weights(run) == before
