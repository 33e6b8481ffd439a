"""What an audit says besides its findings: what was not read, which parts are missing, the policy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import medspan
from medspan.read import write
from medspan.synth import generate

from .conftest import Cli, row, write_rows

Refused = Callable[..., str]
NOTES = [row(str(n), f"Note {n}: aspirin in case {n}.", ("aspirin", "Drug")) for n in range(4)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two parts, one row of train unreadable."""
    path = write_rows(tmp_path / "data" / "train.jsonl", NOTES[:3])
    path.write_text(path.read_text() + '{"id": 5}\n', encoding="utf-8")
    write_rows(tmp_path / "data" / "test.jsonl", NOTES[3:])
    return tmp_path / "data"


def test_unreadable_rows_are_in_every_result(cli: Cli, folder: Path, tmp_path: Path) -> None:
    result, page = tmp_path / "r.json", tmp_path / "p.html"
    done = cli("audit", folder, "--quiet", "--json", result, "--html", page)
    (line,) = [line for line in done.out.splitlines() if line.startswith("NOT READ: ")]
    assert "1 of 4 rows of train cannot be read" in line
    assert "the first, train.jsonl:4: " in line
    assert "1 row that cannot be read" in done.out.splitlines()[-1]
    assert "can be trained on" not in done.out
    told = json.loads(result.read_text())
    (refused,) = told["splits"]["train"]["rejected_rows"]
    assert (refused["file"], refused["row"]) == (str(folder / "train.jsonl"), 4)
    assert refused["reason"] in line or refused["reason"][:60] in line
    assert "1 of 4 rows of train cannot be read" in page.read_text()


def test_the_json_says_what_was_audited_by_what(cli: Cli, folder: Path, tmp_path: Path) -> None:
    result = tmp_path / "r.json"
    cli("audit", folder, "--json", result)
    told = json.loads(result.read_text())
    assert told["medspan"] == medspan.__version__
    assert told["paths"] == [str(folder)]
    assert told["policy"] == {"file": None, "off": [], "changed": {}}
    severities = [one["severity"] for one in told["findings"]]
    assert told["verdict"] == {name: severities.count(name) for name in ("error", "warning", "info")}
    assert told["splits"]["test"]["files"] == [str(folder / "test.jsonl")]


def test_tasks_are_given_in_shares_and_counts(cli: Cli, tmp_path: Path) -> None:
    rows = [{**one, "task": f"t{n % 2 * n}"} for n, one in enumerate(NOTES)]
    path, result = write_rows(tmp_path / "train.jsonl", rows), tmp_path / "r.json"
    cli("audit", path, "--json", result)
    told = json.loads(result.read_text())["splits"]["train"]
    assert told["task_counts"] == {"t0": 2, "t1": 1, "t3": 1}
    assert told["tasks"] == {"t0": 0.5, "t1": 0.25, "t3": 0.25}


def test_what_a_policy_changes_leaves_a_trace(cli: Cli, folder: Path, tmp_path: Path) -> None:
    policy, result, page = tmp_path / "policy.yaml", tmp_path / "r.json", tmp_path / "p.html"
    policy.write_text("closed-vocabulary: info\ndocument-leak: off\n")
    done = cli("audit", folder, "--quiet", "--policy", policy, "--json", result, "--html", page)
    for place in (done.out, page.read_text()):
        assert f"Turned off by {policy}, and not run: document-leak" in place
        assert "closed-vocabulary is info" in place
    assert json.loads(result.read_text())["policy"] == {
        "file": str(policy),
        "off": ["document-leak"],
        "changed": {"closed-vocabulary": "info"},
    }


def test_a_check_is_stated_once(refused: Refused, folder: Path, tmp_path: Path) -> None:
    policy = tmp_path / "policy.yaml"
    policy.write_text("document-leak: off\nblank-item: off\ndocument-leak: error\n")
    assert "document-leak is stated twice" in refused("audit", folder, "--policy", policy)


def test_a_folder_with_one_corpus_is_one_part(cli: Cli, tmp_path: Path) -> None:
    write(tmp_path / "notes" / "notes.jsonl", generate(60, seed=1), "medspan")
    (tmp_path / "notes" / "schema.json").write_text("{}")
    done = cli("audit", tmp_path / "notes", "--json", tmp_path / "r.json")
    assert done.code == 0
    assert list(json.loads((tmp_path / "r.json").read_text())["splits"]) == ["notes"]
    assert f"medspan split {tmp_path / 'notes' / 'notes.jsonl'} --out NEW" in done.out


def test_two_corpora_without_the_names_of_parts_are_refused(refused: Refused, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_rows(tmp_path / f"{name}.jsonl", NOTES)
    assert "holds no file of a split" in refused("audit", tmp_path)


def test_a_part_that_is_missing_is_said(cli: Cli, folder: Path) -> None:
    assert f"{folder} has no validation part" in cli("audit", folder).out
    assert "has no validation part" not in cli("audit", folder / "train.jsonl").out


def test_a_file_that_is_passed_over_is_said(cli: Cli, folder: Path) -> None:
    write(folder / "test.txt", generate(3, seed=1), "pubtator")
    done = cli("audit", folder, "--quiet")
    assert "Not read for test: test.txt; read instead: test.jsonl" in done.out


def test_remedies_name_the_data(cli: Cli, tmp_path: Path) -> None:
    write_rows(tmp_path / "my data" / "train.jsonl", [*NOTES[:3], NOTES[0]])
    done = cli("audit", tmp_path / "my data")
    assert f"medspan audit '{tmp_path / 'my data'}' --fix --out NEW" in done.out


def test_the_schema_of_the_data_is_a_start(cli: Cli, folder: Path, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    cli("audit", folder, "--write-schema", schema)
    assert json.loads(schema.read_text())["entity_types"] == ["Drug"]
    done = cli("audit", folder, "--schema", schema)
    assert "unknown-type" not in done.out
    schema.write_text('{"entity_types": ["Disease"], "relation_types": []}')
    done = cli("audit", folder, "--schema", schema)
    assert f"medspan audit {folder} --write-schema FILE" in done.out
