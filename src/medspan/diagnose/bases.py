"""Which base model an adapter belongs on: the one whose weights have the hash that training noted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from medspan.core import ModelError

if TYPE_CHECKING:
    from medspan.diagnose.lab import Lab


@dataclass(frozen=True, slots=True)
class FoundBase:
    """The base model to work with. `wanted`: the hash of training's, None where nothing states it.

    `found`: hashes by the names that were tried, `problems` why others could not be loaded. `right`: whether
    `name` has the wanted hash; None where there is none to compare with.
    """

    name: str
    wanted: str | None
    found: Mapping[str, str]
    problems: Mapping[str, str]

    @property
    def right(self) -> bool | None:
        return None if self.wanted is None else self.found.get(self.name) == self.wanted


def find_base(lab: Lab) -> FoundBase:
    """The base model that files name, or another one that they name where only that has the right hash.

    ModelError where none can be loaded, or not the one that the user named.
    """
    from medspan.models import model_hash

    case = lab.case
    wanted = getattr(case.card, "base_model_hash", "") or _recorded(lab).get("sha256")
    hashes: dict[str, str] = {}
    problems: dict[str, str] = {}
    for name in named_bases(lab):
        try:
            hashes[name] = model_hash(lab.weights.model(name, None))
        except ModelError as error:
            if case.base_named and name == case.base_model:
                # Another base would answer otherwise, and the user would take it for the one that was named.
                raise
            problems[name] = str(error)
            continue
        if not wanted or hashes[name] == wanted:
            return FoundBase(name, wanted or None, hashes, problems)
    if not hashes:
        raise ModelError(
            f"no base model of {case.folder} can be loaded: " + "; ".join(problems.values()),
            cause="it was moved, or the name in adapter_config.json is a Hub id and there is no network",
            remedy="say where it is with --base-model",
        )
    return FoundBase(next(iter(hashes)), wanted or None, hashes, problems)


def named_bases(lab: Lab) -> list[str]:
    """The names of base models that the run's files state, that of the case first, the embedded one last."""
    case = lab.case
    recorded = _recorded(lab).get("name")
    stated = [
        case.base_model,
        getattr(case.card, "base_model", None),
        recorded,
        case.config.get("base_model"),
    ]
    own = case.trainer == "medspan"
    return list(dict.fromkeys([*(str(name) for name in stated if name), *(["default"] if own else [])]))


def _recorded(lab: Lab) -> Mapping[str, Any]:
    """What record.json says of the base model."""
    return (lab.case.record or {}).get("base_model") or {}
