"""The wheel holds what the source holds, and works in an environment of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import medspan

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"

pytestmark = pytest.mark.slow


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    # A PYTHONPATH that names this checkout would be found before the installed wheel.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [str(part) for part in command]
    return subprocess.run(words, capture_output=True, text=True, env=environment, check=False)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Built from a copy: setuptools would take files that an older build left in the checkout.
    copy = tmp_path_factory.mktemp("checkout")
    shutil.copytree(SOURCE, copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    out = tmp_path_factory.mktemp("dist")
    built = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", out, copy)
    assert built.returncode == 0, built.stdout + built.stderr
    (path,) = out.glob("*.whl")
    return path


def test_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    packaged = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "medspan").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        held = {name for name in archive.namelist() if name.startswith("medspan/")}
    assert held == packaged
    assert "medspan/py.typed" in held
    assert any(name.endswith(".jinja") for name in held), "the report's template"


def test_wheel_names_version_licence_and_command(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        info = f"medspan-{medspan.__version__}.dist-info"
        about = archive.read(f"{info}/METADATA").decode()
        assert "License-Expression: Apache-2.0" in about
        assert "Requires-Python: >=3.11" in about
        assert "Requires-Dist: torch<3,>=2.5" in about
        assert archive.read(f"{info}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
        assert "medspan = medspan.cli.app:main" in archive.read(f"{info}/entry_points.txt").decode()


def test_installed_wheel_answers_help(wheel: Path, tmp_path: Path) -> None:
    home = tmp_path / "environment"
    created = run(sys.executable, "-m", "venv", home)
    assert created.returncode == 0, created.stderr
    binaries = home / ("Scripts" if sys.platform == "win32" else "bin")
    installed = run(binaries / "python", "-m", "pip", "install", "--no-deps", "--no-index", wheel)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    # The third parties come from this environment by path. Its editable medspan does not come along:
    # Python follows .pth files only in site folders of its own.
    packages = run(
        binaries / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"
    ).stdout.strip()
    Path(packages, "third-parties.pth").write_text(sysconfig.get_path("purelib") + "\n")

    where = run(binaries / "python", "-c", "import medspan; print(medspan.__file__)")
    assert Path(where.stdout.strip()).is_relative_to(packages)
    answer = run(binaries / "medspan", "--help")
    assert answer.returncode == 0, answer.stderr
    assert "evaluate" in answer.stdout
