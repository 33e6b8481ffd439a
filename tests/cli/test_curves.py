"""medspan curves: what is printed, written and returned."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli, write_rows

Refused = Callable[..., str]


def rows(last: int = 400, *, bad_from: int = 10**9) -> list[dict[str, Any]]:
    """A straight fall from 2 to 1, evaluated every 50 steps; not finite from `bad_from` on."""
    made: list[dict[str, Any]] = []
    for step in range(10, last + 1, 10):
        loss = 2 - step / 400
        shown: Any = "NaN" if step >= bad_from else loss
        made.append(
            {"step": step, "epoch": step / 100, "loss": shown, "learning_rate": 1e-3, "grad_norm": 1.0}
        )
        if step % 50 == 0:
            scores = {"all": {"entities": step / 500, "relations": None}}
            made.append({"step": step, "validation_loss": loss + 0.1, "scores": scores, "metric": step / 500})
    return made


@pytest.fixture
def run(tmp_path: Path) -> Path:
    write_rows(tmp_path / "run" / "log.jsonl", rows())
    return tmp_path / "run"


def test_a_sound_run_is_told_in_a_table_and_a_verdict(cli: Cli, run: Path, tmp_path: Path) -> None:
    done = cli("curves", run, "--json", tmp_path / "c.json")
    assert done.code == 0
    printed = done.out.splitlines()
    assert printed[0].split("  ")[0] == "step"
    assert printed[0].endswith("F1 entities")
    assert printed[2].split() == ["50", "1.875", "1.975", "0.100"]
    assert printed[9].split() == ["400", "1", "1.1", "0.800"]
    assert (
        "last: step 400, training loss 1, validation loss 1.1, learning rate 0.001, gradient norm 1"
        in printed
    )
    assert "best F1: step 400 (0.8)" in printed
    assert "best validation loss: step 400 (1.1)" in printed
    assert any(line.startswith("still falling: the validation loss fell by") for line in printed)
    assert f"{run / 'log.jsonl'} (medspan log)" in done.err
    written = json.loads((tmp_path / "c.json").read_text())
    assert written["schema_version"] == 1
    assert written["best"] == {
        "f1": {"step": 400, "value": 0.8},
        "validation_loss": {"step": 400, "value": pytest.approx(1.1)},
    }
    assert [one["kind"] for one in written["verdicts"]] == ["still-falling"]
    assert written["trends"]["validation_loss"]["state"] == "falls"
    assert written["curves"]["loss"][0] == [10, 1.975]
    assert written["f1"][0] | {"points": 0} == {"task": "all", "kind": "entities", "points": 0}


def test_a_diverged_run_exits_1_and_all_is_written_first(cli: Cli, tmp_path: Path) -> None:
    log = write_rows(tmp_path / "log.jsonl", rows(bad_from=300))
    done = cli("curves", log, "--json", tmp_path / "c.json", "--html", tmp_path / "c.html")
    assert done.code == 1
    assert "diverged: the training loss is nan from step 300 to the end (step 400, 11 of 40" in done.out
    assert "what to do: lower the learning rate" in done.out
    written = json.loads((tmp_path / "c.json").read_text())
    assert {"curve": "loss", "step": 300, "value": "nan"} in written["not_finite"]
    assert "diverged" in (tmp_path / "c.html").read_text()
    assert f"page: {tmp_path / 'c.html'}" in done.out


def test_a_diverged_run_is_told_no_missing_values(cli: Cli, tmp_path: Path) -> None:
    unscored = [row for row in rows(bad_from=200) if "loss" in row]
    done = cli("curves", write_rows(tmp_path / "log.jsonl", unscored))
    assert "diverged: " in done.out
    assert "missing: " not in done.out
    sound = cli("curves", write_rows(tmp_path / "sound.jsonl", [row for row in rows() if "loss" in row]))
    assert "missing: no validation loss" in sound.out


def test_the_state_of_another_trainer_is_told_without_a_table(cli: Cli, tmp_path: Path) -> None:
    history = [{"step": step, "loss": 2 - step / 400, "epoch": 1.0} for step in range(10, 401, 10)]
    state = tmp_path / "out" / "checkpoint-400" / "trainer_state.json"
    state.parent.mkdir(parents=True)
    state.write_text(json.dumps({"log_history": history, "global_step": 400, "max_steps": 800}))
    done = cli("curves", tmp_path / "out")
    assert done.code == 0
    assert done.out.startswith("last: step 400, training loss 1\n")
    assert "still falling: the training loss fell by" in done.out
    assert "missing: no validation loss: overfitting cannot be seen (eval_steps)" in done.out
    assert "missing: no F1 by checkpoint" in done.out
    assert "note: the log ends at step 400 of 800 planned" in done.err


def test_quiet_leaves_the_result(cli: Cli, run: Path) -> None:
    log = run / "log.jsonl"
    log.write_text(log.read_text() + '{"step"')
    assert "note: the last line" in cli("curves", run).err
    done = cli("curves", run, "--quiet")
    assert done.err == ""
    assert "still falling" in done.out


def test_many_evaluations_are_a_short_table_that_ends_with_the_last(cli: Cli, tmp_path: Path) -> None:
    log = [{"step": step, "eval_loss": 1 / step} for step in range(1, 101)]
    done = cli("curves", write_rows(tmp_path / "a.jsonl", log))
    shown = done.out.split("\n\n")[0].splitlines()[2:]
    assert len(shown) == 21
    assert shown[0].split()[0] == "1"
    assert shown[-1].split()[0] == "100"


def test_unusable_input_is_one_message(refused: Refused, run: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "holds no log.jsonl" in refused("curves", tmp_path / "empty")
    assert "does not exist" in refused("curves", tmp_path / "nowhere")
    assert "a file that is read" in refused("curves", run, "--json", run / "log.jsonl")
    assert "two options name the same file" in refused(
        "curves", run, "--json", tmp_path / "x", "--html", tmp_path / "x"
    )


def test_curves_are_judged_without_heavy_libraries(run: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from medspan.evaluate.curves import judge, read_curves;"
        f"print(judge(read_curves(Path({str(run)!r}))).kinds);"
        "print([name for name in ('torch', 'numpy', 'transformers', 'jinja2') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["('still-falling',)", "[]"]
