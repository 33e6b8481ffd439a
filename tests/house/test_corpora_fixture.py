"""Tests on real corpora are skipped with a count, never silently."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = (Path(__file__).parents[1] / "conftest.py").read_text(encoding="utf-8")
TWO_TESTS = "def test_one(corpora):\n    assert corpora.is_dir()\ndef test_two(corpora):\n    pass\n"


@pytest.fixture
def house(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(TWO_TESTS)
    return pytester


def test_missing_variable_skips_and_counts(house: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MEDSPAN_CORPORA", raising=False)
    result = house.runpytest_subprocess()
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines(["2 skipped: MEDSPAN_CORPORA is not set*"])


def test_folder_is_handed_over(
    house: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MEDSPAN_CORPORA", str(tmp_path))
    house.runpytest_subprocess().assert_outcomes(passed=2)


def test_wrong_folder_fails_and_is_named(
    house: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MEDSPAN_CORPORA", str(tmp_path / "absent"))
    result = house.runpytest_subprocess()
    result.assert_outcomes(errors=2)
    result.stdout.fnmatch_lines(["*absent*no folder*"])
