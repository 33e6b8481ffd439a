"""What counts as a hit, what counts at all, and what the tables say of planted results."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from medspan.core import Annotation, Example
from medspan.read import write

from . import effect
from .cases import Case, Fault
from .effect import Loss, counts, losses, pair_counts, stored
from .notes import make_notes
from .outcome import confusion, report, right, row_of, targets
from .recipe import Recipe
from .running import FAILED, diagnose

NO_LOSS = Loss(0.9, 0.9, (-0.02, 0.02), 40)
LOSS = Loss(0.9, 0.4, (-0.6, -0.4), 40)


def row(case: Case, verdict: str, *said: tuple[str, float], seconds: float = 10, counts: bool = True) -> Any:
    diagnosis = {"verdict": verdict, "causes": [{"cause": name, "confidence": sure} for name, sure in said]}
    return {**row_of(case, diagnosis, {"entities": LOSS.to_json()}, seconds), "counts": counts}


def single(id: str, dose: str = "strong", seed: int = 1) -> Case:
    return Case(seed, (Fault(id, dose),))


def test_a_single_fault_is_right_when_its_cause_is_the_verdict() -> None:
    case = single("decoding-samples")
    assert right(row(case, "decoding-samples", ("decoding-samples", 0.9)))
    assert not right(row(case, "memorised", ("memorised", 0.9), ("decoding-samples", 0.8)))
    assert not right(row(case, "undetermined"))


def test_a_pair_is_right_when_both_causes_are_among_the_first_three() -> None:
    pair = Case(1, (Fault("undertrained"), Fault("decoding-samples")))
    other = [("memorised", 0.9), ("undertrained", 0.8), ("decoding-samples", 0.7)]
    assert right(row(pair, "memorised", *other))
    assert not right(row(pair, "memorised", other[0], ("double-bos", 0.8), *other[1:]))


def test_a_healthy_run_is_right_without_a_cause_of_half_confidence() -> None:
    healthy = Case(1)
    assert right(row(healthy, "healthy", ("memorised", 0.4)))
    assert not right(row(healthy, "healthy", ("memorised", 0.5)))
    assert not right(row(healthy, "memorised", ("memorised", 0.4)))


def test_a_fault_counts_by_its_loss_or_because_it_hides_the_truth() -> None:
    assert counts(["decoding-samples"], {"entities": LOSS, "relations": NO_LOSS})
    assert not counts(["decoding-samples"], {"entities": NO_LOSS, "relations": NO_LOSS})
    assert counts(["leak-inflated-score"], {"entities": NO_LOSS})


def answered(notes: tuple[Example, ...], *, every: int) -> list[Example]:
    """The notes with right answers, but for every n-th, which is empty."""
    made = []
    for at, note in enumerate(notes):
        assert note.reference is not None
        empty = Annotation(scope=note.reference.scope)
        made.append(note.with_prediction(empty if at % every == 0 else note.reference, "raw", False))
    return made


def test_a_loss_is_proven_where_half_of_the_answers_are_gone_and_not_between_equals() -> None:
    notes = make_notes(1).test
    good, bad = answered(notes, every=10**6), answered(notes, every=2)
    lost = losses(good, bad)
    assert lost["entities"].proven
    assert lost["relations"].proven
    assert not losses(good, good)["entities"].proven
    assert not losses(bad, good)["entities"].proven  # a gain is no loss


def test_a_test_part_of_one_task_is_compared_in_what_it_asks_for() -> None:
    notes = make_notes(1).test
    good = answered(notes, every=10**6)
    asked = [
        replace(one, reference=replace(one.reference, mentions=()), predicted=Annotation())
        for one in good
        if one.reference is not None
    ]
    lost = losses(good, asked)
    assert lost["relations"].proven
    assert lost["relations"].after == 0
    assert not lost["entities"].proven


@pytest.mark.parametrize(
    ("alone", "valid"),
    [
        ({"decoding-samples": 2, "undertrained": 2}, True),
        ({"decoding-samples": 1, "undertrained": 2}, False),
        ({"decoding-samples": 2, "undertrained": 1}, False),
    ],
)
def test_a_pair_counts_where_each_fault_costs_something_beside_the_other(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, alone: dict[str, int], valid: bool
) -> None:
    notes = make_notes(1).test
    pair = Case(1, (Fault("undertrained"), Fault("decoding-samples")))

    def answers_of(other: Case, run: Path, root: Path) -> list[Example]:
        (cause,) = other.causes
        return answered(notes, every=alone[cause])

    monkeypatch.setattr(effect, "answers_of", answers_of)
    # With both, no answer is left.
    monkeypatch.setattr(effect, "stored", lambda run: answered(notes, every=1))
    assert pair_counts(pair, Path("run"), tmp_path) is valid


def test_a_fault_that_hides_the_truth_needs_no_loss_in_a_pair(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    notes = make_notes(1).test
    monkeypatch.setattr(effect, "answers_of", lambda *_: answered(notes, every=10**6))
    monkeypatch.setattr(effect, "stored", lambda run: answered(notes, every=2))
    pair = Case(1, (Fault("leak-inflated-score"), Fault("decoding-samples")))
    assert pair_counts(pair, Path("run"), tmp_path)


def test_figures_and_table_of_planted_results() -> None:
    rows = [
        row(single("double-bos"), "double-bos", ("double-bos", 0.9)),
        row(single("double-bos", "mild"), "memorised", ("memorised", 0.6), seconds=90),
        row(single("double-bos", "mild", 2), "healthy", counts=False),
        row(Case(1), "healthy"),
    ]
    found = {target.what.split(":")[0]: (target.right, target.of, target.reached) for target in targets(rows)}
    assert found["single faults"] == (1, 2, False)
    assert found["strong single faults"] == (1, 1, True)
    assert found["pairs"] == (0, 0, None)
    assert found["healthy runs"] == (1, 1, True)
    assert found["diagnoses within 60 s"] == (3, 4, True)
    assert "| double-bos | 2 | 1 | memorised 1 |" in confusion(rows)
    told = report(rows)
    assert "Missed: 1." in told
    assert "- double-bos.mild-s1: memorised (memorised 0.60)" in told
    assert "Do not count, since their loss of F1 is not certain: 1." in told


def test_faults_in_varied_runs_have_a_figure_of_their_own() -> None:
    tagged = Case(7, (Fault("undertrained"),), Recipe("tag"))
    assert (tagged.kind, tagged.name) == ("varied", "undertrained.strong-tag-s7")
    rows = [
        row(single("double-bos"), "healthy"),
        row(tagged, "undertrained", ("undertrained", 0.9)),
        row(Case(8, (Fault("undertrained"),), Recipe("clinic")), "healthy"),
    ]
    found = {target.what.split(":")[0]: (target.right, target.of) for target in targets(rows)}
    assert found["faults in varied runs"] == (1, 2)
    assert found["single faults"] == (0, 1)
    assert "| undertrained" not in "\n".join(confusion(rows))


def test_a_diagnosis_that_ends_with_an_error_is_a_miss_that_says_so(tmp_path: Path) -> None:
    said = diagnose(tmp_path / "nothing", tmp_path / "diagnosis.json")
    assert said["verdict"] == FAILED
    assert "nothing" in said["error"]
    assert not right(row(single("double-bos"), said["verdict"]))
    assert not right(row(Case(1), said["verdict"]))


def test_a_run_that_broke_off_without_answers_has_found_nothing(tmp_path: Path) -> None:
    notes = make_notes(1).test
    write(tmp_path / "test.jsonl", notes, "medspan")
    (tmp_path / "config.yaml").write_text(f"data: {{test: {tmp_path / 'test.jsonl'}}}\n")
    found = stored(tmp_path)
    assert [one.id for one in found] == [one.id for one in notes]
    lost = losses(answered(notes, every=10**6), found)
    assert lost["entities"].proven
    assert lost["entities"].after == 0
