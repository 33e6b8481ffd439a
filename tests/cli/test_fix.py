"""`medspan audit --fix`: what it prints and writes, and the calls that it refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .conftest import Cli, write_rows

TEXT = "Lithium and aspirin caused tremor."
ANSWER = "### Entities:\n1. [Drug] Lithium\n\n### Relations:\nNone found."
TWICE = ANSWER.replace("\n\n", "\n2. [Drug] lithium\n\n")


def row(output: str, text: str = TEXT) -> dict[str, Any]:
    return {"instruction": "Extract.", "input": text, "output": output}


def corpus(folder: Path) -> Path:
    write_rows(folder / "train.jsonl", [row(TWICE), row(ANSWER, "Lithium again."), row(ANSWER, "Lithium.")])
    write_rows(folder / "test.jsonl", [row(ANSWER), row(ANSWER, "lithium was given.")])
    return folder


def test_the_repair_is_told_by_remedy_and_split(cli: Cli, tmp_path: Path) -> None:
    source, out, result = corpus(tmp_path / "data"), tmp_path / "my data", tmp_path / "result.json"
    called = cli("audit", source, "--fix", "--out", out, "--json", result, "--quiet")
    assert called.code == 1
    lines = called.out.splitlines()
    table = [line.split() for line in lines[lines.index("") + 1 :]]
    assert ["duplicate-item", "mentions", "removed", "1"] in table
    assert ["duplicate-row", "rows", "removed", "1"] in table
    assert ["in", "all", "rows", "3", "->", "2", "2", "->", "2"] in table
    assert ["in", "all", "mentions", "4", "->", "2", "2", "->", "2"] in table
    assert ["with", "their", "rows", "mentions", "removed", "1"] in table
    assert f"every change is in {out / 'changes.jsonl'}" in called.out
    assert lines[-1] == f"to see what is left: medspan audit '{out}'"
    told = json.loads(result.read_text("utf-8"))
    assert {finding["check"] for finding in told["findings"]} >= {"duplicate-item", "document-leak"}
    assert told["fix"]["changes"] == {
        "train": {"duplicate-item": {"mentions removed": 1}, "duplicate-row": {"rows removed": 1}},
        "test": {},
    }
    assert told["fix"]["totals"]["train"]["mentions"] == {
        "before": 4,
        "removed": {"duplicate-item": 1},
        "removed_with_rows": 1,
        "changed": {},
        "lost": 0,
        "after": 2,
    }
    assert {path.name for path in out.iterdir()} == {"train.jsonl", "test.jsonl", "changes.jsonl"}
    again = cli("audit", out, "--json", result, "--quiet")
    assert again.code == 0
    found = {finding["check"] for finding in json.loads(result.read_text("utf-8"))["findings"]}
    assert not found & {"duplicate-item", "identical-row-leak", "duplicate-example"}


def test_one_file_is_audited_again_by_its_name(cli: Cli, tmp_path: Path) -> None:
    file = write_rows(tmp_path / "notes.jsonl", [row(TWICE), row(ANSWER, "Gold.")])
    called = cli("audit", file, "--fix", "--out", tmp_path / "out", "--quiet")
    assert called.out.splitlines()[-1] == f"to see what is left: medspan audit {tmp_path / 'out/notes.jsonl'}"
    assert cli("audit", tmp_path / "out" / "notes.jsonl").code in (0, 1)


def test_a_schema_says_which_types_are_symmetric(cli: Cli, tmp_path: Path) -> None:
    answer = "### Entities:\nNone found.\n\n### Relations:\n1. aspirin --[interacts_with]--> Lithium"
    file = write_rows(tmp_path / "train.jsonl", [row(answer)])
    schema = tmp_path / "schema.json"
    schema.write_text(
        json.dumps({"entity_types": [], "relation_types": [{"name": "interacts_with", "symmetric": True}]})
    )
    cli("audit", file, "--fix", "--out", tmp_path / "out", "--schema", schema)
    (written,) = [json.loads(line) for line in (tmp_path / "out" / "train.jsonl").read_text().splitlines()]
    assert written["output"].endswith("1. Lithium --[interacts_with]--> aspirin")


def test_calls_that_would_alter_or_mix_data_are_refused(refused: Callable[..., str], tmp_path: Path) -> None:
    source = corpus(tmp_path / "data")
    before = {path: path.read_bytes() for path in source.iterdir()}
    assert "--fix needs --out" in refused("audit", source, "--fix")
    assert "without --fix" in refused("audit", source, "--out", tmp_path / "new")
    assert "holds something" in refused("audit", source, "--fix", "--out", source)
    assert "is a file" in refused("audit", source, "--fix", "--out", source / "train.jsonl")
    assert {path: path.read_bytes() for path in source.iterdir()} == before
    assert not (tmp_path / "new").exists()
