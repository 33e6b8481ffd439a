"""`medspan audit` with a limit in tokens, a model, the data before cleaning, or a schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from medspan.models import counting

from .conftest import Cli, write_rows

TEXT = "Lithium caused a severe tremor of both hands. It went away after two days without it."


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The models whose tokens were asked for; words are counted in place of them."""
    models: list[str] = []

    def words(name: str = "default") -> counting.TokenCounter:
        models.append(name)
        return lambda texts: [len(text.split()) for text in texts]

    monkeypatch.setattr(counting, "token_counter", words)
    return models


def train(folder: Path, text: str = TEXT) -> Path:
    prompt = (
        "The following article contains technical terms including diseases, drugs and chemicals. "
        f"Create a list only of the chemicals mentioned.\n\n{text}\n\nList of extracted chemicals:\n"
    )
    return write_rows(folder / "train.jsonl", [{"prompt": prompt, "completion": "- lithium\n- aspirin"}])


def findings(cli: Cli, tmp_path: Path, *words: object) -> dict[str, tuple[int, int]]:
    result = tmp_path / "result.json"
    assert cli("audit", *words, "--quiet", "--json", result).code in (0, 1)
    told: Sequence[dict[str, object]] = json.loads(result.read_text())["findings"]
    return {str(one["check"]): (int(str(one["count"])), int(str(one["of"]))) for one in told}


def test_a_limit_counts_tokens_of_the_default_model(cli: Cli, tmp_path: Path, counted: list[str]) -> None:
    file = train(tmp_path)
    found = findings(cli, tmp_path, file, "--max-length", 41)
    assert counted == ["default"]
    assert found["target-truncated"] == (1, 1)
    assert "prompt-truncated" not in found
    assert findings(cli, tmp_path, file, "--max-length", 20)["prompt-truncated"] == (1, 1)
    assert "target-truncated" not in findings(cli, tmp_path, file, "--max-length", 200)


def test_a_named_model_is_asked_for(cli: Cli, tmp_path: Path, counted: list[str]) -> None:
    findings(cli, tmp_path, train(tmp_path), "--max-length", 20, "--base-model", "some/model")
    assert counted == ["some/model"]
    assert "target-truncated" not in findings(cli, tmp_path, train(tmp_path), "--base-model", "other")
    assert counted[1:] == ["other"]
    assert "target-truncated" not in findings(cli, tmp_path, train(tmp_path))
    assert counted[2:] == []


def test_a_limit_of_nothing_is_refused(cli: Cli, tmp_path: Path) -> None:
    result = cli("audit", train(tmp_path), "--max-length", 0)
    assert result.code == 2
    assert "--max-length" in result.err


def test_the_original_shows_what_was_cut_off(cli: Cli, tmp_path: Path) -> None:
    before, after = train(tmp_path / "before"), train(tmp_path / "after", TEXT[:45])
    assert findings(cli, tmp_path, after, "--original", before)["prompt-truncated"] == (1, 1)
    assert "prompt-truncated" not in findings(cli, tmp_path, before, "--original", before)


def test_a_schema_says_what_is_known(cli: Cli, tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps({"entity_types": ["disease"], "relation_types": []}), "utf-8")
    assert findings(cli, tmp_path, train(tmp_path), "--schema", schema)["unknown-type"] == (2, 2)
    assert "unknown-type" not in findings(cli, tmp_path, train(tmp_path))
