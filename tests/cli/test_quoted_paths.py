"""Commands that are to be copied hold paths as a shell takes them, and never remove what is needed."""

from __future__ import annotations

import json
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import medspan.train
from medspan.cli.retrained import trainer_for
from medspan.core import ConfigError
from medspan.diagnose.reproduction import Aspect, Reproduction

from .conftest import Cli
from .planted_runs import note, plant, predicted

Refused = Callable[..., str]
ROWS = [note(number) for number in range(4)]
TRAIN = [note(number, "train") for number in range(4, 8)]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run in a folder whose name has a space."""
    parts = {"train": TRAIN, "test": ROWS}
    return plant(tmp_path / "my runs", parts, {"test": [predicted(row) for row in ROWS]})


class TestTheFolderOfTheNewRun:
    def test_is_never_that_of_the_run_to_be_reproduced(self, run: Path, refused: Refused) -> None:
        for out in (run, run.parent / "." / "run", run / ".." / "run"):
            told = refused("reproduce", run, "--train", "--out", out)
            assert "is the run that is to be reproduced" in told
            assert "name another folder with --out" in told
            assert "rm -r" not in told

    @pytest.mark.parametrize("out", ["..", "predictions", "../data", "config.yaml"])
    def test_is_not_to_be_removed_where_more_than_a_run_would_be_lost(
        self, run: Path, refused: Refused, out: str
    ) -> None:
        told = refused("reproduce", run, "--train", "--out", run / out)
        assert "is there already" in told
        assert "name a new folder with --out" in told
        assert "rm -r" not in told

    def test_may_be_removed_where_it_is_another_run(self, run: Path, refused: Refused) -> None:
        again = run.with_name("run-again")
        shutil.copytree(run, again)
        told = refused("reproduce", run, "--train")
        assert f"remove it (rm -r '{again}')" in told


def test_a_training_says_how_to_go_on_in_commands_for_a_shell(
    run: Path, refused: Refused, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"(rm -r '{run}')" in refused("train", run / "config.yaml")
    assert f"medspan train '{run / 'config.yaml'}' --resume" in refused("train", run)

    def trained(config: Any, **how: Any) -> None:
        stated = {"steps": 1, "tokens": 1, "seconds": 1, "best_step": None, "alarms": []}
        (run / "record.json").write_text(json.dumps({"trained": stated}))

    monkeypatch.setattr(medspan.train, "train", trained)
    lines = cli("train", run / "config.yaml", "--quiet").out.splitlines()
    assert lines[-2:] == [f"  medspan evaluate '{run}'", f"  medspan extract '{run}' --text \"...\""]


def test_retraining_says_what_to_remove_and_what_to_call(run: Path, refused: Refused) -> None:
    taken = Path(f"{run}-retrained") / "seed"
    taken.mkdir(parents=True)
    (taken / "config.yaml").write_text("seed: 5\n")
    with pytest.raises(ConfigError, match="other settings") as error:
        trainer_for(run, print, quiet=True)("seed", {"seed": 3})
    assert f"(rm -r '{taken}')" in str(error.value)
    assert f"medspan diagnose '{run}' --against GOOD" in refused("diagnose", run, "--retrain")


class TestReproduce:
    def test_where_predictions_are_missing(self, run: Path, refused: Refused) -> None:
        shutil.rmtree(run / "predictions")
        assert f"medspan evaluate '{run}' --split 'a b'; with" in refused("reproduce", run, "--split", "a b")
        assert f"medspan evaluate '{run}'; with --train" in refused("reproduce", run)

    def test_where_the_run_was_started_elsewhere(self, run: Path, refused: Refused) -> None:
        for name in ("config.yaml", "record.json"):
            text = (run / name).read_text("utf-8")
            (run / name).write_text(text.replace(f"{run.parent}/data", "data"), "utf-8")
        assert f"cd '{run.parent}' && medspan reproduce run" in refused("reproduce", run)

    def test_what_is_to_be_done_about_a_part_that_moved(self, run: Path) -> None:
        moved = tuple(Aspect(name, "moved", "a", "b", None) for name in ("decoding", "code"))
        found = Reproduction(str(run), "test", moved, stopped="another model")
        told = [one.remedy for one in found.explanations]
        called = shlex.join(["medspan", "evaluate", str(run), "--again"])
        assert told[0].endswith(f"{called} KEY=VALUE")
        assert told[1].endswith(called)


class TestAFolderWithoutARecord:
    def test_is_for_diagnose_where_that_can_begin(self, run: Path, refused: Refused) -> None:
        (run / "record.json").unlink()
        assert f"medspan diagnose '{run}' examines a folder without one" in refused("reproduce", run)

    def test_is_not_for_diagnose_where_nothing_of_a_run_is_there(
        self, tmp_path: Path, refused: Refused
    ) -> None:
        told = refused("reproduce", tmp_path)
        assert "medspan diagnose" not in told
        assert "name a run folder, the output_dir of a training" in told

    def test_may_hold_the_run(self, run: Path, refused: Refused) -> None:
        assert f"medspan reproduce '{run}'" in refused("reproduce", run.parent)
