"""`medspan diagnose RUN --against GOOD [--retrain]`: refusals, what is printed, and what is trained again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import medspan.train
from medspan.cli.against import print_against
from medspan.cli.retrained import changed_config, trainer_for
from medspan.core import ConfigError, InputError
from medspan.diagnose.against import compare_runs

from ..diagnose.against import planted
from .conftest import Cli
from .planted_runs import note, plant, predicted

ROWS = [note(number) for number in range(20)]
TRAIN = [note(number, "train") for number in range(20, 40)]


def runs(folder: Path, **config: Any) -> tuple[Path, Path]:
    """RUN, which finds no rash, and GOOD, which finds all; neither has an adapter."""
    parts = {"train": TRAIN, "test": ROWS}
    bad = plant(folder / "bad", parts, {"test": [predicted(row, rash=False) for row in ROWS]}, **config)
    good = plant(folder / "good", parts, {"test": [predicted(row) for row in ROWS]})
    return bad, good


class TestRefusals:
    def test_retrain_without_a_good_run(self, refused: Callable[..., str], tmp_path: Path) -> None:
        assert "--retrain is given without --against" in refused("diagnose", tmp_path, "--retrain")

    def test_the_run_itself(self, refused: Callable[..., str], tmp_path: Path) -> None:
        told = refused("diagnose", tmp_path, "--against", tmp_path)
        assert "which is the run itself" in told

    def test_a_good_run_that_is_not_there(self, refused: Callable[..., str], tmp_path: Path) -> None:
        bad, _ = runs(tmp_path)
        assert "nowhere" in refused("diagnose", bad, "--against", tmp_path / "nowhere", "--quiet")

    def test_retraining_what_medspan_did_not_train(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"has no config\.yaml, so it cannot be trained again"):
            trainer_for(tmp_path, print, quiet=True)


class TestWithoutAModel:
    def test_the_gap_and_the_aspects_are_told(self, cli: Cli, tmp_path: Path) -> None:
        bad, good = runs(tmp_path, num_train_epochs=5)
        result = cli("diagnose", bad, "--against", good, "--json", tmp_path / "out.json", "--quiet")
        assert result.code in (0, 1), result.err
        against = json.loads((tmp_path / "out.json").read_text("utf-8"))["against"]
        assert against["gap"]["entities"]["good"] == 1.0
        assert against["gap"]["entities"]["run"] == pytest.approx(2 / 3)
        verdicts = {one["aspect"]: one["verdict"] for one in against["aspects"]}
        assert verdicts["epochs"] == "only-a-training-tells"
        assert verdicts["test part"] == "cleared"
        assert "only a training tells of: epochs" in " ".join(result.out.split())
        assert "a training tells" in result.out

    def test_a_run_without_a_record_is_compared_by_its_configuration(self, cli: Cli, tmp_path: Path) -> None:
        bad, good = runs(tmp_path, learning_rate=1e-5)
        (bad / "record.json").unlink()
        (good / "record.json").unlink()
        result = cli("diagnose", bad, "--against", good, "--quiet")
        assert result.code in (0, 1), result.err
        assert "RUN has no record.json" in " ".join(result.out.split())
        assert "learning rate" in result.out


def test_the_table_shows_what_swapping_does(capsys: pytest.CaptureFixture[str]) -> None:
    made = {"decoding": planted.record(planted.BLOCKED)["decoding"]}
    run = planted.case("run", 0.1, made=made, config=planted.changed(num_train_epochs=5))
    found, _ = compare_runs(
        planted.pair(
            run,
            planted.case("good", 0.9),
            lambda asked: 0.1 if asked.options.repetition_penalty != 1.0 else 0.9,
            asked_as=planted.conditions(**planted.BLOCKED),
        )
    )
    print_against(found)
    out = capsys.readouterr().out
    (line,) = [line for line in out.splitlines() if line.startswith("decoding: repetition  ")]
    assert "0.182 -> 0.947" in line
    assert "100%" in line
    assert line.endswith("SEPARATES")
    assert "decoding: grammar, template, wording, parser, adapter in use" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 130


class TestTrainingAgain:
    @staticmethod
    def _train(made: list[Any]) -> Callable[..., Path]:
        def train(config: Any, *, resume: bool, report: Any, bar: bool) -> Path:
            made.append((config, resume))
            folder = Path(config.output_dir)
            (folder / "adapter").mkdir(parents=True, exist_ok=True)
            import yaml

            (folder / "config.yaml").write_text(yaml.safe_dump(config.model_dump()), "utf-8")
            (folder / "record.json").write_text(json.dumps({"trained": {"finished": True}}), "utf-8")
            return folder

        return train

    def test_it_trains_beside_the_run_with_the_keys_changed_and_once_only(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made: list[Any] = []
        monkeypatch.setattr(medspan.train, "train", self._train(made))
        bad, _ = runs(tmp_path, num_train_epochs=5)
        heard: list[str] = []
        again = trainer_for(bad, heard.append, quiet=True)
        folder = again("epochs", {"num_train_epochs": 3})
        assert folder == Path(f"{bad}-retrained") / "epochs"
        config, resume = made[0]
        assert (config.num_train_epochs, config.output_dir, resume) == (3, str(folder), False)
        assert again("epochs", {"num_train_epochs": 3}) == folder
        assert len(made) == 1
        assert "is used again" in heard[-1]

    def test_an_unfinished_training_goes_on(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[Any] = []
        monkeypatch.setattr(medspan.train, "train", self._train(made))
        bad, _ = runs(tmp_path)
        again = trainer_for(bad, print, quiet=True)
        folder = again("seed", {"seed": 3})
        (folder / "record.json").write_text(json.dumps({"trained": {"finished": False}}), "utf-8")
        again("seed", {"seed": 3})
        assert [resume for _, resume in made] == [False, True]

    def test_a_folder_that_holds_other_settings_is_not_taken_for_this_training(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(medspan.train, "train", self._train([]))
        bad, _ = runs(tmp_path)
        again = trainer_for(bad, print, quiet=True)
        again("seed", {"seed": 3})
        with pytest.raises(ConfigError, match="holds a training with other settings"):
            again("seed", {"seed": 4})

    def test_keys_of_the_data_are_set_inside_it(self, tmp_path: Path) -> None:
        bad, _ = runs(tmp_path)
        config = changed_config(bad / "config.yaml", {"data.max_train_samples": 7}, tmp_path / "new")
        assert config.data.max_train_samples == 7
