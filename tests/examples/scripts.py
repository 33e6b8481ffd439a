"""The Python files of examples/ as modules, and its shell scripts as commands."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path
from types import ModuleType

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = {name: EXAMPLES / name / "run.sh" for name in ("incident_a", "incident_b")}
CORPUS = {"incident_a": "chemical_disease_tasks", "incident_b": "synthetic_2026"}


@lru_cache
def module(path: str) -> ModuleType:
    """The module of a file below examples/."""
    name = "examples_" + path.removesuffix(".py").replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made  # dataclasses look their module up
    spec.loader.exec_module(made)
    return made


def shell(*command: object, corpora: Path | None = None, path: str = "") -> subprocess.CompletedProcess[str]:
    """Run bash with a command; without `corpora`, MEDSPAN_CORPORA is not set."""
    environment = {name: value for name, value in os.environ.items() if name != "MEDSPAN_CORPORA"}
    environment["PATH"] = os.pathsep.join(
        [path, str(Path(sys.executable).parent), environment["PATH"]]
    ).lstrip(":")
    if corpora is not None:
        environment["MEDSPAN_CORPORA"] = str(corpora)
    return subprocess.run(
        ["bash", *map(str, command)], capture_output=True, text=True, env=environment, timeout=60, check=False
    )
