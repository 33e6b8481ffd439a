"""What `medspan diagnose` prints, and which reports it writes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import medspan.diagnose
from medspan.cli import diagnose as verb
from medspan.cli.diagnosed import Files, own_report, print_diagnosis, write_reports
from medspan.diagnose import Case, Diagnosis

from ..diagnose.planted_diagnoses import EVERY, EVIL, FOREIGN, HEALTHY, HOSTILE, MANY, ONE, UNDETERMINED
from .conftest import Cli

Capture = pytest.CaptureFixture[str]


def printed(found: Diagnosis, capsys: Capture, *reports: Path) -> list[str]:
    capsys.readouterr()
    print_diagnosis(found, reports)
    return capsys.readouterr().out.splitlines()


def test_a_cause_is_printed_with_figures_evidence_and_command(capsys: Capture) -> None:
    assert printed(ONE, capsys, Path("runs/my v4/diagnosis.html")) == [
        "verdict: decoding-blocks-copying: the decoding options forbid repeating what stands in the prompt,",
        "  which is what extraction does.",
        "  Entity F1 (text match, 48 documents) 0.059 as it is, 0.854 mended (+0.795, 95% interval +0.710 to",
        "    +0.861).",
        "  as stored: entity F1 0.059 (0.031 to 0.094), relation F1 0.000",
        "",
        "cause                    confidence     metric  as it is  without it   difference, 95%",
        "--------------------------------------------------------------------------------------",
        "decoding-blocks-copying        0.97  entity F1     0.059       0.854  +0.710 to +0.861",
        "",
        "decoding-blocks-copying (confirmed by an intervention)",
        "  - repetition_penalty=1.5, no_repeat_ngram_size=3 (files state it) explains 99.2% of the stored",
        "    answers' tokens, 31.0% are explained without it",
        "  - 89.6% of the predicted strings stand nowhere in their text",
        "  what to do: decode without them: repetition_penalty=1.0 no_repeat_ngram_size=0, then score again",
        "    medspan evaluate 'runs/my v4' --split test --again repetition_penalty=1.0 "
        "no_repeat_ngram_size=0",
        "",
        "excluded, evaluation: template-mismatch, adapter-not-applied, double-bos",
        "excluded, training: undertrained",
        "not told, no record.json: environment-changed, data-changed",
        "not told, no training log: overtrained",
        "report: runs/my v4/diagnosis.html",
    ]


def test_every_named_cause_has_a_row_and_a_remedy(capsys: Capture) -> None:
    lines = printed(MANY, capsys)
    rows = lines[lines.index(next(one for one in lines if one.startswith("-----"))) + 1 :][:3]
    assert [row.split()[0] for row in rows] == [one.cause for one in MANY.named]
    assert rows[2].split()[-3:] == ["0.600", "-", "-"]
    assert sum(line.startswith("  what to do: ") for line in lines) == 3
    assert "noted: boundary-errors (0.31): 12 of 40 errors are boundaries, on either side" in lines


def test_answers_to_a_text_are_printed_by_conditions(capsys: Capture) -> None:
    lines = printed(MANY, capsys)
    at = lines.index("asked: Patient has diabetes and takes metformin daily.")
    assert lines[at - 1 : at + 4] == [
        "",
        "asked: Patient has diabetes and takes metformin daily.",
        "  as it was asked: repetition_penalty=1.5, no_repeat_ngram_size=3: Disease: diabetis (NOT IN THE",
        "    TEXT); Drug: metforming (NOT IN THE TEXT)",
        "  plain greedy decoding: Disease: Diabetes; Drug: metformin; metformin treats diabetes",
    ]
    none = replace(MANY, shown=({"text": "t", "task": "drugs", "conditions": "c", "answer": ""},))
    assert "  c: nothing" in printed(none, capsys)
    assert "asked (drugs): t" in printed(none, capsys)


def test_without_a_cause_there_is_no_table(capsys: Capture) -> None:
    assert printed(HEALTHY, capsys)[:3] == [
        "verdict: Healthy: no probe found a fault.",
        "  Entity F1 0.861 (0.830 to 0.886), relation F1 undefined.",
        "",
    ]
    lines = printed(UNDETERMINED, capsys)
    assert lines[0].startswith("verdict: Undetermined: nothing was found, and 12 causes could not be looked")
    assert "  There are no stored predictions that could be scored." in lines
    assert not any(line.startswith("cause ") for line in lines)


@pytest.mark.parametrize("name", [name for name in EVERY if name != "evil"])
def test_lines_fit_a_terminal(name: str, capsys: Capture) -> None:
    assert max(map(len, printed(EVERY[name], capsys))) <= 110


def test_texts_neither_begin_lines_nor_steer_the_terminal(capsys: Capture) -> None:
    steering = replace(
        EVIL, causes=(replace(EVIL.causes[0], evidence=("\x1b[31mred", "\ud800 lone", HOSTILE)),)
    )
    lines = printed(steering, capsys)
    assert "  - \ufffd[31mred" in lines
    assert "  - ? lone" in lines
    assert f"  - {' '.join(HOSTILE.split())}" in lines
    assert "\x1b" not in "".join(lines)


def test_long_evidence_is_cut_and_counted(capsys: Capture) -> None:
    cause = replace(ONE.causes[0], evidence=tuple(f"line {number}" for number in range(8)))
    lines = printed(replace(ONE, causes=(cause,)), capsys)
    assert "  - line 5" in lines
    assert "  - line 6" not in lines
    assert "  - and 2 more lines in the report" in lines


def test_a_run_of_medspan_gets_its_report_and_others_only_what_is_asked_for(tmp_path: Path) -> None:
    notes: list[str] = []
    run = tmp_path / "run"
    run.mkdir()
    own = own_report("medspan", run, notes.append)
    assert own == run / "diagnosis.html"
    assert list(run.iterdir()) == []
    assert write_reports(HEALTHY, Files(own)) == ([own], None)
    assert "Healthy" in own.read_text(encoding="utf-8")
    assert own_report("medspan", run, notes.append) == own
    assert notes == []
    other = tmp_path / "sft"
    other.mkdir()
    assert own_report(FOREIGN.trainer, other, notes.append) is None
    assert write_reports(FOREIGN, Files()) == ([], None)
    assert notes == [
        "note: there is no report, since another trainer's folder is not written into: name a file with "
        "--html or --markdown"
    ]
    named = (tmp_path / "a.html", tmp_path / "a.md")
    assert write_reports(FOREIGN, Files(*named)) == (list(named), None)
    assert named[1].read_text(encoding="utf-8").startswith("# Diagnosis of out/sft\n")
    assert write_reports(FOREIGN, Files(None, named[1])) == ([named[1]], None)
    assert list(other.iterdir()) == []
    assert own_report(FOREIGN.trainer, other, None) is None
    assert len(notes) == 1


def test_a_run_where_no_report_can_be_written_is_told_so_before_the_work(tmp_path: Path) -> None:
    notes: list[str] = []
    taken = tmp_path / "diagnosis.html"
    taken.mkdir()
    assert own_report("medspan", tmp_path, notes.append) is None
    assert notes == [
        f"note: there is no report, since {taken} cannot be written (it is a folder): name a file with "
        "--html or --markdown"
    ]


def test_a_report_that_cannot_be_written_takes_nothing_else_with_it(tmp_path: Path) -> None:
    taken = tmp_path / "taken"
    taken.mkdir()
    files = Files(taken, tmp_path / "a.md", tmp_path / "a.json")
    reports, failed = write_reports(HEALTHY, files)
    assert reports == [tmp_path / "a.md"]
    assert f"{taken} cannot be written" in str(failed)
    assert (tmp_path / "a.json").is_file()


def test_a_text_that_is_not_answered_is_told(capsys: Capture) -> None:
    capsys.readouterr()
    print_diagnosis(HEALTHY, unanswered="--text is not answered: no adapter")
    told = capsys.readouterr().out
    print_diagnosis(HEALTHY)
    assert told == capsys.readouterr().out.replace("\n\n", "\n\n--text is not answered: no adapter\n\n", 1)


@pytest.mark.parametrize(("found", "code"), [(HEALTHY, 0), (ONE, 1)])
def test_the_verb_writes_the_report_prints_and_exits(
    found: Diagnosis, code: int, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def made(*given: Any, **named: Any) -> Diagnosis:
        return found

    monkeypatch.setattr(medspan.diagnose, "diagnose", made)
    monkeypatch.setattr(verb, "make_case", lambda run, given: Case(run))
    result = cli("diagnose", tmp_path, "--markdown", tmp_path / "deep" / "a.md", "--quiet")
    assert result.code == code
    assert (tmp_path / "diagnosis.html").is_file()
    assert (tmp_path / "deep" / "a.md").is_file()
    assert result.out.splitlines()[-2:] == [
        f"report: {tmp_path / 'diagnosis.html'}",
        f"report: {tmp_path / 'deep' / 'a.md'}",
    ]
    assert result.err == ""


def test_reports_never_take_the_place_of_what_is_read(cli: Cli, tmp_path: Path) -> None:
    answers = tmp_path / "answers.jsonl"
    answers.write_text("{}\n", encoding="utf-8")
    for words in (
        ("--predicted", answers, "--html", answers),
        ("--html", tmp_path / "a", "--markdown", tmp_path / "a"),
        ("--markdown", tmp_path),
    ):
        result = cli("diagnose", tmp_path, *words)
        assert (result.code, result.out) == (2, "")
        assert "What to do: " in result.err
    assert answers.read_text(encoding="utf-8") == "{}\n"
