"""`medspan evaluate --official`: the table, the JSON, the notes and the calls that are refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from medspan.cli.official import Official

from .conftest import Cli

GOLD = """1|t|Lithium caused tremor.
1|a|
1\t0\t7\tLithium\tChemical\tD008094
1\t15\t21\ttremor\tDisease\tD014202
1\tCID\tD008094\tD014202

2|t|Nausea.
2|a|
2\t0\t6\tNausea\tDisease\tD009325
"""
PREDICTED = """1|t|Lithium caused tremor.
1|a|
1\t0\t7\tLithium\tChemical\tMESH:D008094
1\t8\t14\ttremor\tDisease\tMESH:D014202
1\tCID\tD008094\tD014202
"""


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    paths = tmp_path / "gold.txt", tmp_path / "predicted.txt"
    for path, text in zip(paths, (GOLD, PREDICTED), strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def words(pair: tuple[Path, Path], *more: object) -> tuple[object, ...]:
    return ("evaluate", "--official", "bc5cdr", "--reference", pair[0], "--predicted", pair[1], *more)


def test_scores_are_printed_and_written(cli: Cli, pair: tuple[Path, Path], tmp_path: Path) -> None:
    out = tmp_path / "new" / "scores.json"
    result = cli(*words(pair, "--json", out))
    assert result.code == 0
    assert result.out == (
        "2 documents, counted as the official evaluator bc5cdr does\n"
        "\n"
        "bc5cdr                P      R     F1  TP  FP  FN\n"
        "-------------------------------------------------\n"
        "mention Disease   0.000  0.000  0.000   0   1   2\n"
        "mention Chemical  1.000  1.000  1.000   1   0   0\n"
        "id Disease        1.000  0.500  0.667   1   0   1\n"
        "id Chemical       1.000  1.000  1.000   1   0   0\n"
        "relation CID      1.000  1.000  1.000   1   0   0\n"
    )
    assert result.err == (
        "note: 1 of 2 documents of the reference are missing from the predictions (2): "
        "they count as empty predictions\n"
    )
    written = json.loads(out.read_text(encoding="utf-8"))
    assert list(written) == [
        "schema_version",
        "official",
        "mention",
        "id",
        "relation",
        "documents",
        "notes",
    ]
    assert (written["schema_version"], written["official"]) == (1, "bc5cdr")
    assert written["id"]["Disease"] == {
        "true_positives": 1,
        "false_positives": 0,
        "false_negatives": 1,
        "precision": 1.0,
        "recall": 0.5,
        "f1": 2 / 3,
    }
    assert written["notes"] == [result.err.removeprefix("note: ").strip()]


def test_quiet_leaves_the_notes_to_the_json(cli: Cli, pair: tuple[Path, Path]) -> None:
    result = cli(*words(pair, "--quiet"))
    assert (result.code, result.err) == (0, "")
    assert "relation CID" in result.out


def test_undefined_scores_are_dashes_and_null(cli: Cli, pair: tuple[Path, Path], tmp_path: Path) -> None:
    pair[1].write_text(PREDICTED.replace("1\tCID\tD008094\tD014202\n", ""), encoding="utf-8")
    result = cli(*words(pair, "--json", tmp_path / "o.json"))
    assert "relation CID          -  0.000  0.000   0   0   1\n" in result.out
    assert "the predictions have nothing for relation CID: precision is undefined there" in result.err
    written = json.loads((tmp_path / "o.json").read_text(encoding="utf-8"))
    assert written["relation"]["CID"]["precision"] is None


def test_the_help_names_every_scorer(cli: Cli) -> None:
    from medspan.evaluate.official import scorers

    (option,) = Official.__metadata__
    assert all(name in option.help for name in scorers())
    assert "--official" in cli("evaluate", "--help").out


def test_calls_that_do_not_fit_are_refused(
    refused: Callable[..., str], pair: tuple[Path, Path], tmp_path: Path
) -> None:
    unknown = refused("evaluate", "--official", "bc5", "--reference", pair[0], "--predicted", pair[1])
    assert "'bc5' is no official scorer" in unknown
    assert "choose one of bc5cdr" in unknown
    assert "--official bc5cdr is given with a run" in refused("evaluate", tmp_path, "--official", "bc5cdr")
    assert "is given with --report" in refused(*words(pair, "--report", tmp_path / "r.html"))
    assert "--predicted is missing" in refused("evaluate", "--official", "bc5cdr", "--reference", pair[0])
    assert "is a file that is read" in refused(*words(pair, "--json", pair[0]))
    assert pair[0].read_text(encoding="utf-8") == GOLD
    absent = (tmp_path / "absent.txt", pair[1])
    assert "absent.txt does not exist" in refused(*words(absent))


def test_empty_predictions_are_refused_unless_allowed(
    cli: Cli, refused: Callable[..., str], pair: tuple[Path, Path]
) -> None:
    pair[1].write_text("", encoding="utf-8")
    assert "use --allow-empty" in refused(*words(pair))
    result = cli(*words(pair, "--allow-empty"))
    assert result.code == 0
    assert "mention Disease   " in result.out
