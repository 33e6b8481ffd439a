"""Causes in order of their share of the loss; what a cause explains loses weight."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.diagnose.base import Cleared, Effect, Examination, Suspicion, Untold
from medspan.diagnose.catalogue import CAUSES
from medspan.diagnose.diagnosis import NAMED
from medspan.diagnose.rank import cleared, ranked, untold


def suspicion(cause: str, confidence: float, gain: float | None = None, **more: object) -> Suspicion:
    effect = None
    if gain is not None:
        effect = Effect("entity F1", 0.5, 0.5 + gain, (0.5 * gain, 1.5 * gain))
    return Suspicion(cause, confidence, ("seen",), "do it", effect, **more)  # type: ignore[arg-type]


def test_named_causes_stand_in_order_of_what_mending_them_brings() -> None:
    said = [
        suspicion("double-bos", 0.97, 0.05),
        suspicion("decoding-blocks-copying", 0.9, 0.4),
        suspicion("type-confusion", 0.3, 0.9),
    ]
    assert [one.cause for one in ranked(said)] == ["decoding-blocks-copying", "double-bos", "type-confusion"]


def test_a_score_that_looks_better_than_it_is_counts_by_as_much() -> None:
    leak = suspicion("leak-inflated-score", 0.95, -0.2)
    assert [one.cause for one in ranked([suspicion("double-bos", 0.97, 0.05), leak])] == [
        "leak-inflated-score",
        "double-bos",
    ]


def test_an_effect_whose_interval_holds_zero_carries_no_share() -> None:
    unsure = Suspicion("boundary-errors", 0.6, (), "", Effect("entity F1", 0.5, 0.9, (-0.1, 0.9)))
    assert ranked([unsure, suspicion("double-bos", 0.6, 0.1)])[0].cause == "double-bos"


def test_what_a_named_cause_explains_is_no_longer_named() -> None:
    diverged = suspicion("diverged", 0.9, explains=("input-ignored", "type-confusion"))
    found = ranked([diverged, suspicion("input-ignored", 0.95), suspicion("boundary-errors", 0.6, 0.2)])
    by_cause = {one.cause: one for one in found}
    assert by_cause["input-ignored"].confidence < NAMED
    assert "diverged brings this about by itself" in by_cause["input-ignored"].evidence
    assert by_cause["boundary-errors"].confidence == 0.6


def test_what_an_intervention_confirmed_is_not_explained_away() -> None:
    diverged = suspicion("diverged", 0.9, explains=("overtrained",))
    found = ranked([diverged, suspicion("overtrained", 0.95, 0.3, confirmed=True)])
    assert found[0].cause == "overtrained"
    assert found[0].confidence == 0.95


def test_what_an_intervention_hardly_mends_is_explained_away() -> None:
    masked = suspicion("targets-masked", 0.95, explains=("stop-token-untrained",))
    cut_off = suspicion("stop-token-untrained", 0.95, 0.005, confirmed=True)
    found = ranked([masked, cut_off])
    assert [one.confidence < NAMED for one in found] == [False, True]
    assert found[0].cause == "targets-masked"


def test_of_two_suspicions_of_one_cause_the_surer_one_is_kept() -> None:
    found = ranked([suspicion("double-bos", 0.4), suspicion("double-bos", 0.8)])
    assert [one.confidence for one in found] == [0.8]


def test_cleared_joins_the_evidence_of_all_probes_and_leaves_out_what_is_suspected() -> None:
    done = [
        Examination("one", (Cleared("double-bos", ("a",)), Cleared("diverged", ("b",)))),
        Examination("two", (Cleared("double-bos", ("c",)),)),
    ]
    found = cleared(done, [suspicion("diverged", 0.2)])
    assert found == (Cleared("double-bos", ("a", "c")),)


def test_untold_names_what_nobody_could_tell() -> None:
    done = [Examination("one", (Untold("double-bos", "no model"), Untold("diverged", "no log")))]
    assert untold(done, ["diverged"]) == (Untold("double-bos", "no model"),)


def test_a_cause_that_is_not_in_the_catalogue_is_refused() -> None:
    with pytest.raises(ValueError, match="no cause"):
        Suspicion("bad-luck", 0.5, ())


@given(
    st.lists(
        st.tuples(st.sampled_from(sorted(CAUSES)), st.floats(0, 1), st.none() | st.floats(-1, 1)),
        max_size=12,
    )
)
def test_named_causes_come_before_notes_and_each_once(told: list[tuple[str, float, float | None]]) -> None:
    found = ranked([suspicion(*one) for one in told])
    assert len({one.cause for one in found}) == len(found)
    named = [one.confidence >= NAMED for one in found]
    assert named == sorted(named, reverse=True)
    assert ranked(reversed([suspicion(*one) for one in told])) is not None
