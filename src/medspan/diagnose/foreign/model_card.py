"""Model cards (README.md), in which trainers note versions, hyperparameters and, Axolotl, the whole config.

The forms: `transformers/modelcard.py` of transformers ("- Transformers 4.41.1", "- learning_rate: 5e-05"),
`trl/templates/lm_model_card.md` of TRL ("- TRL: 1.16.0"), `create_or_update_model_card` in
`peft/peft_model.py` of PEFT ("- PEFT 0.11.1"), `setup_model_card` in `src/axolotl/train.py` of Axolotl.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_FRONT = re.compile(r"\A---\s*\n(.*?)\n---\s*(?:\n|\Z)", re.DOTALL)
_VERSION = re.compile(r"^- ([A-Za-z][\w .-]*?):? v?(\d[\w.+-]*)\s*$", re.MULTILINE)
_HYPERPARAMETER = re.compile(r"^- (\w+): (.+?)\s*$", re.MULTILINE)
_AXOLOTL_VERSION = re.compile(r"axolotl version: `([^`]+)`")
_DETAILS = re.compile(r"See axolotl config.*?```ya?ml\n(.*?)\n```", re.DOTALL)
_QUANTIZATION = re.compile(r"quantization config was used during training:\s*\n((?:- .*\n?)+)")
_PACKAGES = {"pytorch": "torch"}


@dataclass(frozen=True, slots=True)
class ModelCard:
    """`data`: the front matter. `versions`: by package. `axolotl`: its config.

    `hyperparameters` and `quantization`, that of bitsandbytes, are strings as written. `notes` tell what
    could not be read.
    """

    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    hyperparameters: Mapping[str, str] = field(default_factory=dict)
    quantization: Mapping[str, str] = field(default_factory=dict)
    axolotl: Mapping[str, Any] | None = None
    notes: tuple[str, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        tags = self.data.get("tags")
        return tuple(map(str, tags)) if isinstance(tags, list) else ()


def read_model_card(text: str) -> ModelCard:
    """What a model card says; an empty one of an empty text."""
    notes: list[str] = []
    front = _FRONT.match(text)
    data = _mapping(front.group(1), "its head", notes) if front else None
    body = text[front.end() :] if front else text
    written = _DETAILS.search(body)
    axolotl = _mapping(written.group(1), "the axolotl config in it", notes) if written else None
    versions = {
        _package(name): value for name, value in _VERSION.findall(_section(body, "Framework versions"))
    }
    own = _AXOLOTL_VERSION.search(body)
    if own:
        versions["axolotl"] = own.group(1)
    parameters = dict(_HYPERPARAMETER.findall(_section(body, "Training hyperparameters")))
    quantized = _QUANTIZATION.search(body)
    quantization = dict(_HYPERPARAMETER.findall(quantized.group(1))) if quantized else {}
    return ModelCard(text, data or {}, versions, parameters, quantization, axolotl, tuple(notes))


def _section(body: str, heading: str) -> str:
    """The text under a heading up to the next one."""
    found = re.search(rf"^#+ {heading}\s*$(.*?)(?=^#|\Z)", body, re.DOTALL | re.MULTILINE)
    return found.group(1) if found else ""


def _package(name: str) -> str:
    name = name.strip().lower()
    return _PACKAGES.get(name, name)


def _mapping(text: str, what: str, notes: list[str]) -> dict[str, Any] | None:
    import yaml

    try:
        value = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):
        notes.append(f"{what} is no YAML, and is left out")
        return None
    if not isinstance(value, dict):
        notes.append(f"{what} holds no keys, and is left out")
        return None
    return {str(key): one for key, one in value.items()}
