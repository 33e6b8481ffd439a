"""`medspan reproduce` on a tiny real run: the same again, what was edited is named, training repeats."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import Cli

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def trained(
    one_thread: None, tmp_path_factory: pytest.TempPathFactory, tiny_base: Path, corpus: Path
) -> Path:
    """A folder with a run of 20 steps, evaluated, and its data."""
    from medspan.cli.app import main

    folder = tmp_path_factory.mktemp("reproduced")
    data = shutil.copytree(corpus, folder / "data")
    config = {
        "output_dir": str(folder / "run"),
        "base_model": str(tiny_base),
        "data": {part: str(data / f"{part}.jsonl") for part in ("train", "validation", "test")},
        "max_steps": 20,
        "per_device_train_batch_size": 4,
        "lora_r": 4,
        "lora_dropout": 0.1,
        "logging_steps": 1,
        "eval_steps": 10,
        "eval_samples": 2,
        "device": "cpu",
        "bf16": False,
        "decoding": {"max_new_tokens": 30},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    for words in (["train", folder / "config.yaml"], ["evaluate", folder / "run", "--allow-empty"]):
        with pytest.raises(SystemExit) as stop:
            main([*map(str, words), "--quiet"])
        assert not stop.value.code
    return folder


def reproduce(cli: Cli, folder: Path, run: Path, *words: object) -> tuple[int, dict[str, Any]]:
    result = folder / "r.json"
    done = cli("reproduce", run, "--quiet", "--json", result, *words)
    assert done.code in (0, 1), done.err
    return done.code, json.loads(result.read_text(encoding="utf-8"))


def test_an_evaluation_comes_out_the_same_until_something_is_edited(
    cli: Cli, trained: Path, tmp_path: Path
) -> None:
    run = trained / "run"
    code, found = reproduce(cli, tmp_path, run)
    assert (code, found["verdict"], found["moved"]) == (0, "same", [])
    assert {one["part"]: one["state"] for one in found["stated"] if one["state"] != "same"} == {}
    assert found["answers"]["identical"] == found["answers"]["of"] == 6
    made = json.loads((run / "predictions" / "test.made.json").read_text())
    assert made["dtype"] in ("float32", "bfloat16")
    assert made["packages"]["torch"]

    other = shutil.copytree(run, tmp_path / "run")
    made["decoding"]["repetition_penalty"] = 1.9
    (other / "predictions" / "test.made.json").write_text(json.dumps(made))
    _, found = reproduce(cli, tmp_path, other)
    assert found["moved"] == ["decoding"]
    assert found["answers"]["identical"] < 6
    # The record's own options give every stored answer, so made.json does not say how they were made.
    (decoding,) = found["explanations"]
    assert (decoding["part"], decoding["cause"]) == ("decoding", "decoding-blocks-copying")
    assert found["trial"]["agree"] == found["trial"]["of"] == 6 - found["answers"]["identical"]


def test_another_adapter_and_another_base_model_are_named(
    cli: Cli, trained: Path, tiny_base: Path, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    other = shutil.copytree(trained / "run", tmp_path / "run")
    path = other / "adapter" / "adapter_model.safetensors"
    weights = load_file(str(path))
    save_file({name: value + 0.5 for name, value in weights.items()}, str(path))
    _, found = reproduce(cli, tmp_path, other)
    assert found["moved"] == ["adapter"]
    assert found["answers"]["identical"] < 6
    (adapter,) = found["explanations"]
    assert "checkpoints/step-" in " ".join(adapter["evidence"])

    base = shutil.copytree(tiny_base, tmp_path / "base")
    path = base / "model.safetensors"
    save_file({name: value * 2 for name, value in load_file(str(path)).items()}, str(path), {"format": "pt"})
    code, found = reproduce(cli, tmp_path, trained / "run", "--base-model", base)
    assert (code, found["verdict"], found["answers"]) == (1, "differs", None)
    assert [one["cause"] for one in found["explanations"]] == ["wrong-base-model"]


def test_a_training_comes_out_byte_for_byte(cli: Cli, trained: Path, tmp_path: Path) -> None:
    run, out = trained / "run", tmp_path / "again"
    code, found = reproduce(cli, tmp_path, run, "--train", "--out", out)
    assert (code, found["verdict"], found["mode"]) == (0, "same", "training")
    training = found["training"]
    assert training["weights"]["equal_bytes"] is True
    assert (training["losses"]["compared"], training["losses"]["equal"]) == (20, 20)
    assert training["losses"]["first_difference"] is None
    assert found["answers"]["identical"] == 6
    assert any(line.startswith(f"training again into {out}: about") for line in found["notes"])

    # One row less: another training from the first step that sees it.
    data = trained / "data" / "train.jsonl"
    kept = data.read_text(encoding="utf-8")
    data.write_text("".join(kept.splitlines(keepends=True)[1:]), encoding="utf-8")
    try:
        _, found = reproduce(cli, tmp_path, run, "--train", "--out", tmp_path / "third")
    finally:
        data.write_text(kept, encoding="utf-8")
    assert found["verdict"] != "same"
    assert [one["cause"] for one in found["explanations"]] == ["data-changed"]
    training = found["training"]
    assert training["weights"]["equal_bytes"] is False
    assert training["weights"]["largest_difference"] > 0
    first = training["losses"]["first_difference"]
    assert first["step"] >= 1
    assert first["then"] != first["now"]
