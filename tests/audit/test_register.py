"""A check is one class under `@register`: run by the command, judged by a policy, named in its messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from medspan.audit import Check, Data, Policy, all_checks, audit, base, load_policy, register
from medspan.cli.app import main
from medspan.core import SEVERITIES, Case, ConfigError, Finding, InputError, Severity
from medspan.read import write

from .conftest import row

ROOT = Path(__file__).parents[2]


@pytest.fixture
def shouting() -> Iterator[str]:
    """Texts in capitals, as a newcomer would write the check."""

    @register
    class Shouting(Check):
        id: ClassVar[str] = "shouting"
        severity: ClassVar[Severity] = "warning"
        meaning: ClassVar[str] = "Capitals are read worse."
        counted: ClassVar[str] = "Rows whose text is in capitals, of all rows."
        remedy: ClassVar[str] = "use small letters"

        def run(self, data: Data) -> Iterator[Finding]:
            for part in data.parts:
                loud = [row for row in part.rows if row.text.isupper()]
                if loud:
                    cases = (Case(row.text, row.place) for row in loud)
                    yield self.finding("loud", len(loud), len(part), split=part.name, cases=cases)

    yield "shouting"
    del base._CHECKS["shouting"]


def test_one_class_is_all(shouting: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path / "train.jsonl", [row("1", "HELP"), row("2", "fine")], "medspan")
    result = tmp_path / "r.json"
    with pytest.raises(SystemExit) as stop:
        main(["audit", str(tmp_path / "train.jsonl"), "--json", str(result)])
    assert not stop.value.code
    (finding,) = [one for one in json.loads(result.read_text())["findings"] if one["check"] == shouting]
    assert finding == {
        "check": "shouting",
        "severity": "warning",
        "message": "loud",
        "count": 1,
        "of": 2,
        "where": {"split": "train", "against": None},
        "examples": [f"{tmp_path / 'train.jsonl'}:1: HELP"],
        "remedy": "use small letters",
    }
    assert "warning  shouting: loud\n           train.jsonl:1: HELP\n         > use small letters" in (
        capsys.readouterr().out
    )


def test_a_policy_judges_what_was_found(shouting: str, tmp_path: Path) -> None:
    data = Data.of({"train": [row("1", "HELP")]})

    def judged(words: str) -> list[str]:
        file = tmp_path / "policy.yaml"
        file.write_text(words, "utf-8")
        return [one.severity for one in audit(data, load_policy(file)).findings if one.check == shouting]

    assert [judged(words) for words in ("shouting: error", "shouting: info", "shouting: off", "")] == [
        ["error"],
        ["info"],
        [],
        ["warning"],
    ]
    with pytest.raises(ConfigError, match=r"shoutin: no check has this id.*shouting was meant"):
        judged("shoutin: error")
    with pytest.raises(ConfigError, match="'grave' is no severity"):
        judged("shouting: grave")
    with pytest.raises(ConfigError, match="holds a list"):
        judged("- shouting")
    with pytest.raises(InputError, match="no YAML file"):
        judged("a: [")
    with pytest.raises(InputError, match="does not exist"):
        load_policy(tmp_path / "none.yaml")


def test_a_check_that_is_off_is_not_run(shouting: str) -> None:
    ran: list[str] = []
    audit(Data.of({"train": [row("1", "HELP")]}), Policy({shouting: "off"}), ran.append)
    assert shouting not in ran
    assert len(ran) == len(all_checks()) - 1


def test_an_id_is_taken_once(shouting: str) -> None:
    with pytest.raises(ValueError, match="'shouting' is registered twice"):

        @register
        class Again(type(all_checks()[shouting])):  # type: ignore[misc]
            pass


def test_the_gravest_come_first_and_findings_are_the_same_twice() -> None:
    data = Data.of({"train": [row("1", "A b."), row("2", "A b.", ("b", "X"))], "test": [row("3", "a B.")]})
    one, other = audit(data), audit(data)
    assert one.findings == other.findings
    places = [SEVERITIES.index(finding.severity) for finding in one.findings]
    assert places == sorted(places)
    assert places[0] == 0


@pytest.mark.parametrize("name", sorted(all_checks()))
def test_every_check_says_what_it_means(name: str) -> None:
    check = all_checks()[name]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert type(check).__module__ == f"medspan.audit.checks.{name.replace('-', '_')}"
    assert check.severity in SEVERITIES
    for words in (check.meaning, check.counted):
        assert words.endswith(".")
        assert len(words) > 40
    assert check.remedy
    assert not check.remedy.endswith(".")


def test_the_documentation_lists_every_check_as_the_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        main(["audit", "--list"])
    assert not stop.value.code
    listed = capsys.readouterr().out
    assert len(listed.splitlines()) == 2 + len(all_checks())
    assert listed in (ROOT / "docs" / "audit.md").read_text("utf-8")
