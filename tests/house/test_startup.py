"""What starts without the heavy libraries, and how the command line answers before they are needed."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

import medspan

HEAVY = (
    "accelerate",
    "jinja2",
    "llguidance",
    "matplotlib",
    "numpy",
    "pandas",
    "peft",
    "torch",
    "transformers",
)
LIGHT_ROOMS = ("cli", "core", "evaluate", "format", "page", "read", "split", "synth", "text")

HELP = """
import json, sys
sys.argv = ["medspan", "--help"]
from medspan.cli.app import main
try:
    code = main()
except SystemExit as stop:
    code = stop.code
print("\\n" + json.dumps({"code": code or 0, "loaded": sorted(sys.modules)}))
"""

ALL_CHECKS = """
import json, sys
from medspan.audit import all_checks
checks = sorted(all_checks())
print("\\n" + json.dumps({"checks": checks, "loaded": sorted(sys.modules)}))
"""

IMPORT_ROOM = """
import importlib, json, pkgutil, sys
room = importlib.import_module("medspan." + sys.argv[1])
names = [module.name for module in pkgutil.walk_packages(room.__path__, room.__name__ + ".")]
for name in names:
    importlib.import_module(name)
print("\\n" + json.dumps({"modules": names, "loaded": sorted(sys.modules)}))
"""


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    # A terminal's width and colours would change what rich prints.
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1", "TERM": "dumb"}
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def last_line(result: subprocess.CompletedProcess[str]) -> dict[str, object]:
    assert result.returncode == 0, result.stderr
    answer = json.loads(result.stdout.splitlines()[-1])
    assert isinstance(answer, dict)
    return answer


def heavy_of(answer: dict[str, object]) -> list[str]:
    loaded = answer["loaded"]
    assert isinstance(loaded, list)
    assert "medspan" in loaded
    return [name for name in HEAVY if name in loaded]


def test_help_loads_no_heavy_library() -> None:
    answer = last_line(run("-c", HELP))
    assert answer["code"] == 0
    assert heavy_of(answer) == []


def test_a_heavy_library_would_be_noticed() -> None:
    answer = last_line(run("-c", "import numpy\n" + HELP))
    assert heavy_of(answer) == ["numpy"]


@pytest.mark.parametrize("room", LIGHT_ROOMS)
def test_room_is_imported_without_heavy_libraries(room: str) -> None:
    answer = last_line(run("-c", IMPORT_ROOM, room))
    assert answer["modules"]
    assert heavy_of(answer) == []


def test_checks_are_known_without_heavy_libraries() -> None:
    answer = last_line(run("-c", ALL_CHECKS))
    checks = answer["checks"]
    assert isinstance(checks, list)
    assert "near-duplicate-leak" in checks
    assert "labels-not-inferable" in checks
    assert heavy_of(answer) == []


def test_audit_needs_numpy_at_most() -> None:
    answer = last_line(run("-c", IMPORT_ROOM, "audit"))
    assert answer["modules"]
    assert set(heavy_of(answer)) <= {"numpy"}


def test_package_runs_as_module() -> None:
    result = run("-m", "medspan", "--help")
    assert result.returncode == 0, result.stderr
    for verb in ("demo", "convert", "split", "synth", "train", "extract", "evaluate", "data"):
        assert verb in result.stdout


def test_version_is_printed() -> None:
    result = run("-m", "medspan", "--version")
    assert result.returncode == 0, result.stderr
    assert medspan.__version__ in result.stdout


def test_unknown_verb_exits_2_without_traceback() -> None:
    result = run("-m", "medspan", "extrcat")
    assert result.returncode == 2
    assert "extrcat" in result.stderr
    assert "Traceback" not in result.stderr
