"""The sizes and names that CONTRIBUTING.md asks for."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src" / "medspan").rglob("*.py"))
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "v2"}
MOST_LINES = 400
MOST_FUNCTION_LINES = 60
MOST_PARAMETERS = 8

Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(path: Path) -> Iterator[Function]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_module_keeps_the_sizes(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_LINES
    for function in functions(path):
        assert function.end_lineno is not None
        assert function.end_lineno - function.lineno + 1 <= MOST_FUNCTION_LINES, function.name
        given = function.args
        count = len([*given.posonlyargs, *given.args, *given.kwonlyargs])
        in_class = any(argument.arg in ("self", "cls") for argument in given.args[:1])
        # Typer reads a verb's options from its signature, so a verb has as many parameters as options.
        if path.parent.name != "cli":
            assert count - in_class <= MOST_PARAMETERS, function.name


def test_no_module_has_a_name_that_says_nothing() -> None:
    parts = {part for path in MODULES for part in path.relative_to(ROOT).with_suffix("").parts}
    assert parts & FORBIDDEN_NAMES == set()


def test_every_room_has_a_docstring() -> None:
    rooms = [path for path in MODULES if path.name == "__init__.py"]
    assert [
        name_of(path) for path in rooms if not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ] == []


def test_only_ci_names_the_folder_of_the_corpora() -> None:
    wanted = "shared" + "/corpora"
    folders = ("src", "tests", "benchmarks", "docs", "configs", "examples")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file()]
    texts = {name_of(path): path.read_bytes() for path in files if "__pycache__" not in path.parts}
    assert [name for name, text in sorted(texts.items()) if wanted.encode() in text] == []
    assert wanted in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
