"""Commands that remedies state can be copied where folders have spaces in their names."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medspan.diagnose import Suspicion
from medspan.diagnose.case import Case
from medspan.diagnose.probes import data_changed, environment_changed, leak_inflated_score, undertrained
from medspan.diagnose.report import commands

from ..planted_diagnoses import ONE
from .planted_cases import case

FOLDER = Path("my runs/it's (a) v4")


def spaced(**known: Any) -> Case:
    return replace(case(**known), folder=FOLDER)


REMEDIES = {
    "again": (
        data_changed._remedy(spaced(), ()),
        [["medspan", "evaluate", str(FOLDER), "--split", "test", "--again"]],
    ),
    "retrained": (
        data_changed._remedy(spaced(), (data_changed._Part("train", "", 1.0),)),
        [["medspan", "train", f"{FOLDER}/config.yaml", "output_dir=NEW"]],
    ),
    "environment": (
        environment_changed._remedy(spaced()),
        [
            ["medspan", "reproduce", str(FOLDER)],
            ["medspan", "evaluate", str(FOLDER), "--split", "test", "--again"],
        ],
    ),
    "scored on training": (
        leak_inflated_score._remedy(spaced(scored="train")),
        [["medspan", "evaluate", str(FOLDER), "--split", "test"]],
    ),
    "leak": (
        leak_inflated_score._remedy(spaced(config={"data.train": "my notes/a.jsonl"})),
        [["medspan", "split", "my notes", "--out", "NEW"]],
    ),
    "resumed": (
        undertrained._remedy(spaced(record={"trained": {"finished": False}}), tiny=False),
        [["medspan", "train", f"{FOLDER}/config.yaml", "--resume"]],
    ),
    "longer": (
        undertrained._remedy(spaced(), tiny=False),
        [
            ["medspan", "train", f"{FOLDER}/config.yaml", "num_train_epochs=3", "output_dir=NEW"],
            ["medspan", "diagnose", "NEW"],
        ],
    ),
}


@pytest.mark.parametrize("name", REMEDIES)
def test_a_path_with_spaces_is_one_word_of_the_command(name: str) -> None:
    remedy, words = REMEDIES[name]
    told = commands(Suspicion("data-changed", 0.9, (), remedy), ONE)
    assert [shlex.split(line) for line in told] == words
