"""figure.py and excluded.py: a right figure passes, a wrong one stops the replay and is shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .scripts import module

AUDIT = {
    "findings": [
        {
            "check": "document-leak",
            "count": 286,
            "of": 300,
            "where": {"split": "validation", "against": "train"},
        },
        {
            "check": "document-leak",
            "count": 91,
            "of": 300,
            "where": {"split": "validation", "against": "test"},
        },
        {
            "check": "task-missing-from-split",
            "count": 2,
            "of": 3,
            "where": {"split": "test", "against": None},
        },
    ]
}
DIAGNOSIS = {
    "causes": [
        {"cause": "decoding-blocks-copying", "confidence": 0.97},
        {"cause": "closed-vocabulary", "confidence": 0.6},
        {"cause": "undertrained", "confidence": 0.3},
    ],
    "cleared": [{"cause": "template-mismatch", "evidence": []}],
}


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "audit.json").write_text(json.dumps(AUDIT))
    (tmp_path / "diagnosis.json").write_text(json.dumps(DIAGNOSIS))
    (tmp_path / "told.txt").write_text("Likely cause:\n  parser-mismatch: read it with   --format tasks")
    return {path.stem: path for path in tmp_path.iterdir()}


@pytest.mark.parametrize(
    ("call", "right"),
    [
        ("finding audit document-leak 91 300 --split validation --against test", True),
        ("finding audit document-leak 286 300 --split validation --against train", True),
        ("finding audit document-leak 286 300 --split validation --against test", False),
        ("finding audit document-leak 285 300 --split validation --against train", False),
        ("finding audit document-leak 286 301 --split validation --against train", False),
        ("finding audit document-leak 286 300 --split test --against train", False),
        ("finding audit task-missing-from-split 2 3 --split test", True),
        ("none audit self-relation near-duplicate-leak", True),
        ("none audit self-relation document-leak", False),
        ("cause diagnosis decoding-blocks-copying --first", True),
        ("cause diagnosis closed-vocabulary", True),
        ("cause diagnosis closed-vocabulary --first", False),
        ("cause diagnosis undertrained", False),
        ("told diagnosis undertrained", True),
        ("told diagnosis double-bos", False),
        ("cleared diagnosis template-mismatch", True),
        ("cleared diagnosis template-mismatch undertrained", False),
        ("says told parser-mismatch", True),
        ("says told healthy", False),
    ],
)
def test_a_figure_is_compared(
    files: dict[str, Path], capsys: pytest.CaptureFixture[str], call: str, right: bool
) -> None:
    kind, file, *rest = call.split()
    assert module("figure.py").main([kind, str(files[file]), *rest]) == (0 if right else 1)
    assert capsys.readouterr().out.startswith("  ok: " if right else "  NOT AS EXPECTED: ")


def test_words_are_found_across_lines(files: dict[str, Path]) -> None:
    assert (
        module("figure.py").main(
            ["says", str(files["told"]), "--", "cause: parser-mismatch", "--format tasks"]
        )
        == 0
    )


def test_both_figures_are_shown(files: dict[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    module("figure.py").main(
        ["finding", str(files["audit"]), "document-leak", "296", "300", "--split", "test"]
    )
    assert "document-leak, test: nothing (must be 296 of 300)" in capsys.readouterr().out


def aspect(name: str, same: bool | None, verdict: str = "cleared") -> dict[str, Any]:
    return {"aspect": name, "same": same, "verdict": verdict, "evidence": [f"evidence of {name}"]}


@pytest.mark.parametrize(
    ("changed", "right"),
    [
        (None, True),
        (aspect("epochs", False, "cleared"), True),
        (aspect("epochs", False, "only-a-training-tells"), False),
        (aspect("packages", None, "not-testable"), False),
        (aspect("wording", False, "separates"), False),
    ],
)
def test_what_was_suspected_must_be_innocent(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: dict[str, Any] | None, right: bool
) -> None:
    excluded = module("incident_b/excluded.py")
    aspects = {name: aspect(name, True) for name in excluded.SUSPECTED}
    if changed is not None:
        aspects[changed["aspect"]] = changed
    path = tmp_path / "diagnosis.json"
    path.write_text(json.dumps({"against": {"aspects": list(aspects.values())}}))
    assert excluded.main(path) == (0 if right else 1)
    told = capsys.readouterr().out
    assert told.count("\n") == len(excluded.SUSPECTED)
    assert all(f"evidence of {name}" in told for name in excluded.SUSPECTED)


def test_what_nothing_is_said_of_is_not_excluded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "diagnosis.json"
    path.write_text(json.dumps({"against": {"aspects": []}}))
    assert module("incident_b/excluded.py").main(path) == 1
    assert "epochs: nothing is said of it" in capsys.readouterr().out
