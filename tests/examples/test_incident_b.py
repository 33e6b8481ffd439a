"""Incident B: its two runs differ in what the history says, and its data are as bad as its report says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from medspan.audit.base import all_checks
from medspan.audit.data import Data
from medspan.train import load_config, load_data

from .scripts import EXAMPLES, SCRIPTS

RUNS = {name: EXAMPLES / "incident_b" / f"{name}.yaml" for name in ("v1", "v4")}


def test_the_runs_differ_in_epochs_alone() -> None:
    v1, v4 = (yaml.safe_load(path.read_text(encoding="utf-8")) for path in RUNS.values())
    assert {key for key in {*v1, *v4} if v1.get(key) != v4.get(key)} == {"output_dir", "num_train_epochs"}
    assert (v1["num_train_epochs"], v4["num_train_epochs"]) == (3, 5)


def test_only_v4_is_evaluated_with_the_penalties() -> None:
    script = SCRIPTS["incident_b"].read_text(encoding="utf-8")
    (call,) = re.findall(r"medspan evaluate .*repetition_penalty.*", script)
    assert "/v4" in call
    assert "repetition_penalty=1.5 no_repeat_ngram_size=3" in call


@pytest.mark.parametrize("name", RUNS)
def test_the_sample_shows_what_is_wrong_with_the_data(corpora: Path, name: str) -> None:
    folder = corpora / "synthetic_2026"
    parts = [f"data.{part}={folder / part}.json" for part in ("train", "test")]
    config = load_config(RUNS[name], parts)
    data = Data.of(load_data(config.data, config.seed).parts)
    (labels,) = all_checks()["labels-not-inferable"].run(data)
    assert labels.severity == "error"
    (strings,) = all_checks()["closed-vocabulary"].run(data)
    assert strings.split == "test"
    assert strings.count == strings.of
