"""What a comparison says of causes, and how it is ranked with what the probes say."""

from __future__ import annotations

from dataclasses import replace

import pytest

from medspan.diagnose import Cleared, Suspicion, diagnose
from medspan.diagnose.against import AgainstProbe, Aspect
from medspan.diagnose.against.probe import said

from .planted import BLOCKED, GOOD, PlantedLab, blocked, case, changed, conditions, record


def aspect(name: str, verdict: str, cause: str | None, same: bool | None = False) -> Aspect:
    return Aspect(name, (1, 2), same, verdict, (f"{name} was tried",), cause=cause)  # type: ignore[arg-type]


def test_a_separating_aspect_is_a_confirmed_suspicion_and_a_cleared_one_clears() -> None:
    found = {
        one.cause: one
        for one in said(
            [
                aspect("decoding: repetition", "separates", "decoding-blocks-copying"),
                aspect("template", "cleared", "template-mismatch", same=True),
                aspect("wording", "not-testable", "wording-sensitive"),
            ]
        )
    }
    suspicion = found["decoding-blocks-copying"]
    assert isinstance(suspicion, Suspicion)
    assert suspicion.confirmed
    assert suspicion.confidence == 0.97
    assert suspicion.evidence[0] == "decoding: repetition: 2 in RUN, 1 in GOOD"
    assert isinstance(found["template-mismatch"], Cleared)
    assert "wording-sensitive" not in found


def test_a_cause_is_cleared_only_where_all_that_stands_for_it_is() -> None:
    both = [
        aspect("packages", "cleared", "environment-changed"),
        aspect("code", "cleared", "environment-changed"),
    ]
    (found,) = said(both)
    assert isinstance(found, Cleared)
    assert len(found.evidence) == 2
    assert list(said([both[0], aspect("code", "not-testable", "environment-changed")])) == []


def test_what_is_the_same_as_in_a_run_that_is_no_better_excludes_nothing() -> None:
    untried = [
        aspect("base model", "cleared", "wrong-base-model", same=True),
        aspect("packages", "cleared", "environment-changed", same=True),
        aspect("epochs", "cleared", None),
    ]
    assert {one.cause for one in said(untried, better=True)} == {
        "wrong-base-model",
        "environment-changed",
        "undertrained",
        "overtrained",
    }
    assert list(said(untried, better=False)) == []
    tried = replace(aspect("template", "cleared", "template-mismatch"), tested=True)
    assert [one.cause for one in said([tried], better=False)] == ["template-mismatch"]


@pytest.mark.parametrize(("share", "problem"), [(0.0, "no model"), (0.9, "no model"), (0.9, None)])
def test_a_twin_excludes_no_cause_and_that_is_said_once(share: float, problem: str | None) -> None:
    run, twin = case("run", share, config=changed(seed=7)), case("good", share)
    probe = AgainstProbe(PlantedLab(twin, problem_=problem))
    lab = PlantedLab(run, quality=lambda asked: share, problem_=problem)
    found = diagnose(run, lab=lab, probes=[probe])
    # Only what was tried is excluded: reading the stored texts again.
    assert {one.cause for one in found.cleared} <= {"parser-mismatch"}
    assert probe.found is not None
    assert [line for line in probe.found.notes if "GOOD is not surely better" in line] == [
        "GOOD is not surely better than RUN: that something is the same in both excludes no cause"
    ]


def test_cleared_epochs_exclude_too_few_and_too_many() -> None:
    found = {one.cause for one in said([aspect("epochs", "cleared", None)])}
    assert found == {"undertrained", "overtrained"}
    assert list(said([aspect("epochs", "cleared", None, same=True)])) == []


def test_weights_and_test_parts_are_likely_and_not_confirmed() -> None:
    (found,) = said([aspect("checkpoint", "separates", "undertrained")])
    assert isinstance(found, Suspicion)
    assert (found.confidence, found.confirmed) == (0.6, False)


def test_the_comparison_joins_the_diagnosis() -> None:
    made = {"decoding": record(BLOCKED)["decoding"]}
    run = case("run", 0.1, made=made, config=changed(num_train_epochs=5))
    lab = PlantedLab(run, quality=blocked, asked_as=conditions(**BLOCKED))
    probe = AgainstProbe(PlantedLab(GOOD))
    found = diagnose(run, lab=lab, probes=[probe])
    assert found.verdict == "decoding-blocks-copying"
    assert {"template-mismatch", "undertrained", "environment-changed"} <= {
        one.cause for one in found.cleared
    }
    assert probe.found is not None
    assert not any("GOOD is not surely better" in line for line in probe.found.notes)
    shown = probe.found.to_json()
    assert shown["run"] == "good"
    assert set(shown) == {"run", "gap", "aspects", "remaining", "closed", "sentence", "notes"}
    assert shown["gap"]["entities"]["paired"] is True
