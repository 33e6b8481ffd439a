"""`medspan diagnose RUN` without a model: what it reads of a folder, what it says, and what it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli, write_rows
from .planted_runs import note, plant, predicted

ROWS = [note(number) for number in range(40)]
TRAIN = [note(number, "train") for number in range(40, 80)]
PARTS = {"train": TRAIN, "test": ROWS}


def diagnosed(cli: Cli, run: Path, *more: Any, code: int) -> dict[str, Any]:
    """The result in JSON of a call that ends with `code`."""
    result = run.parent / "result.json"
    answer = cli("diagnose", run, "--json", result, "--quiet", *more)
    assert answer.code == code, answer.out + answer.err
    return dict(json.loads(result.read_text("utf-8")))


class TestRefusals:
    def test_a_folder_that_is_not_there(self, refused: Callable[..., str], tmp_path: Path) -> None:
        assert "does not exist" in refused("diagnose", tmp_path / "nowhere")

    def test_a_file_in_place_of_its_folder(self, refused: Callable[..., str], tmp_path: Path) -> None:
        log = tmp_path / "log.jsonl"
        log.write_text("{}\n")
        assert f"medspan diagnose {tmp_path}" in refused("diagnose", log)

    def test_the_folder_around_a_run(self, refused: Callable[..., str], tmp_path: Path) -> None:
        plant(tmp_path, PARTS, {})
        assert f"name {tmp_path / 'run'}" in refused("diagnose", tmp_path)

    def test_a_folder_without_anything_of_a_run(self, refused: Callable[..., str], tmp_path: Path) -> None:
        assert "adapter_config.json" in refused("diagnose", tmp_path)

    def test_data_that_is_not_there(self, refused: Callable[..., str], tmp_path: Path) -> None:
        run = plant(tmp_path, PARTS, {})
        assert "--data" in refused("diagnose", run, "--data", tmp_path / "nowhere.jsonl")


def test_answers_that_no_parser_read_are_named_without_a_model_or_a_record(cli: Cli, tmp_path: Path) -> None:
    def unread(row: dict[str, Any]) -> dict[str, Any]:
        mentions = row["reference"]["mentions"]
        told = "\n".join(f"{one['type']}: {one['text']};" for one in mentions) + "\n"
        empty = {"mentions": [], "unaligned": [], "relations": [], "unparsed": [told]}
        return {**predicted(row), "predicted": {**predicted(row)["predicted"], **empty}, "raw": told}

    run = plant(tmp_path, PARTS, {"test": [unread(row) for row in ROWS]})
    (run / "record.json").unlink()
    (run / "predictions" / "test.made.json").unlink()
    found = diagnosed(cli, run, code=1)
    assert found["verdict"] == "parser-mismatch"
    first = found["causes"][0]
    assert first["confidence"] >= 0.9
    assert first["effect"]["before"] == 0.0
    assert first["effect"]["after"] == 1.0
    assert first["effect"]["interval"][0] > 0


def test_test_rows_that_stand_in_training_are_named(cli: Cli, tmp_path: Path) -> None:
    parts = {"train": [*TRAIN, *ROWS[:20]], "test": ROWS}
    answers = [predicted(row, rash=number < 20) for number, row in enumerate(ROWS)]
    found = diagnosed(cli, plant(tmp_path, parts, {"test": answers}), code=1)
    assert found["verdict"] == "leak-inflated-score"
    effect = found["causes"][0]["effect"]
    assert effect["after"] < effect["before"]


def test_without_a_model_a_sound_run_is_undetermined_and_says_what_is_missing(
    cli: Cli, tmp_path: Path
) -> None:
    run = plant(tmp_path, PARTS, {"test": [predicted(row) for row in ROWS]})
    found = diagnosed(cli, run, code=0)
    assert found["verdict"] == "undetermined"
    assert "no adapter" in found["why"]
    assert not [one for one in found["causes"] if one["confidence"] >= 0.5]
    assert {"double-bos", "template-mismatch"} <= {one["cause"] for one in found["untold"]}


def test_the_data_can_be_named_where_the_run_has_lost_it(cli: Cli, tmp_path: Path) -> None:
    parts = {"train": [*TRAIN, *ROWS[:20]], "test": ROWS}
    run = plant(tmp_path, parts, {"test": [predicted(row) for row in ROWS]})
    moved = (tmp_path / "data").rename(tmp_path / "elsewhere")
    lost = diagnosed(cli, run, code=0)
    assert any("name it with --data" in line for line in lost["notes"])
    found = diagnosed(cli, run, "--data", moved, code=1)
    assert found["verdict"] == "leak-inflated-score"


@pytest.mark.parametrize("layout", ["unsloth", "axolotl", "peft"])
def test_folders_of_other_trainers_are_read(cli: Cli, tmp_path: Path, layout: str) -> None:
    folder = Path(__file__).parents[1] / "diagnose" / "foreign" / "layouts" / layout
    data = write_rows(tmp_path / "test.jsonl", ROWS)
    result = tmp_path / "result.json"
    answer = cli("diagnose", folder, "--data", data, "--json", result, "--quiet")
    assert answer.code in (0, 1), answer.err
    assert json.loads(result.read_text("utf-8"))["trainer"] == layout


def test_reports_are_written_where_they_are_asked_for(cli: Cli, tmp_path: Path) -> None:
    run = plant(tmp_path, PARTS, {"test": [predicted(row) for row in ROWS]})
    html, markdown = tmp_path / "a.html", tmp_path / "a.md"
    diagnosed(cli, run, "--html", html, "--markdown", markdown, code=0)
    assert "undetermined" in html.read_text("utf-8").lower()
    assert markdown.read_text("utf-8").startswith("#")
