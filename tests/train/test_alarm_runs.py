"""Alarms in whole runs on a tiny random model: planted faults, strict stops, and silence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medspan.evaluate.curves import read_curves
from medspan.train import AlarmStop, train
from medspan.train.callbacks.checkpoint import saved_steps
from medspan.train.methods import Generate

from .conftest import configured, quiet

pytestmark = [pytest.mark.model, pytest.mark.usefixtures("one_thread")]

SHORT: dict[str, Any] = {"max_steps": 2, "eval_steps": 2, "eval_samples": 2}


def trained(run: Path) -> Any:
    return json.loads((run / "record.json").read_text())["trained"]


def logged(run: Path) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    return [line for line in lines if "alarm" in line]


def plant_mask(monkeypatch: pytest.MonkeyPatch, change: Any) -> None:
    """Change the mask of tokens with a loss, as the training sees it."""
    collate = Generate.collate

    def planted(self: Generate, batch: Any, device: Any) -> Any:
        ids, target = collate(self, batch, device)
        return ids, change(target.clone(), batch)

    monkeypatch.setattr(Generate, "collate", planted)


def prompts_too(target: Any, batch: Any) -> Any:
    for row, answer in enumerate(batch):
        target[row, 1 : len(answer.ids)] = True
    return target


def without_stop(target: Any, batch: Any) -> Any:
    for row, answer in enumerate(batch):
        target[row, len(answer.ids) - 1] = False
    return target


@pytest.mark.parametrize(
    ("id", "change"),
    [
        ("loss-on-prompt", prompts_too),
        ("stop-token-untrained", without_stop),
        ("targets-masked", lambda target, batch: target & False),
    ],
)
def test_a_planted_mask_is_told_logged_and_recorded(
    tmp_path: Path,
    base: str,
    rows: str,
    monkeypatch: pytest.MonkeyPatch,
    id: str,
    change: Any,
) -> None:
    plant_mask(monkeypatch, change)
    heard: list[str] = []
    config = configured(tmp_path / "run", base, rows, data={"validation": rows}, **SHORT)
    run = train(config, report=heard.append, bar=False)
    # Without a loss on anything, no answer has a trained stop token either.
    found = [line["alarm"] for line in logged(run)]
    assert id in found
    assert set(found) <= {id, "stop-token-untrained"}
    assert sum(line.startswith(f"alarm at step 0, {id}: ") for line in heard) == 1
    assert trained(run)["alarms"] == logged(run)
    assert (trained(run)["finished"], trained(run)["stopped_by"]) == (True, None)
    curves = read_curves(run)
    assert len(curves.loss) == 2
    assert not {"alarm", "message", "remedy", "figures"} & set(curves.unused)


def test_a_strict_run_stops_before_its_first_step_and_goes_on_when_resumed(
    tmp_path: Path,
    base: str,
    rows: str,
) -> None:
    config = configured(
        tmp_path / "run", base, rows, decoding={"repetition_penalty": 1.5, "max_new_tokens": 60}, **SHORT
    )
    with pytest.raises(AlarmStop, match=r"step 0: decoding-blocks-copying: repetition_penalty=1\.5 makes"):
        train(config, report=quiet, bar=False, strict=True)
    run = tmp_path / "run"
    assert [line["alarm"] for line in trained(run)["alarms"]] == ["decoding-blocks-copying"]
    assert (trained(run)["finished"], trained(run)["stopped_by"]) == (False, "decoding-blocks-copying")
    with pytest.raises(AlarmStop):
        train(config, report=quiet, bar=False, strict=True, resume=True)
    heard: list[str] = []
    train(config, report=heard.append, bar=False, resume=True)
    assert (trained(run)["finished"], trained(run)["steps"]) == (True, 2)
    # It is told once, and stays in the record.
    assert not [line for line in heard if line.startswith("alarm")]
    assert len(logged(run)) == len(trained(run)["alarms"]) == 1


def test_a_strict_run_keeps_the_checkpoint_of_the_step_it_stops_at(
    tmp_path: Path,
    base: str,
    rows: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def planted(self: Any, training: Any, stats: Any) -> Any:
        if training.step == 3:
            yield self.raised("planted")

    monkeypatch.setattr("medspan.train.alarms.targets_masked.TargetsMasked.at_step", planted)
    config = configured(tmp_path / "run", base, rows, max_steps=6, eval_steps=2)
    with pytest.raises(AlarmStop, match="step 3: targets-masked: planted"):
        train(config, report=quiet, bar=False, strict=True)
    assert saved_steps(tmp_path / "run") == [2, 3]
    assert trained(tmp_path / "run")["steps"] == 3
    monkeypatch.undo()
    run = train(config, report=quiet, bar=False, strict=True, resume=True)
    assert (trained(run)["finished"], trained(run)["steps"], len(trained(run)["alarms"])) == (True, 6, 1)


def test_a_loss_that_is_not_finite_always_stops(
    tmp_path: Path,
    base: str,
    rows: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_loss = Generate.make_loss

    def planted(self: Generate, model: Any) -> Any:
        module, calls = make_loss(self, model), [0]
        forward = module.forward

        def broken(*tensors: Any) -> Any:
            calls[0] += 1
            return forward(*tensors) * (float("nan") if calls[0] > 3 else 1.0)

        module.forward = broken
        return module

    monkeypatch.setattr(Generate, "make_loss", planted)
    config = configured(tmp_path / "run", base, rows, max_steps=6, eval_steps=2)
    with pytest.raises(AlarmStop, match="step 4: diverged: the loss is nan, the gradient norm nan"):
        train(config, report=quiet, bar=False)
    run = tmp_path / "run"
    assert saved_steps(run) == [2]
    (line,) = trained(run)["alarms"]
    assert (line["alarm"], line["step"], line["figures"]["loss"]) == ("diverged", 4, "nan")
    assert (trained(run)["finished"], trained(run)["stopped_by"]) == (False, "diverged")


def test_targets_that_belong_to_other_texts_are_heard_as_input_ignored(
    tmp_path: Path,
    base: str,
    rows: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Answers come from a fixed cycle of the other rows: nothing in a text says its answer."""
    encode = Generate.encode

    def exchanged(self: Generate, examples: Any, *more: Any) -> Any:
        data = encode(self, examples, *more)
        answers = [one.ids[one.target_start :] for one in data.examples]
        size = len(answers)
        # Each text comes with every answer, so that the best guess is the same for all.
        mixed = [
            replace(one, ids=(*one.ids[: one.target_start], *answers[(place + step) % size]))
            for place, one in enumerate(data.examples)
            for step in range(size)
        ]
        return replace(data, examples=tuple(mixed))

    monkeypatch.setattr(Generate, "encode", exchanged)
    config = configured(
        tmp_path / "run",
        base,
        rows,
        data={"validation": rows},
        max_steps=40,
        eval_steps=40,
        eval_samples=8,
        per_device_train_batch_size=8,
        decoding={"max_new_tokens": 60},
    )
    run = train(config, report=quiet, bar=False)
    (line,) = [line for line in logged(run) if line["alarm"] == "input-ignored"]
    assert line["figures"]["rise"] < 0.1


def test_a_run_that_learns_is_silent(tmp_path: Path, base: str, rows: str) -> None:
    config = configured(
        tmp_path / "run",
        base,
        rows,
        data={"validation": rows},
        max_steps=120,
        eval_steps=60,
        decoding={"max_new_tokens": 60},
    )
    run = train(config, report=quiet, bar=False, strict=True)
    assert trained(run)["best_metric"] == 1.0
    assert trained(run)["alarms"] == logged(run) == []


def test_listening_changes_nothing(
    tmp_path: Path, base: str, rows: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run_to(name: str) -> bytes:
        more: dict[str, Any] = {"lora_dropout": 0.1, "eval_samples": 8, "decoding": {"max_new_tokens": 60}}
        config = configured(tmp_path / name, base, rows, data={"validation": rows}, **more)
        run = train(config, report=quiet, bar=False)
        return (run / "adapter" / "adapter_model.safetensors").read_bytes()

    heard = run_to("heard")
    monkeypatch.setattr("medspan.train.callbacks.alarms.all_alarms", lambda: ())
    assert run_to("deaf") == heard
