"""The verdict of a diagnosis: what is missing is said once, in short, and in a list that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from medspan.core import ModelError
from medspan.diagnose import CAUSES, Case, Untold, diagnose
from medspan.diagnose.base import Probe, Said
from medspan.diagnose.lab import Lab
from medspan.diagnose.report import words
from medspan.diagnose.without_model import in_short, listed

ERROR = ModelError(
    "run/adapter holds no adapter_model.safetensors",
    cause="the folder was copied in part",
    remedy="copy it again, or use another checkpoint of the run",
)


class Lacking(Probe):
    """Says of every cause that something is missing for it, and breaks at the last."""

    name: ClassVar[str] = "lacking"
    hypothesis: ClassVar[str] = "nothing can be told"
    causes: ClassVar[tuple[str, ...]] = tuple(CAUSES)
    needs = ()
    cost: ClassVar[float] = 1.0

    def __init__(self, *missing: str):
        self.missing = missing

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        if not self.missing:
            raise ERROR
        for place, cause in enumerate(CAUSES):
            yield Untold(cause, self.missing[place % len(self.missing)])


def why(*missing: str) -> str:
    found = diagnose(Case(Path("run")), probes=[Lacking(*missing)])
    assert found.verdict == "undetermined"
    return found.why


def test_an_error_stands_in_the_verdict_once_and_without_its_remedy() -> None:
    told = f"nothing was found, and {len(CAUSES)} causes could not be looked for: {ERROR.what}"
    assert why() == told
    assert why(str(ERROR)) == told
    assert why(str(ERROR), f"too few strings, and there is no model ({ERROR.what})") == told
    # The remedy stands where the causes are listed that could not be told.
    found = diagnose(Case(Path("run")), probes=[Lacking()])
    assert {one.missing for one in found.untold} == {str(ERROR)}
    assert words.not_told(found) == [(list(CAUSES), str(ERROR).rstrip("."))]


def test_missing_things_are_listed_once_each() -> None:
    told = why("no model", "no adapter", "no model", "no model, to see whether answers move with packages")
    assert told.endswith("could not be looked for: no model; no adapter")


@pytest.mark.parametrize(
    ("problem", "short"),
    [("no model", "no model"), (str(ERROR), ERROR.what), (str(ModelError("gone", remedy="look")), "gone")],
)
def test_a_message_in_short(problem: str, short: str) -> None:
    assert in_short(problem) == short


def test_nothing_missing_is_an_empty_list() -> None:
    assert listed([]) == ""
