"""What an official scorer is, and the register of them.

To add one, put a file into this folder that holds an `OfficialScorer` under `@register`: it is then
offered by `medspan evaluate --official NAME`.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from medspan.core import InputError
from medspan.evaluate.score import Score


@dataclass(frozen=True, slots=True)
class OfficialScores:
    """Scores by level and type, with what a reader of them must know.

    `documents` counts those of the reference and of the predictions, those of the reference that the
    predictions lack (`missing`), and those of the predictions that the reference lacks (`unknown`).
    """

    name: str
    levels: Mapping[str, Mapping[str, Score]]
    documents: Mapping[str, int]
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        levels = {
            level: {type: _score_json(score) for type, score in types.items()}
            for level, types in self.levels.items()
        }
        head = {"official": self.name, **levels}
        return {**head, "documents": dict(self.documents), "notes": list(self.notes)}


def _score_json(score: Score) -> dict[str, Any]:
    return {
        "true_positives": score.true_positives,
        "false_positives": score.false_positives,
        "false_negatives": score.false_negatives,
        "precision": score.precision,
        "recall": score.recall,
        "f1": score.f1,
    }


class OfficialScorer(ABC):
    """Counts as the evaluator of a benchmark does; `name` is what the command line calls it."""

    name: ClassVar[str]
    describes: ClassVar[str]
    """What it repeats, in a line for the user."""

    @abstractmethod
    def score(
        self, reference: Path, predicted: Path, *, format: str = "auto", allow_empty: bool = False
    ) -> OfficialScores:
        """The scores of the file `predicted` against the file `reference`.

        `format`: a corpus format's name, or `auto` to tell it from the content of each file.
        InputError where a file cannot be read, or where the scores would say nothing; `allow_empty`
        lets predictions pass that hold nothing.
        """


_SCORERS: dict[str, OfficialScorer] = {}
ScorerClass = TypeVar("ScorerClass", bound=type[OfficialScorer])


def register(scorer_class: ScorerClass) -> ScorerClass:
    """Class decorator: make a scorer known by its name."""
    if scorer_class.name in _SCORERS:
        raise ValueError(f"the official scorer {scorer_class.name!r} is registered twice")
    _SCORERS[scorer_class.name] = scorer_class()
    return scorer_class


@lru_cache(maxsize=1)
def _import_all() -> None:
    import medspan.evaluate.official as room

    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")


def scorers() -> dict[str, OfficialScorer]:
    """Every registered scorer by name, in order of name."""
    _import_all()
    return dict(sorted(_SCORERS.items()))


def scorer_named(name: str) -> OfficialScorer:
    """The scorer of this name. InputError, with the known ones, for another."""
    known = scorers()
    if name in known:
        return known[name]
    nearest = get_close_matches(name.lower(), known, n=1)
    raise InputError(
        f"{name!r} is no official scorer",
        cause=f"{nearest[0]!r} was meant" if nearest else "it is misspelt, or medspan does not repeat it yet",
        remedy="choose one of " + ", ".join(known),
    )
