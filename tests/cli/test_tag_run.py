"""The verbs on a run of the method `tag`, of a tiny random model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from medspan.core import Mention
from medspan.read import load

from .conftest import Cli

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.usefixtures("one_thread")]


@pytest.fixture(scope="module")
def run(one_thread: None, tmp_path_factory: pytest.TempPathFactory, tiny_base: Path, corpus: Path) -> Path:
    from medspan.cli.app import main

    folder = tmp_path_factory.mktemp("tagged")
    config = {
        "output_dir": str(folder / "run"),
        "base_model": str(tiny_base),
        "method": "tag",
        "data": {"train": str(corpus)},
        "max_steps": 6,
        "per_device_train_batch_size": 4,
        "lora_r": 4,
        "lora_alpha": 8,
        "learning_rate": 1e-2,
        "device": "cpu",
        "bf16": False,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(SystemExit) as stop:
        main(["train", str(folder / "config.yaml"), "--quiet"])
    assert not stop.value.code
    return folder / "run"


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_extract_keeps_what_is_as_probable_as_asked(
    cli: Cli, refused: Callable[..., str], run: Path, corpus: Path, tmp_path: Path
) -> None:
    found = {}
    for limit in ("0", "0.2"):
        out = tmp_path / f"{limit}.jsonl"
        assert cli("extract", run, corpus / "test.jsonl", "--out", out, "--min-confidence", limit).code == 0
        found[limit] = load(out).examples
    every, sure = ([m for one in part for m in one.predicted.mentions] for part in found.values())  # type: ignore[union-attr]
    assert sure == [mention for mention in every if mention.confidence >= 0.2]
    assert 0 < len(sure) < len(every)
    for example in found["0"]:
        for mention in example.predicted.mentions:  # type: ignore[union-attr]
            assert isinstance(mention, Mention)
            assert example.document.text[mention.start : mention.end] == mention.text
    for limit in ("1.2", "-0.1"):
        message = refused("extract", run, "--text", "Aspirin.", f"--min-confidence={limit}")
        assert f"--min-confidence {limit}: a probability is wanted" in message


def test_the_folder_above_a_run_is_answered_by_the_runs_name(refused: Callable[..., str], run: Path) -> None:
    message = refused("extract", run.parent, "--text", "Aspirin.")
    assert f"name {run}" in message


def test_extract_by_eight_bit_products(
    cli: Cli, refused: Callable[..., str], run: Path, corpus: Path, tmp_path: Path
) -> None:
    from medspan.models.eight_bit import has_byte_products

    if not has_byte_products():
        assert "does not multiply bytes" in refused("extract", run, "--text", "Aspirin.", "--int8")
        return
    done = {}
    for name, more in (("exact", ()), ("int8", ("--int8",))):
        out, result = tmp_path / f"{name}.jsonl", tmp_path / f"{name}.json"
        made = cli("extract", run, corpus / "test.jsonl", "--out", out, "--json", result, *more)
        assert made.code == 0
        assert read(result)["int8"] == (name == "int8")
        done[name] = load(out).examples
    sure = [m.confidence for row in done.values() for one in row for m in one.predicted.mentions]
    assert sure
    assert done["exact"] != done["int8"]


def test_evaluate_shows_what_the_probabilities_are_worth(cli: Cli, run: Path, tmp_path: Path) -> None:
    result = tmp_path / "r.json"
    done = cli("evaluate", run, "--split", "test", "--allow-empty", "--json", result)
    assert done.code == 0
    confidence = read(result)["confidence"]["entities"]
    assert confidence["items"] == sum(
        len(row["predicted"]["mentions"])
        for row in map(json.loads, (run / "predictions" / "test.scored.jsonl").read_text().splitlines())
    )
    assert 0 <= confidence["calibration_error"] <= 1
    assert confidence["curve"]
    report = (run / "report.html").read_text()
    assert "calibration error" in report
    assert "Calibration error on validation" in report
    assert "calibration error: entities" in done.out
    assert "<polyline" in report
    assert "tag, relations by mention" in report
    again = cli("evaluate", run, "--split", "test", "--allow-empty", "--json", result)
    assert "scoring the stored predictions" in again.err
    assert read(result)["confidence"]["entities"] == confidence


def test_demo_offers_the_method(
    cli: Cli, refused: Callable[..., str], tiny_base: Path, tmp_path: Path
) -> None:
    out, result = tmp_path / "demo", tmp_path / "r.json"
    settings = (f"base_model={tiny_base}", "max_steps=2", "bf16=false")
    words = ("demo", "--method", "tag", "--out", out, "--count", 60, "--quiet", "--json", result)
    done = cli(*words, *settings)
    assert done.code == 1
    assert "The demo failed: F1 of entities is" in done.out
    demo = read(result)
    assert (demo["method"], demo["training"]["steps"]) == ("tag", 2)
    assert yaml.safe_load((out / "next.yaml").read_text())["method"] == "tag"
    assert (out / "run" / "adapter" / "heads.safetensors").is_file()
    message = refused("demo", "--method", "tagging", "--out", tmp_path / "d")
    assert "--method is 'tagging'" in message
    assert "generate or tag" in message
