"""medspan split loses nothing without saying so, and no part stands beside those of another split."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from .conftest import Cli

Refused = Callable[..., str]

SHIFTED = "".join(
    f"{n}|t|Note {n} of aspirin {n * 7}.\n{n}|a|It was {n} words about {n * 31}.\n"
    f"{n}\t9\t16\taspirin\tDrug\tD1\n\n"
    for n in range(10, 30)
)


def test_mentions_that_are_not_at_their_offsets_are_not_lost(cli: Cli, tmp_path: Path) -> None:
    source, out = tmp_path / "shifted.txt", tmp_path / "new"
    source.write_text(SHIFTED, encoding="utf-8")
    done = cli("split", source, "--out", out, "--json", tmp_path / "r.json")
    assert done.code == 0
    assert json.loads((tmp_path / "r.json").read_text())["lost"] == {}
    written = [line for part in out.iterdir() for line in part.read_text().splitlines()]
    assert sorted(filter(None, written)) == sorted(filter(None, SHIFTED.splitlines()))


def test_what_is_lost_is_in_the_result(
    cli: Cli, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lossy(self: object, examples: Any, lost: Any, suffix: str) -> Any:
        for example in examples:
            lost.add("mention: planted", example.document)
            yield json.dumps({"id": example.id, "text": example.document.text, "reference": {}}) + "\n"

    monkeypatch.setattr("medspan.read.medspan_jsonl.MedspanFormat.render", lossy)
    for words in ((), ("--folds", "2")):
        done = cli("split", corpus, "--out", tmp_path / f"new{len(words)}", "--quiet", *words)
        assert done.code == 1
        assert "LOST, as medspan cannot hold it: mention: planted " in done.out


def test_parts_and_folds_do_not_stand_beside_each_other(
    cli: Cli, refused: Refused, corpus: Path, tmp_path: Path
) -> None:
    parts, folds = tmp_path / "parts", tmp_path / "folds"
    assert cli("split", corpus, "--out", parts).code == 0
    assert "would stand beside the new folds" in refused("split", corpus, "--out", parts, "--folds", 3)
    assert cli("split", corpus, "--out", folds, "--folds", 3).code == 0
    assert "fold-1 would stand beside the new parts" in refused("split", corpus, "--out", folds)
