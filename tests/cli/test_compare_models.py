"""`medspan compare --text` on runs of a tiny random model."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from .conftest import Cli

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.usefixtures("one_thread")]
TEXT = "Aspirin caused rash; rash went after aspirin was stopped."


@pytest.fixture(scope="module")
def runs(
    one_thread: None, tmp_path_factory: pytest.TempPathFactory, tiny_base: Path, corpus: Path
) -> tuple[Path, Path]:
    from medspan.cli.app import main

    made = []
    for seed in (1, 2):
        folder = tmp_path_factory.mktemp("tagged")
        config = {
            "output_dir": str(folder / "run"),
            "base_model": str(tiny_base),
            "method": "tag",
            "data": {"train": str(corpus)},
            "max_steps": 4,
            "per_device_train_batch_size": 4,
            "lora_r": 4,
            "lora_alpha": 8,
            "eval_samples": 2,
            "device": "cpu",
            "bf16": False,
            "learning_rate": 1e-2,
            "seed": seed,
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config))
        with pytest.raises(SystemExit) as stop:
            main(["train", str(folder / "config.yaml"), "--quiet"])
        assert not stop.value.code
        made.append(folder / "run")
    return made[0], made[1]


def test_a_text_is_answered_by_every_run(cli: Cli, runs: tuple[Path, Path], tmp_path: Path) -> None:
    result, page = tmp_path / "r.json", tmp_path / "p.html"
    done = cli("compare", *runs, "--text", TEXT, "--json", result, "--html", page)
    assert done.code == 0
    # Neither run has been evaluated, and a text needs no reference.
    assert "scores are not compared: " in done.err
    assert f"medspan evaluate {runs[0]} --split test" in done.err
    found = json.loads(result.read_text())
    assert (found["scores"], found["comparisons"]) == (None, None)
    assert found["text"]["text"] == TEXT
    alone = []
    for run in runs:
        cli("extract", run, "--text", TEXT, "--json", tmp_path / "alone.json")
        alone.append(json.loads((tmp_path / "alone.json").read_text())["answers"])
    assert [one["examples"] for one in found["text"]["answers"]] == alone
    names = [one["name"] for one in found["runs"]]
    for name, (answer,) in zip(names, alone, strict=True):
        said = {
            (one["type"], one["text"])
            for one in found["text"]["items"]
            if one["kind"] == "entities" and name in one["given_by"]
        }
        assert said == {(one["type"], one["text"]) for one in answer["predicted"]["mentions"]}
    assert any(found["text"]["items"])
    assert "the text given" in done.out
    seeds = {one["path"]: one["values"] for one in found["records"]["found"]}
    assert seeds["config.seed"] == [1, 2]
    assert "The text given" in page.read_text()


def test_a_setting_that_is_none_is_refused(refused: Callable[..., str], runs: tuple[Path, Path]) -> None:
    assert "num_beans" in refused("compare", *runs, "--text", TEXT, "--no-scores", "num_beans=2")
