"""Everything that made a run, so that it explains itself from its record alone."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from dataclasses import asdict, dataclass, field
from importlib import metadata, resources
from pathlib import Path
from typing import Any

RECORDED_PACKAGES = (
    "medspan",
    "torch",
    "transformers",
    "peft",
    "accelerate",
    "tokenizers",
    "safetensors",
    "llguidance",
    "numpy",
)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """Config, seeds, data fingerprints, packages, hardware, code, base model, format, decoding of a run."""

    config: dict[str, Any]
    seed: int
    data: dict[str, Any]
    base_model: dict[str, Any]
    format: dict[str, Any]
    decoding: dict[str, Any]
    trained: dict[str, Any] = field(default_factory=dict)
    packages: dict[str, str] = field(default_factory=lambda: installed_packages())
    hardware: dict[str, Any] = field(default_factory=dict)
    code: dict[str, Any] = field(default_factory=dict)
    schema_version: int = 1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def load(cls, path: Path) -> RunRecord:
        return cls(**json.loads(path.read_text(encoding="utf-8")))


def installed_packages() -> dict[str, str]:
    """Versions of the packages that can change a result, and of Python."""
    versions = {"python": sys.version.split()[0], "platform": platform.platform()}
    for name in RECORDED_PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions


def code_hash() -> str:
    """SHA-256 over medspan's own source files: the same code gives the same hash wherever it is installed."""
    digest = hashlib.sha256()
    root = Path(str(resources.files("medspan")))
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
