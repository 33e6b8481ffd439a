"""The register of alarms, what an alarm writes, and that the documentation lists all of them."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from medspan.audit.base import all_checks
from medspan.diagnose.catalogue import CAUSES
from medspan.train.alarm import Alarm, AlarmStop, Raised, all_alarms, register

DOCS = Path(__file__).parents[2] / "docs" / "alarms.md"


def test_every_alarm_speaks_in_the_terms_of_the_catalogue_and_is_documented() -> None:
    known = {*CAUSES, *all_checks()}
    table = [line for line in DOCS.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    for alarm in all_alarms():
        assert alarm.looks_at
        assert alarm.remedy
        for cause in alarm.causes:
            assert cause in known
            assert any(f"`{cause}`" in line for line in table), cause


def test_every_training_gets_alarms_of_its_own() -> None:
    one, other = all_alarms(), all_alarms()
    assert [alarm.name for alarm in one] == sorted(alarm.name for alarm in one)
    assert all(a is not b for a, b in zip(one, other, strict=True))


def test_a_name_is_given_once() -> None:
    class Second(Alarm):
        name = "diverged"

    with pytest.raises(ValueError, match="registered twice"):
        register(Second)


def test_a_line_of_the_log_is_plain_json() -> None:
    figures = {"loss": math.nan, "norm": math.inf, "share": 0.123456789, "count": 3, "none": None}
    line = Raised("diverged", "it did", "lower it", figures).line(5)
    assert json.loads(json.dumps(line, allow_nan=False)) == {
        "step": 5,
        "alarm": "diverged",
        "message": "it did",
        "remedy": "lower it",
        "figures": {"loss": "nan", "norm": "inf", "share": 0.1235, "count": 3, "none": None},
    }


def test_a_stop_says_step_alarm_and_remedy() -> None:
    stop = AlarmStop(Raised("diverged", "the loss is nan", "lower learning_rate", {}), 4)
    assert str(stop) == "step 4: diverged: the loss is nan. What to do: lower learning_rate."
