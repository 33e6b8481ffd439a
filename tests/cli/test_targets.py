"""Reports on a run never take the place of what it is made of, and what cannot be written is told first."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import medspan.diagnose
from medspan.cli import diagnose as verb
from medspan.diagnose import Case

from ..diagnose.planted_diagnoses import ONE
from .conftest import Cli, write_rows
from .planted_runs import note, plant, predicted

Refused = Callable[..., str]
ROWS = [note(number) for number in range(8)]
TRAIN = [note(number, "train") for number in range(8, 16)]
OPTIONS = ("--html", "--markdown", "--json")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    parts = {"train": TRAIN, "test": ROWS}
    return plant(tmp_path, parts, {"test": [predicted(row) for row in ROWS]})


@pytest.fixture
def unexamined(monkeypatch: pytest.MonkeyPatch) -> None:
    """No probe may begin."""

    def examine(*given: Any, **named: Any) -> None:
        raise AssertionError("the work has begun")

    monkeypatch.setattr(medspan.diagnose, "diagnose", examine)


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.usefixtures("unexamined")
class TestDiagnoseRefuses:
    @pytest.mark.parametrize("option", OPTIONS)
    @pytest.mark.parametrize(
        "name", ["predictions/test.jsonl", "record.json", "config.yaml", "predictions/test.made.json"]
    )
    def test_a_file_of_the_run(self, run: Path, refused: Refused, option: str, name: str) -> None:
        before = files_of(run.parent)
        told = refused("diagnose", run, option, run / name, "--quiet")
        assert f"{run / name} is a file of {run}, which is examined" in told
        assert files_of(run.parent) == before

    @pytest.mark.parametrize("option", OPTIONS)
    def test_data_that_the_configuration_names(self, run: Path, refused: Refused, option: str) -> None:
        before = files_of(run.parent)
        for part in ("test", "train"):
            path = run.parent / "data" / f"{part}.jsonl"
            assert f"{path} is a file that is read" in refused("diagnose", run, option, path)
        assert files_of(run.parent) == before

    def test_data_in_a_folder_that_the_configuration_names(self, run: Path, refused: Refused) -> None:
        config = yaml.safe_load((run / "config.yaml").read_text())
        config["data"] = {"train": str(run.parent / "data")}
        (run / "config.yaml").write_text(yaml.safe_dump(config))
        path = run.parent / "data" / "test.jsonl"
        assert f"{path} is a file that is read" in refused("diagnose", run, "--html", path, "--quiet")

    def test_data_that_is_named_from_the_folder_where_the_run_was_started(
        self, run: Path, refused: Refused
    ) -> None:
        for name in ("config.yaml", "record.json"):
            text = (run / name).read_text("utf-8")
            (run / name).write_text(text.replace(f"{run.parent}/data", "data"), "utf-8")
        path = run.parent / "data" / "test.jsonl"
        told = refused("diagnose", run, "--markdown", path)
        assert f"{path} is a file that is read" in told
        assert "or what a run was made of" in told

    def test_data_in_a_folder_that_is_given(self, run: Path, refused: Refused) -> None:
        other = shutil.copytree(run.parent / "data", run.parent / "other")
        told = refused("diagnose", run, "--data", other, "--json", other / "test.jsonl", "--quiet")
        assert f"{other / 'test.jsonl'} is a file that is read" in told

    def test_files_of_the_good_run_its_schema_and_its_base_model(
        self, run: Path, refused: Refused, tmp_path: Path
    ) -> None:
        base, schema = tmp_path / "base", tmp_path / "schema.yaml"
        base.mkdir()
        (base / "config.json").write_text("{}")
        schema.write_text("{}")
        stated = {"base_model": str(base), "schema_file": str(schema)}
        good = plant(tmp_path / "good", {"train": TRAIN, "test": ROWS}, {}, **stated)
        for path in (good / "split.json", base / "config.json", schema, good.parent / "data" / "test.jsonl"):
            before = path.read_bytes()
            assert f"{path} is a file" in refused("diagnose", run, "--against", good, "--json", path)
            assert path.read_bytes() == before

    def test_links_into_the_run_and_out_of_it(self, run: Path, refused: Refused, tmp_path: Path) -> None:
        (tmp_path / "link.json").symlink_to(run / "record.json")
        assert "is a file of" in refused("diagnose", run, "--json", tmp_path / "link.json")
        log = write_rows(tmp_path / "elsewhere.jsonl", [])
        (run / "log.jsonl").symlink_to(log)
        assert "is a file of" in refused("diagnose", run, "--json", run / "log.jsonl")

    def test_the_report_that_is_written_by_default(self, run: Path, refused: Refused) -> None:
        told = refused("diagnose", run, "--json", run / "diagnosis.html", "--quiet")
        assert f"{run / 'diagnosis.html'} is a file that is written already" in told

    def test_places_that_cannot_be_written(self, run: Path, refused: Refused, tmp_path: Path) -> None:
        # Root may write in any folder, but not in this one.
        if not Path("/proc/self").is_dir():
            pytest.skip("no /proc")
        for option in OPTIONS:
            told = refused("diagnose", run, option, "/proc/x.html")
            assert "/proc/x.html cannot be written" in told
        told = refused("diagnose", run, "--html", tmp_path)
        assert f"{tmp_path} is a folder, and a file is to be written" in told
        assert f"{tmp_path / 'NAME'}" in told
        assert ".json" not in told

    def test_empty_paths_and_texts(self, run: Path, refused: Refused) -> None:
        for option in ("--data", "--predicted", "--against"):
            assert f"{option} is empty, and a path is wanted" in refused("diagnose", run, option, "")
        assert "RUN is empty, and a path is wanted" in refused("diagnose", " ")
        for text in ("", "  \n"):
            assert "--text is empty" in refused("diagnose", run, "--text", "A note.", "--text", text)

    def test_a_device_that_is_not_there(self, run: Path, refused: Refused) -> None:
        assert "device: nosuch" in refused("diagnose", run, "--device", "nosuch")


@pytest.mark.usefixtures("unexamined")
def test_a_data_file_of_a_foreign_run_is_kept(refused: Refused, tmp_path: Path) -> None:
    layout = Path(__file__).parents[1] / "diagnose" / "foreign" / "layouts" / "peft"
    folder = shutil.copytree(layout, tmp_path / "peft")
    before = files_of(folder)
    for path in [Path(one) for one in before]:
        assert "which is examined" in refused("diagnose", folder, "--markdown", path)
    assert files_of(folder) == before


def test_reports_in_the_run_may_be_new_or_written_again(run: Path, cli: Cli) -> None:
    def told(*words: object) -> int:
        result = cli("diagnose", run, *words, "--device", "cpu", "--quiet")
        return result.code if result.code == 2 else 0

    named = ("--html", run / "diagnosis-2.html", "--markdown", run / "diagnosis.md")
    own = ("--json", run / "diagnosis.json")
    for _ in range(2):
        assert told() == 0
        assert told(*named, *own) == 0
    assert told("--json", run / "first.json") == 0
    assert json.loads((run / "first.json").read_text())["run"] == str(run)
    assert told("--json", run / "first.json") == 2
    outside = run.parent / "any.json"
    assert [told("--json", outside), told("--json", outside)] == [0, 0]


def test_a_report_that_fails_after_all_does_not_take_the_verdict_with_it(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, result = tmp_path / "new" / "a.html", tmp_path / "result.json"

    def made(*given: Any, **named: Any) -> Any:
        target.mkdir()
        return ONE

    monkeypatch.setattr(medspan.diagnose, "diagnose", made)
    monkeypatch.setattr(verb, "make_case", lambda run, given: Case(run))
    done = cli("diagnose", tmp_path, "--html", target, "--json", result, "--quiet")
    assert done.code == 2
    assert f"{target} cannot be written" in done.err
    assert done.out.startswith("verdict: decoding-blocks-copying")
    assert json.loads(result.read_text())["verdict"] == "decoding-blocks-copying"


def test_a_text_without_a_model_is_told_not_to_be_answered(run: Path, cli: Cli) -> None:
    result = run.parent / "result.json"
    done = cli("diagnose", run, "--text", "A note.", "--json", result, "--quiet")
    assert "--text is not answered: no model" in " ".join(done.out.split())
    found = json.loads(result.read_text())
    assert found["shown"] == []
    assert any(line.startswith("--text is not answered: no model") for line in found["notes"])
    assert "--text is not answered" in (run / "diagnosis.html").read_text()
    assert "--text" not in cli("diagnose", run, "--quiet").out


class TestReproduceRefuses:
    def test_files_of_the_run_and_its_data(self, run: Path, refused: Refused) -> None:
        before = files_of(run.parent)
        for name in ("record.json", "predictions/test.jsonl", "predictions/../split.json"):
            assert "which is examined" in refused("reproduce", run, "--json", run / name)
        path = run.parent / "data" / "test.jsonl"
        assert f"{path} is a file that is read" in refused("reproduce", run, "--json", path)
        assert files_of(run.parent) == before

    def test_empty_paths(self, run: Path, refused: Refused) -> None:
        assert "RUN is empty, and a path is wanted" in refused("reproduce", "")
        assert "--out is empty, and a path is wanted" in refused("reproduce", run, "--train", "--out", "")


class TestTrainRefuses:
    def test_files_that_it_reads_and_writes(self, run: Path, refused: Refused, tmp_path: Path) -> None:
        config = tmp_path / "config.yaml"
        stated = yaml.safe_load((run / "config.yaml").read_text())
        config.write_text(yaml.safe_dump({**stated, "output_dir": str(tmp_path / "new")}))
        before = files_of(tmp_path)
        data = tmp_path / "data" / "train.jsonl"
        for path in (config, data, tmp_path / "new" / "record.json"):
            assert f"{path} is a file that is read" in refused("train", config, "--json", path)
        assert files_of(tmp_path) == before

    def test_an_empty_path(self, refused: Refused) -> None:
        assert "CONFIG is empty, and a path is wanted" in refused("train", "")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_told_before_the_work(
    run: Path, refused: Refused, tmp_path: Path
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    assert "cannot be written: Permission denied" in refused("diagnose", run, "--json", closed / "a.json")
