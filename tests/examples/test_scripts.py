"""The replays as shell scripts: they parse, refuse what they cannot use, go on where they stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from .scripts import CORPUS, EXAMPLES, SCRIPTS, shell


@pytest.mark.parametrize("name", SCRIPTS)
def test_script_can_be_run_and_parses(name: str) -> None:
    assert SCRIPTS[name].stat().st_mode & 0o111
    assert shell("-n", SCRIPTS[name]).returncode == 0


@pytest.mark.parametrize("name", SCRIPTS)
def test_without_corpora_one_message_says_what_to_do(name: str, tmp_path: Path) -> None:
    done = shell(SCRIPTS[name], tmp_path / "out")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        f"{name}/run.sh: the folder {CORPUS[name]} is not in MEDSPAN_CORPORA (not set). What to do: export "
        f"MEDSPAN_CORPORA=FOLDER, where FOLDER/{CORPUS[name]} holds the corpus (examples/README.md)\n"
    )
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_folder_without_the_corpus_is_named(name: str, tmp_path: Path) -> None:
    done = shell(SCRIPTS[name], tmp_path / "out", corpora=tmp_path)
    assert done.returncode == 2
    assert f"is not in MEDSPAN_CORPORA ({tmp_path})" in done.stderr


@pytest.fixture
def steps(tmp_path: Path) -> str:
    """The beginning of a script that has sourced steps.sh."""
    (tmp_path / "planted").mkdir()
    return (
        f'set -euo pipefail; corpus=planted; examples="{EXAMPLES}"; out="{tmp_path}/out"; '
        f'source "{EXAMPLES}/steps.sh"; '
    )


def test_a_finished_step_is_not_done_again(steps: str, tmp_path: Path) -> None:
    script = steps + f'step count 0 bash -c "echo once; echo x >> {tmp_path}/times"'
    first, second = (shell("-c", script, corpora=tmp_path) for _ in range(2))
    assert (first.returncode, second.returncode) == (0, 0)
    assert "once" in first.stdout
    assert second.stdout.startswith("(done before: ")
    assert (tmp_path / "times").read_text() == "x\n"
    assert (tmp_path / "out" / "steps" / "count.txt").read_text() == "once\n"


def test_a_step_may_end_with_the_codes_that_it_names_and_no_other(steps: str, tmp_path: Path) -> None:
    wanted = shell("-c", steps + 'step bad "0 1" bash -c "exit 1"; echo after', corpora=tmp_path)
    assert wanted.returncode == 0
    assert wanted.stdout.endswith("after\n")
    other = shell("-c", steps + 'step broken "0 1" bash -c "echo why; exit 3"; echo after', corpora=tmp_path)
    assert other.returncode == 2
    assert "why" in other.stdout
    assert "after" not in other.stdout
    assert "the step broken ended with exit code 3" in other.stderr
    assert not (tmp_path / "out" / "steps" / "broken.txt").exists()


def test_a_hidden_step_keeps_what_it_prints_in_its_file(steps: str, tmp_path: Path) -> None:
    done = shell("-c", steps + "hidden=yes step long 0 seq 3", corpora=tmp_path)
    assert "\n2\n" not in done.stdout
    assert (tmp_path / "out" / "steps" / "long.txt").read_text() == "1\n2\n3\n"


def test_a_stopped_training_is_gone_on_with(steps: str, tmp_path: Path) -> None:
    (tmp_path / "out" / "v1").mkdir(parents=True)
    (tmp_path / "out" / "v1" / "config.yaml").touch()
    done = shell("-c", steps + "training v1 echo called; training v2 echo called", corpora=tmp_path)
    assert "called --resume\n" in done.stdout
    assert "\ncalled\n" in done.stdout
