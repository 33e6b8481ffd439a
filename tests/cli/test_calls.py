"""Calls that cannot be used end with one message and 2, and so does a fault of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import medspan
from medspan.cli import app, synth
from medspan.cli.words import sort_words

from .conftest import Cli, row, write_rows

Refused = Callable[..., str]


def test_version_is_printed(cli: Cli) -> None:
    result = cli("--version")
    assert (result.code, result.out.strip()) == (0, f"medspan {medspan.__version__}")


def test_misspelt_verb_names_the_nearest(refused: Refused) -> None:
    assert "extract" in refused("extrcat").replace("extrcat", "")


def test_missing_argument_names_the_verbs_help(refused: Refused) -> None:
    assert "medspan train --help" in refused("train")


def test_every_verb_has_help(cli: Cli) -> None:
    for verb in ("demo", "convert", "split", "synth", "train", "extract", "evaluate"):
        result = cli(verb, "--help")
        assert result.code == 0
        assert "--json" in result.out
        assert "--quiet" in result.out


def test_fault_of_ours_is_named_without_traceback(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by nought")

    monkeypatch.setattr(synth, "check_targets", broken)
    result = cli("synth", "--out", tmp_path)
    assert result.code == 2
    assert result.err.count("\n") == 1
    assert "internal error: ZeroDivisionError: division by nought" in result.err
    assert "MEDSPAN_TRACEBACK=1" in result.err


def test_traceback_is_shown_when_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(synth, "check_targets", lambda *_: 1 / 0)
    monkeypatch.setenv("MEDSPAN_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        app.main(["synth", "--out", str(tmp_path)])


def test_interrupt_says_how_to_go_on(cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(synth, "check_targets", interrupt)
    result = cli("synth", "--out", tmp_path)
    assert (result.code, result.out) == (130, "")
    assert "interrupted" in result.err
    assert "--resume" in result.err


def test_closed_pipe_is_no_fault_and_no_verdict() -> None:
    command = [sys.executable, "-c", "from medspan.cli.app import main; main(['--help'])"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_full_disk_is_no_fault_of_ours() -> None:
    told = app.message(OSError(28, "No space left on device", "runs/a/log.jsonl"))
    assert told.startswith("runs/a/log.jsonl: No space left on device.")


def test_train_says_what_is_wrong_with_the_config(refused: Refused, tmp_path: Path) -> None:
    assert "absent.yaml does not exist" in refused("train", tmp_path / "absent.yaml")
    assert "--resume" in refused("train", tmp_path)
    config = tmp_path / "a.yaml"
    config.write_text("output_dir: out\nlearning_rat: 1\ndata: {train: x}\n")
    assert "did you mean learning_rate" in refused("train", config)
    config.write_text("output_dir: out\ndata: {train: x.jsonl}\n")
    assert "key=value is wanted" in refused("train", config, "learning_rate")
    assert "num_train_epochs: 'many'" in refused("train", config, "num_train_epochs=many")
    assert "x.jsonl does not exist" in refused("train", config)


def test_words_with_an_equals_sign_are_settings_unless_they_are_files(tmp_path: Path) -> None:
    file = tmp_path / "a=b.txt"
    file.write_text("x")
    assert sort_words([str(file), "in.txt", "top_p=0.5"]) == ([str(file), "in.txt"], ["top_p=0.5"])


def test_extract_refuses_calls_that_do_not_fit_together(refused: Refused, tmp_path: Path) -> None:
    run = tmp_path / "run"
    assert "nothing to extract from" in refused("extract", run)
    assert "without --out" in refused("extract", run, "notes.txt")
    assert "both given" in refused("extract", run, "notes.txt", "--text", "Fever.")
    assert "2 inputs" in refused("extract", run, "a.txt", "b.txt", "--out", tmp_path / "o")
    assert "blank" in refused("extract", run, "--text", "  ")
    assert "--on-error is 'go'" in refused("extract", run, "--text", "Fever.", "--on-error", "go")
    assert "is a folder" in refused("extract", run, "a.txt", "--out", tmp_path)


def test_extract_names_what_a_folder_lacks(refused: Refused, tmp_path: Path) -> None:
    assert "does not exist" in refused("extract", tmp_path / "none", "--text", "Fever.")
    assert "holds no adapter" in refused("extract", tmp_path, "--text", "Fever.")
    (tmp_path / "adapter_config.json").write_text("{}")
    assert "format.json" in refused("extract", tmp_path, "--text", "Fever.")


def test_evaluate_refuses_calls_that_do_not_fit_together(refused: Refused, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "a.jsonl", [row("1", "Aspirin.", ("Aspirin", "Drug"))])
    assert "a run is missing" in refused("evaluate")
    assert "--predicted is missing" in refused("evaluate", "--reference", file)
    assert "both given" in refused("evaluate", tmp_path, "--reference", file, "--predicted", file)
    assert "'top_p=1'" in refused("evaluate", "top_p=1", "--reference", file, "--predicted", file)
    assert "no config.yaml" in refused("evaluate", tmp_path)
    assert "does not exist" in refused("evaluate", tmp_path / "none")


def test_split_refuses_bad_shares(refused: Refused, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "a.jsonl", [row("1", "Aspirin.", ("Aspirin", "Drug"))])
    for shares, said in (
        ("80,10,10", "sum to 100"),
        ("0.9,0.1", "three numbers"),
        ("a,b,c", "three numbers"),
    ):
        assert said in refused("split", file, "--out", tmp_path / "o", "--shares", shares)
    assert not list((tmp_path / "o").glob("*"))


def test_unknown_format_is_refused_before_reading(refused: Refused, tmp_path: Path) -> None:
    assert "'sections' was meant" in refused("convert", "absent", tmp_path / "o", "--to", "section")
    assert "'sections' was meant" in refused("synth", "--out", tmp_path, "--to", "section")


def test_demo_touches_no_folder_that_is_not_its_own(refused: Refused, tmp_path: Path) -> None:
    mine = tmp_path / "run" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("kept")
    assert "holds other files (run)" in refused("demo", "--out", tmp_path, "--overwrite")
    assert mine.read_text() == "kept"
    (tmp_path / "demo.json").write_text(json.dumps({}))
    assert "earlier demo" in refused("demo", "--out", tmp_path)
    assert mine.read_text() == "kept"


def test_demo_refuses_unknown_settings(refused: Refused, tmp_path: Path) -> None:
    assert "did you mean max_steps" in refused("demo", "--out", tmp_path / "d", "max_step=2")
    assert not (tmp_path / "d").exists()
