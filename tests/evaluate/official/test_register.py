"""An official scorer is one class under `@register`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from medspan.core import InputError
from medspan.evaluate.official import (
    OfficialScorer,
    OfficialScores,
    base,
    register,
    scorer_named,
    scorers,
)
from medspan.evaluate.score import Score


@pytest.fixture
def fixed() -> Iterator[str]:
    """A scorer as a newcomer would write it."""

    @register
    class Fixed(OfficialScorer):
        name: ClassVar[str] = "fixed"
        describes: ClassVar[str] = "always the same"

        def score(
            self, reference: Path, predicted: Path, *, format: str = "auto", allow_empty: bool = False
        ) -> OfficialScores:
            return OfficialScores(
                self.name, {"span": {"Drug": Score(3, 1, 0)}}, {"reference": 1}, ("a note",)
            )

    yield "fixed"
    del base._SCORERS["fixed"]


def test_one_class_is_all(fixed: str) -> None:
    assert list(scorers()) == ["bc5cdr", fixed]
    found = scorer_named(fixed).score(Path("a"), Path("b"))
    assert found.to_json() == {
        "official": "fixed",
        "span": {
            "Drug": {
                "true_positives": 3,
                "false_positives": 1,
                "false_negatives": 0,
                "precision": 0.75,
                "recall": 1.0,
                "f1": 6 / 7,
            }
        },
        "documents": {"reference": 1},
        "notes": ["a note"],
    }


def test_a_name_is_taken_once(fixed: str) -> None:
    with pytest.raises(ValueError, match="'fixed' is registered twice"):
        register(type(scorer_named(fixed)))


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(InputError, match=r"'bc5-cdr' is no official scorer.*'bc5cdr' was meant"):
        scorer_named("bc5-cdr")
    with pytest.raises(InputError, match=r"misspelt.*choose one of bc5cdr"):
        scorer_named("craft")
