"""`medspan data`, from the call to the files, with copies in place of the network."""

from __future__ import annotations

import hashlib
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from medspan.cli.data import next_command
from medspan.read.public.catalogue import DATASETS, dataset_named

from .conftest import Cli

ADE = json.dumps([{"tokens": ["Aspirin", "caused", "rash"], "entities": [], "relations": []}])
SHA256 = hashlib.sha256(ADE.encode()).hexdigest()


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with both files of `ade`, in a working folder of its own."""
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "copied"
    folder.mkdir()
    for part in ("train", "test"):
        (folder / f"ade_split_0_{part}.json").write_text(ADE)
    return folder


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def read(path: Path) -> dict[str, Any]:
    data = json.loads(path.read_text(encoding="utf-8"))
    assert data["schema_version"] == 1
    return data


def test_list_names_everything(cli: Cli, tmp_path: Path) -> None:
    result = cli("data", "list", "--json", tmp_path / "r.json")
    assert (result.code, result.err) == (0, "")
    listed = read(tmp_path / "r.json")["datasets"]
    assert [each["name"] for each in listed] == [dataset.name for dataset in DATASETS]
    for each in listed:
        for key in ("name", "title", "documents", "licence", "licence_source", "homepage"):
            assert each[key] in result.out
        assert all(address in result.out for address in each["addresses"])
    assert "licence    none stated" in result.out


def test_get_from_a_copy(cli: Cli, copy: Path, tmp_path: Path) -> None:
    result = cli("data", "get", "ade", "--from", copy, "--accept-licence", "--json", "r.json")
    assert result.code == 0
    assert result.out.startswith("data/ade: 2 files of ade fetched; licence: none stated")
    assert result.out.endswith(
        "  medspan split data/ade/ade_split_0_train.json --out data/ade-parts --shares 0.9,0.1,0\n"
    )
    assert "licence none stated" in result.err
    assert "cite Gurulingappa" in result.err
    for part in ("train", "test"):
        assert f"no checksum known for ade_split_0_{part}.json; its sha256 is {SHA256}" in result.err
    told = read(tmp_path / "r.json")
    assert (told["folder"], told["already"], told["missing"]) == ("data/ade", False, [])
    record = json.loads((tmp_path / "data/ade/SOURCE.json").read_text())
    assert record.items() <= told.items()
    # The second time nobody need accept anything, and nothing is read from the copy.
    again = cli("data", "get", "ade", "--quiet")
    assert (again.code, again.err) == (0, "")
    assert "2 files of ade there already, and right" in again.out


def test_missing_parts_are_told(cli: Cli, copy: Path) -> None:
    one = copy / "ade_split_0_train.json"
    result = cli("data", "get", "ade", "--from", one, "--accept-licence", "--out", "here")
    assert (result.code, sorted(path.name for path in Path("here").iterdir())) == (
        0,
        ["SOURCE.json", "ade_split_0_train.json"],
    )
    assert "not there: ade_split_0_test.json" in result.err


def test_licence_must_be_accepted(refused: Callable[..., str], copy: Path) -> None:
    message = refused("data", "get", "ade", "--from", copy)
    assert "the licence of ade was not accepted: none stated" in message
    assert "--accept-licence" in message
    assert [path.name for path in copy.parent.iterdir()] == ["copied"]


@pytest.mark.parametrize(("answer", "code"), [("yes", 0), ("", 2), ("y", 2), ("no", 2)])
def test_on_a_terminal_yes_is_typed(
    copy: Path, monkeypatch: pytest.MonkeyPatch, answer: str, code: int
) -> None:
    from medspan.cli.app import main

    monkeypatch.setattr(sys, "stdin", Terminal(answer + "\n"))
    monkeypatch.setattr(sys, "stderr", Terminal())
    with pytest.raises(SystemExit) as stop:
        main(["data", "get", "ade", "--from", str(copy), "--quiet"])
    shown = sys.stderr.getvalue()  # type: ignore[attr-defined]
    assert stop.value.code == code
    assert shown.index("licence: none stated") < shown.index("cite: ") < shown.index("Type yes")
    assert (copy.parent / "data").exists() == (code == 0)
    assert ("nothing was fetched" in shown) == (code == 2)


def test_checksums_can_be_expected(refused: Callable[..., str], cli: Cli, copy: Path) -> None:
    call = ("data", "get", "ade", "--from", copy, "--accept-licence")
    assert "does not say of which file" in refused(*call, "--expect", SHA256)
    wrong = cli(*call, "--expect", "ade_split_0_test.json=" + "0" * 64)
    assert wrong.code == 2
    assert f"has the sha256 {SHA256}, and {'0' * 64} was expected" in wrong.err
    assert not Path("data/ade").exists()
    words = [word for part in ("train", "test") for word in ("--expect", f"ade_split_0_{part}.json={SHA256}")]
    right = cli(*call, *words)
    assert right.code == 0
    assert "no checksum known" not in right.err


def test_folder_in_use_and_unknown_names_are_refused(refused: Callable[..., str], copy: Path) -> None:
    Path("data/ade").mkdir(parents=True)
    Path("data/ade/mine").write_text("x")
    assert "holds something else than ade" in refused("data", "get", "ade", "--from", copy)
    assert "'biored' was meant" in refused("data", "get", "BioRed")
    assert "medspan data --help" in refused("data")


def test_next_commands_fit_the_files() -> None:
    def command(name: str, **splits: str) -> str:
        return next_command(
            dataset_named(name), Path("data") / name, {file: {"split": part} for part, file in splits.items()}
        )

    assert command("bc5cdr", test="c", train="a", validation="b") == (
        "medspan train CONFIG data.train=data/bc5cdr/a data.validation=data/bc5cdr/b data.test=data/bc5cdr/c"
    )
    assert command("maccrobat") == "medspan convert data/maccrobat data/maccrobat.jsonl --to medspan"
    assert next_command(dataset_named("medmentions"), Path("d/m"), {"f.gz": {}}) == (
        "medspan split d/m/f.gz --out d/m-parts"
    )
