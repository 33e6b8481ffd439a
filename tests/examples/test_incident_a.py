"""The Python files of incident A, and its figures on the corpora: those that run.sh states."""

from __future__ import annotations

import json
import re
import shlex
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from medspan.audit.base import all_checks
from medspan.audit.data import Data
from medspan.core import InputError
from medspan.evaluate import evaluate
from medspan.read import load, load_splits
from medspan.read.generated import load_generated

from .scripts import SCRIPTS, module

INFLUENCES = "Create a list only of the influences between the chemicals and diseases mentioned."
CHEMICALS = "Create a list only of the chemicals mentioned."


def row(article: str, completion: str = "- a", question: str = CHEMICALS) -> dict[str, str]:
    cue = "influences" if question == INFLUENCES else "chemicals"
    lead = "The following article contains technical terms including diseases, drugs and chemicals. "
    prompt = f"{lead}{question}\n\n{article}\n\nList of extracted {cue}:\n"
    return {"prompt": prompt, "completion": completion}


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    path.write_text("".join(f"{json.dumps(one)}\n" for one in rows), encoding="utf-8")
    return path


def test_each_form_of_relations_is_found_by_its_own_evaluator_only(tmp_path: Path) -> None:
    rows = [
        row("one", "- Chemical a influences disease b\n- Chemical c influences disease d", INFLUENCES),
        row("two", "- chemical a influences disease b", INFLUENCES),
        row("three", "- a | b\n- c | d\n- e | f", INFLUENCES),
        row("four", "- a | b"),
    ]
    found = module("incident_a/team_parser.py").counted(write(tmp_path / "rows.jsonl", rows))
    assert found == {"sentence": 2, "lower case": 1, "x | y": 3}


def test_perfect_answers_are_the_targets_of_one_question(tmp_path: Path) -> None:
    part = write(tmp_path / "part.jsonl", [row("one"), row("two", "- a | b", INFLUENCES)])
    module("incident_a/perfect_answers.py").main(part, tmp_path / "out")
    answers = (tmp_path / "out" / "generated.jsonl").read_text().splitlines()
    assert [json.loads(line)["generated"] for line in answers] == ["- a | b"]
    assert load(tmp_path / "out" / "test.jsonl").examples[0].document.text == "two"


def test_half_the_articles_of_the_test_part_leave_train() -> None:
    subset = module("incident_a/subset.py")
    train = [row(f"article {n}", f"- {task}") for n in range(200) for task in "ab"]
    train += [row("long " * subset.SHORT)]
    test = [row(f"article {n}", "- c") for n in range(20)] + [row("long " * subset.SHORT)]
    rows, scored, leaking = subset.chosen(train, test)
    assert scored == test[:20]
    assert len(leaking) == 10
    held = {subset.article(one) for one in rows}
    assert {subset.article(one) for one in scored} & held == leaking
    assert Counter(subset.article(one) for one in rows) == dict.fromkeys(held, 2)  # articles stay whole
    assert subset.ROWS <= len(rows) < subset.ROWS + 2
    assert subset.chosen(train, test) == (rows, scored, leaking)


class Encoded:
    def __init__(self, length: int) -> None:
        self.ids = tuple(range(length))


def test_the_stop_token_and_nothing_else_is_left_out_of_the_loss() -> None:
    marks = [[False, False, True, True, True], [False, True, True, False, False]]
    collate = module("incident_a/train_without_stop.py").without_stop(
        lambda method, batch, device: ("ids", _Marks(marks))
    )
    ids, target = collate(None, [Encoded(5), Encoded(3)], "cpu")
    assert ids == "ids"
    assert target.rows == [[False, False, True, True, False], [False, True, False, False, False]]


class _Marks:
    def __init__(self, rows: list[list[bool]]) -> None:
        self.rows = rows

    def __setitem__(self, place: tuple[int, int], value: bool) -> None:
        self.rows[place[0]][place[1]] = value


def planted_results(out: Path) -> None:
    report = module("incident_a/report.py")
    where = {"split": "test", "against": "train"}
    for split, _, checks in report.AUDITED:
        findings = [{"check": one, "message": f"{one} in {split}", "where": where} for one in checks]
        (out / f"{split}.json").write_text(json.dumps({"findings": findings}))
    (out / "clean.json").write_text(json.dumps({"findings": []}))
    (out / "steps").mkdir()
    (out / "steps" / "parser-wrong.txt").write_text("medspan: <nothing> was read\nparser-mismatch")
    effect = {"metric": "entity F1", "before": 0.25, "after": 0.5, "interval": [0.125, 0.375]}
    cause = {"confidence": 0.95, "effect": effect, "evidence": ["a | b <c>", "second"]}
    for name, id in (("run-on", "stop-token-untrained"), ("leaky", "leak-inflated-score")):
        found = {"causes": [{**cause, "cause": id}, {**cause, "cause": "noted", "confidence": 0.4}]}
        found["cleared"] = [{"cause": one, "evidence": ["both"]} for one in ("double-bos", "diverged")]
        (out / f"{name}.json").write_text(json.dumps(found))
    healthy: dict[str, Any] = {
        "causes": [],
        "cleared": [],
        "verdict": "healthy",
        "why": "no probe found a fault",
    }
    (out / "penalty.json").write_text(json.dumps(healthy))


def test_the_report_holds_what_was_found_and_nothing_is_read_as_a_mark(tmp_path: Path) -> None:
    planted_results(tmp_path)
    report = module("incident_a/report.py")
    parts = list(report.sections(tmp_path, Path("splits")))
    markdown, page = report.as_markdown("Title", parts), report.as_html("Title", parts)
    for split, _, checks in report.AUDITED:
        for check in checks:
            assert f"{check} in {split}" in markdown
            assert f"{check} in {split}" in page
    assert "entity F1 0.250 | 0.500 (+0.125 to +0.375)" in markdown
    assert r"a \| b \<c\>" in markdown
    assert "a | b &lt;c&gt;" in page
    assert "&lt;nothing&gt;" in page
    assert "noted" not in markdown
    assert "healthy" in markdown
    assert "double-bos, diverged | both" in markdown
    assert "medspan split splits/splits_20251111" in markdown
    assert page.count("<table>") == page.count("</table>") == 3


STATED = re.compile(r"^found ([a-z-]+) (\d+) (\d+) --split (\w+)(?: --against (\w+))?$")


def stated() -> list[tuple[str, str, str, int, int, str | None]]:
    """(split of then, check, part, count, of, other part) as run.sh demands them."""
    found, audited = [], ""
    for line in SCRIPTS["incident_a"].read_text(encoding="utf-8").splitlines():
        if line.startswith("audited="):
            audited = shlex.split(line)[0].partition("=")[2]
        told = STATED.match(line)
        if told:
            check, count, of, part, other = told.groups()
            found.append((audited, check, part, int(count), int(of), other))
    return found


@lru_cache(maxsize=1)
def data(folder: Path) -> Data:
    return Data.of(load_splits(folder, format="auto"))


@lru_cache
def findings(folder: Path, check: str) -> dict[tuple[str | None, str | None], tuple[int, int]]:
    return {(one.split, one.against): (one.count, one.of) for one in all_checks()[check].run(data(folder))}


def test_run_sh_states_the_figures_of_the_incident() -> None:
    figures = {(split, check, part): count for split, check, part, count, _, _ in stated()}
    parts = ("train", "validation", "test")
    assert [figures["splits_20251108", "ungrounded-reference", part] for part in parts] == [366, 42, 38]
    assert [figures["splits_cleaned_20251113", "prompt-cue-missing", part] for part in parts] == [249, 32, 26]
    assert figures["splits_20251106", "document-leak", "test"] == 296
    assert sum(figures["splits_20251111", "unreachable-endpoint", part] for part in parts) == 195


@pytest.mark.parametrize(
    ("audited", "check", "part", "count", "of", "other"), stated(), ids=lambda value: str(value)
)
def test_the_audits_say_what_run_sh_demands(
    corpora: Path, audited: str, check: str, part: str, count: int, of: int, other: str | None
) -> None:
    found = findings(corpora / "chemical_disease_tasks" / audited, check)
    assert found[part, other] == (count, of)


def test_a_parser_of_another_form_is_refused_and_the_right_one_named(corpora: Path, tmp_path: Path) -> None:
    (part,) = (corpora / "chemical_disease_tasks" / "splits_20251106").glob("test*.jsonl")
    module("incident_a/perfect_answers.py").main(part, tmp_path)
    references = load(tmp_path / "test.jsonl").examples
    wrong = load_generated(tmp_path / "generated.jsonl", references, format="sections")
    with pytest.raises(InputError) as refused:
        evaluate(wrong.examples)
    assert refused.value.cause.startswith("parser-mismatch: the text is in the format `tasks`")
    right = evaluate(load_generated(tmp_path / "generated.jsonl", references).examples)
    assert right.match["text"]["relations"].micro.f1 == 1.0


def test_the_forms_that_the_splits_have(corpora: Path) -> None:
    counted = module("incident_a/team_parser.py").counted
    folder = corpora / "chemical_disease_tasks"
    figures = {
        name: counted(next((folder / name).glob("test*.jsonl")))
        for name in ("splits_20251106", "splits_20251111")
    }
    assert figures["splits_20251106"] == {"sentence": 198, "lower case": 0, "x | y": 0}
    assert figures["splits_20251111"] == {"sentence": 0, "lower case": 0, "x | y": 200}
