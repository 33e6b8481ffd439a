"""The verdict of a diagnosis: what is missing is said once, in short, and in a list that can be read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from medspan.core import ModelError
from medspan.diagnose import CAUSES, Case, Untold, diagnose
from medspan.diagnose.base import Effect, Probe, Said, Suspicion
from medspan.diagnose.lab import Lab
from medspan.diagnose.reading import Edges
from medspan.diagnose.report import words
from medspan.diagnose.without_model import in_short, listed

from .probes.planted_lab import PlantedLab, a_case, answered, documents, right

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


class Noting(Probe):
    """Notes that the sample, answered again, scores as planted."""

    name: ClassVar[str] = "noting"
    hypothesis: ClassVar[str] = "the answers do not come out again"
    causes: ClassVar[tuple[str, ...]] = ("environment-changed",)
    needs = ()
    cost: ClassVar[float] = 1.0

    def __init__(self, after: float, interval: tuple[float, float]):
        self.effect = Effect("entity F1", 0.75, after, interval)

    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        yield Suspicion("environment-changed", 0.4, ("21 of 48 come out again",), effect=self.effect)


@pytest.mark.parametrize(
    ("after", "interval", "verdict"),
    [
        (0.89, (0.08, 0.21), "undetermined"),
        (0.77, (-0.01, 0.05), "healthy"),
        (0.60, (-0.2, -0.1), "healthy"),
    ],
    ids=["surely better here", "about the same", "worse here"],
)
def test_answers_that_nothing_explains_and_that_come_out_better_here_are_not_healthy(
    after: float, interval: tuple[float, float], verdict: str
) -> None:
    found = diagnose(Case(Path("run")), probes=[Noting(after, interval)])
    assert found.verdict == verdict
    assert ("surely better here than the stored answers are" in found.why) is (verdict == "undetermined")


@pytest.mark.parametrize(
    ("missed", "interval", "verdict"),
    [(6, (0.05, 0.3), "undetermined"), (6, (-0.1, 0.3), "healthy"), (4, (0.05, 0.3), "healthy")],
    ids=["surely better", "not surely", "nearly all are the model's"],
)
def test_a_run_is_not_healthy_where_its_model_answers_surely_better(
    missed: int, interval: tuple[float, float], verdict: str
) -> None:
    """Though nothing was found, and 98.5% of the tokens are the model's choice."""
    case = a_case(predictions=answered(documents(16), right))
    lab = PlantedLab(case, explained=0.99)
    lab.__dict__["edges"] = Edges(32, 32 - missed, missed, 0, 0)
    lab.effect = lambda before, after: Effect("entity F1", 0.8, 0.9, interval)  # type: ignore[method-assign]
    found = diagnose(case, probes=[], lab=lab)
    assert found.verdict == verdict
    assert ("answers surely better here" in found.why) is (verdict == "undetermined")


def test_a_run_whose_predictions_cannot_be_read_is_not_called_healthy() -> None:
    found = diagnose(a_case(refusal="test.jsonl:70 is cut off"), probes=[], lab=PlantedLab(a_case()))
    assert found.verdict == "undetermined"
    assert found.why.startswith("the stored predictions cannot be used (test.jsonl:70 is cut off)")


def test_a_record_that_is_broken_is_not_said_to_be_missing(tmp_path: Path) -> None:
    assert Case(tmp_path).lacks(("record",)) == "no record.json"
    (tmp_path / "record.json").write_text("{", "utf-8")
    assert Case(tmp_path).lacks(("record",)) == "record.json is broken"


def test_answers_made_without_the_grammar_are_told() -> None:
    def free(made: dict[str, object] | None) -> bool:
        return diagnose(Case(Path("run"), made=made), probes=[]).free

    assert free({"decoding": {"grammar": False}})
    assert not any(free(made) for made in (None, {}, {"decoding": {"grammar": True}}))
    # Where no file states it, it is what the texts show: this lab's were decoded freely.
    stored = answered(documents(16), right)
    for made, shown in ((None, True), ({"decoding": {"grammar": True}}, False)):
        case = a_case(predictions=stored, made=made)
        assert diagnose(case, probes=[], lab=PlantedLab(case, explained=0.99)).free is shown
