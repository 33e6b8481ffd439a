"""Two runs side by side: their shared documents, the gap, and what closes it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.diagnose.case import SAMPLE
from medspan.diagnose.rescoring import counts_of, difference_of, f1

from .planted import DOCUMENTS, PlantedLab, answered, case, conditions, documents, pair, record


def test_documents_that_occur_twice_are_paired_each_with_its_own() -> None:
    twice = (*DOCUMENTS[:3], *DOCUMENTS[:3])
    run, good = case("run", 0.5, part=twice), case("good", 1.0, part=twice)
    of = pair(run, good)
    assert [one.id for one, _ in of.shared] == [other.id for _, other in of.shared]
    assert len({id(other) for _, other in of.shared}) == 6
    assert of.same_part


def test_documents_of_another_task_are_others() -> None:
    named = tuple(replace(one, document=replace(one.document, task="drugs")) for one in DOCUMENTS)
    of = pair(case("run", 0.5), case("good", 1.0, part=named))
    assert of.shared == ()
    assert not of.same_part


def test_the_sample_holds_shared_documents_only_with_goods_answers_beside_them() -> None:
    shared, own = documents(70, "s"), documents(30, "o")
    of = pair(case("run", 0.0, part=(*own, *shared)), case("good", 1.0, part=shared))
    assert len(of.sample) == len(of.target) == SAMPLE
    assert all(one.id.startswith("s") for one in of.sample)
    assert [one.id for one in of.target] == [one.id for one in of.sample]
    assert f1(counts_of(of.target, "entities")) == 1.0


def test_the_gap_is_closed_by_answers_like_goods_and_not_by_half_of_them() -> None:
    of = pair(case("run", 0.0), case("good", 1.0))
    start = of.sample
    assert not of.closed(start, start)
    assert of.closed(start, answered(of.sample, 1.0))
    assert not of.closed(start, answered(of.sample, 0.5))


def test_a_gap_that_few_documents_cannot_tell_from_nothing_is_not_closed_by_them() -> None:
    """What remains reaches zero and might as well be most of the gap."""
    part = DOCUMENTS[:6]
    of = pair(case("run", 0.0, part=part), case("good", 1.0, part=part))
    after = answered(of.sample, 5 / 6)
    left = of.left(after, "entities")
    assert left.interval is not None
    assert left.interval[0] <= 0
    assert of.closed(of.sample, after) is (left.interval[1] <= 0.5)


def test_stated_options_are_taken_with_the_penalties_that_the_answers_show() -> None:
    run = case("run", 0.1, record=record())
    lab = PlantedLab(
        run,
        asked_as=conditions(repetition_penalty=1.3),
        stated=conditions(max_new_tokens=77),
    )
    of = pair(run, case("good", 1.0))
    of.run.lab = lab
    options = of.run.asked.options
    assert (options.max_new_tokens, options.repetition_penalty) == (77, 1.3)


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_the_difference_of_other_documents_lies_in_its_interval(one: float, other: float) -> None:
    first, second = answered(DOCUMENTS, one), answered(documents(30, "x"), other)
    low, high = difference_of(first, second, "entities") or (0.0, 0.0)
    difference = (f1(counts_of(second, "entities")) or 0.0) - (f1(counts_of(first, "entities")) or 0.0)
    assert low - 0.02 <= difference <= high + 0.02


def test_one_document_has_no_interval() -> None:
    assert difference_of(answered(DOCUMENTS[:1], 1.0), answered(DOCUMENTS, 1.0), "entities") is None
    assert difference_of(answered(DOCUMENTS, 0.0), answered(DOCUMENTS, 1.0), "entities") == pytest.approx(
        (1, 1)
    )
