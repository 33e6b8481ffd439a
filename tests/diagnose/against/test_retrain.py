"""Trainings that tell what nothing else can: planned, made one by one, and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from medspan.core import ConfigError
from medspan.diagnose.against import Against, Pair, compare_runs, retrain
from medspan.diagnose.against.retrain import plan_words, planned
from medspan.diagnose.conditions import Conditions

from .planted import DOCUMENTS, TRAIN, card, case, changed, pair, record

GOOD = case("good", 0.9)


@dataclass
class Trainer:
    """Makes the folder of a run in place of training it; `fails` are the names that cannot be trained."""

    at: Path
    fails: tuple[str, ...] = ()
    made: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __call__(self, name: str, changes: Mapping[str, Any]) -> Path:
        self.made.append((name, dict(changes)))
        if name in self.fails:
            raise ConfigError(f"{name} holds another training")
        adapter = self.at / name / "adapter"
        adapter.mkdir(parents=True)
        (adapter / "adapter_config.json").write_text("{}", "utf-8")
        card(instruction=None).save(adapter)
        return self.at / name


def quality(**by_name: float) -> Callable[[Conditions], float]:
    """RUN's model is right in a fifth; one trained again as planted by the name of its training."""

    def answer(asked: Conditions) -> float:
        assert asked.adapter is not None
        return by_name.get(asked.adapter.parent.name.replace("-", "_"), 0.2)

    return answer


def run_pair(quality: Any, **config: Any) -> Pair:
    return pair(case("run", 0.2, config=changed(**config)), GOOD, quality)


def retrained(of: Pair, trainer: Trainer) -> tuple[Against, list[str]]:
    heard: list[str] = []
    found, trial = compare_runs(of)
    return retrain(trial, found, trainer, heard.append), heard


def test_the_setting_that_closes_the_gap_separates_and_the_rest_is_cleared(tmp_path: Path) -> None:
    of = run_pair(quality(epochs=0.9), num_train_epochs=1, learning_rate=1e-6, seed=7)
    trainer = Trainer(tmp_path)
    found, heard = retrained(of, trainer)
    aspects = {one.name: one for one in found.aspects}
    assert trainer.made[0][0] == "learning-rate", "epochs take thrice as long, so they come last"
    assert [name for name, _ in trainer.made] == ["learning-rate", "seed", "epochs"]
    assert trainer.made[2][1] == {"num_train_epochs": 3}
    assert (aspects["epochs"].verdict, aspects["epochs"].cause) == ("separates", "undertrained")
    assert aspects["epochs"].closes == pytest.approx(1.0)
    assert (aspects["seed"].verdict, aspects["seed"].tested) == ("cleared", True)
    assert found.closed
    assert "with epochs mended" in found.sentence
    assert "3 trainings, about 50 min in all" in heard[0]


def test_no_further_training_is_made_once_the_gap_is_closed(tmp_path: Path) -> None:
    of = run_pair(quality(learning_rate=0.9), num_train_epochs=1, learning_rate=1e-6)
    trainer = Trainer(tmp_path)
    found, _ = retrained(of, trainer)
    aspects = {one.name: one for one in found.aspects}
    assert [name for name, _ in trainer.made] == ["learning-rate"]
    assert aspects["epochs"].verdict == "cleared"
    assert not aspects["epochs"].tested
    assert "with learning rate mended RUN reaches" in aspects["epochs"].evidence[-1]


def test_more_epochs_than_good_that_harm_are_overtraining(tmp_path: Path) -> None:
    found, _ = retrained(run_pair(quality(epochs=0.9), num_train_epochs=9), Trainer(tmp_path))
    assert [(one.name, one.cause) for one in found.separating] == [("epochs", "overtrained")]


def test_fewer_steps_than_those_of_a_good_run_without_a_limit_are_too_few(tmp_path: Path) -> None:
    found, _ = retrained(run_pair(quality(epochs=0.9), max_steps=5), Trainer(tmp_path))
    assert [(one.name, one.cause) for one in found.separating] == [("epochs", "undertrained")]


def test_a_seed_that_separates_has_no_cause_of_the_catalogue(tmp_path: Path) -> None:
    found, _ = retrained(run_pair(quality(seed=0.9), seed=7), Trainer(tmp_path))
    assert [(one.name, one.cause) for one in found.separating] == [("seed", None)]


def test_what_was_cleared_is_not_trained(tmp_path: Path) -> None:
    run = case("run", 0.9, config=changed(num_train_epochs=1))
    trainer = Trainer(tmp_path)
    _, heard = retrained(pair(run, GOOD, lambda asked: 0.9), trainer)
    assert trainer.made == []
    assert heard == ["retraining: nothing is left that a training could tell"]


def test_a_training_that_cannot_be_made_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    of = run_pair(quality(seed=0.9), learning_rate=1e-6, seed=7)
    found, _ = retrained(of, Trainer(tmp_path, fails=("learning-rate",)))
    aspects = {one.name: one for one in found.aspects}
    assert aspects["seed"].verdict == "separates"
    assert any("holds another training" in line for line in aspects["learning rate"].evidence)


def test_settings_that_bring_a_part_each_are_all_named(tmp_path: Path) -> None:
    of = run_pair(quality(learning_rate=0.45, seed=0.5), learning_rate=1e-6, seed=7)
    found, _ = retrained(of, Trainer(tmp_path))
    assert [one.name for one in found.separating] == ["learning rate", "seed"]
    assert not found.closed


def test_the_data_of_good_is_trained_on_as_its_configuration_names_it(tmp_path: Path) -> None:
    run = case(
        "run", 0.2, parts={"train": TRAIN[:15], "test": DOCUMENTS}, config=changed(**{"data.train": "x"})
    )
    trainer = Trainer(tmp_path)
    found, _ = retrained(pair(run, GOOD, quality(data=0.9)), trainer)
    assert trainer.made == [("data", {"data.train": "train.jsonl"})]
    assert [(one.name, one.cause) for one in found.separating] == [("data", "data-changed")]


def test_how_long_it_takes_is_in_proportion_to_epochs_and_unknown_without_a_record() -> None:
    run = case("run", 0.2, config=changed(num_train_epochs=6, seed=7))
    found, _ = compare_runs(pair(run, GOOD, lambda asked: 0.2))
    assert {one.name: one.seconds for one in planned(run, GOOD, found)} == {"epochs": 300.0, "seed": 600.0}
    bare = case("run", 0.2, record=record(trained={}), config=changed(seed=7))
    found, _ = compare_runs(pair(bare, GOOD, lambda asked: 0.2))
    assert "how long is not recorded" in plan_words(planned(bare, GOOD, found))
