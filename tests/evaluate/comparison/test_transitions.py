"""What became of each item and each document: planted for every state."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention
from medspan.evaluate import evaluate
from medspan.evaluate.comparison import Comparison, Sampling, System, compare

TEXT = "Severe renal failure and rash after aspirin and codeine."
FAST = Sampling(permutations=50, resamples=20)


def at(string: str, type: str) -> Mention:
    return Mention.at(TEXT, TEXT.index(string), TEXT.index(string) + len(string), type)


FAILURE, RASH = at("renal failure", "Disease"), at("rash", "Sign")
ASPIRIN, CODEINE = at("aspirin", "Drug"), at("codeine", "Drug")
SEVERE = at("Severe renal failure", "Disease")
CAUSES = Relation(ASPIRIN, RASH, "causes")
WHOLE = Annotation((FAILURE, RASH, ASPIRIN), (), (CAUSES,))


def compared(*documents: tuple[str, Annotation, Annotation]) -> Comparison:
    """Two systems on documents given as (id, what the first predicts, what the second does)."""
    rows = [[Example(Document(id, TEXT), WHOLE, both[side]) for id, *both in documents] for side in (0, 1)]
    return compare([System("A", rows[0]), System("B", rows[1])], sampling=FAST)


def without(*items: Mention | Relation) -> Annotation:
    return Annotation(
        tuple(one for one in WHOLE.mentions if one not in items),
        (),
        tuple(one for one in WHOLE.relations if one not in items),
    )


def with_also(*items: Mention) -> Annotation:
    return replace(WHOLE, mentions=(*WHOLE.mentions, *items))


def test_every_state_of_a_document() -> None:
    found = (
        compared(
            ("fixed", without(RASH, CAUSES), WHOLE),
            ("broken", WHOLE, with_also(CODEINE)),
            ("changed", without(RASH), without(ASPIRIN)),
            ("same, right", WHOLE, WHOLE),
            ("same, wrong", with_also(CODEINE), with_also(CODEINE)),
            ("better", without(RASH, CAUSES), without(RASH)),
        )
        .against[0]
        .transitions
    )
    assert {one.id: one.state for one in found.documents} == {
        "fixed": "fixed",
        "broken": "broken",
        "changed": "changed",
        "same, right": "same",
        "same, wrong": "same",
        "better": "changed",
    }
    assert found.examples == {"fixed": 1, "broken": 1, "changed": 2, "same": 2}
    assert [(one.id, one.size, one.errors) for one in found.documents[:3]] == [
        ("fixed", 2, (2, 0)),
        ("changed", 2, (1, 1)),
        ("better", 1, (2, 1)),
    ]
    told = found.to_json()
    assert [one["id"] for one in told["documents"]] == ["fixed", "changed", "better", "broken"]


def test_every_state_of_an_item() -> None:
    before = Annotation((SEVERE, RASH, CODEINE), (), (Relation(RASH, ASPIRIN, "causes"),))
    after = Annotation((at("Severe", "Disease"), ASPIRIN), (), (Relation(RASH, ASPIRIN, "treats"), CAUSES))
    found = compared(("d", before, after)).against[0].transitions
    (one,) = found.documents
    changes = {
        (change.was, change.now, getattr(change.item, "text", change.item.type)): change
        for change in one.changes
    }
    assert {key: change.state for key, change in changes.items()} == {
        ("missed", "found", "aspirin"): "fixed",
        ("found", "missed", "rash"): "broken",
        ("spurious", "absent", "codeine"): "fixed",
        ("spurious", "spurious", "Severe renal failure"): "changed",
        ("missed", "found", "causes"): "fixed",
        ("spurious", "spurious", "causes"): "changed",
    }
    assert changes["spurious", "spurious", "Severe renal failure"].other == at("Severe", "Disease")
    # `renal failure` is missed by both.
    assert found.items["entities"] == {"fixed": 2, "broken": 1, "changed": 1, "same": 1}
    assert found.items["relations"] == {"fixed": 1, "broken": 0, "changed": 1, "same": 0}
    told = one.to_json()["changes"]
    assert {
        "kind": "entities",
        "state": "broken",
        "was": "found",
        "now": "missed",
        "other": None,
        "item": {"type": "Sign", "text": "rash", "segments": [[25, 29]]},
    } in told


def test_the_same_error_in_both_is_the_same() -> None:
    found = compared(("d", with_also(CODEINE), with_also(CODEINE))).against[0].transitions
    assert found.items["entities"] == {"fixed": 0, "broken": 0, "changed": 0, "same": 4}


def test_neighbours_do_not_speak_of_the_same() -> None:
    severe, renal = Mention.at(TEXT, 0, 7, "Sign"), Mention.at(TEXT, 7, 12, "Sign")
    found = compared(("d", with_also(severe), with_also(renal))).against[0].transitions
    assert found.items["entities"] == {"fixed": 1, "broken": 1, "changed": 0, "same": 3}


def test_unaligned_mentions_take_part() -> None:
    lost = UnalignedMention("Drug", "metforming", "not-in-text")
    found = (
        compared(
            ("new", WHOLE, replace(WHOLE, unaligned=(lost,))),
            (
                "kept",
                replace(WHOLE, unaligned=(lost,)),
                replace(WHOLE, unaligned=(replace(lost, text="Metforming"),)),
            ),
        )
        .against[0]
        .transitions
    )
    assert {one.id: one.state for one in found.documents} == {"new": "broken", "kept": "same"}
    assert found.documents[0].to_json()["changes"][0]["item"]["segments"] is None


def test_the_tests_are_of_the_scores_that_evaluate_gives() -> None:
    found = compared(
        ("d1", without(RASH), WHOLE), ("d2", WHOLE, with_also(CODEINE)), ("d3", without(CAUSES), WHOLE)
    )
    for system, evaluation in zip(found.systems, found.evaluations, strict=True):
        assert evaluation.match == evaluate(system.examples, bootstrap_samples=20).match
    for (how, kind), test in found.against[0].tests.items():
        scores = tuple(one.match[how][kind].micro.f1 for one in found.evaluations)
        assert test.f1 == scores
        assert test.difference == scores[1] - scores[0]  # type: ignore[operator]
    told = found.to_json()
    assert told["comparisons"][0]["tests"]["strict"]["entities"]["documents_differing"] == 2
    assert told["comparisons"][0]["tests"]["text"]["relations"]["p_value_holm"] is None
    assert (told["sampling"]["permutations"], told["sampling"]["seed"]) == (50, 0)


def test_three_systems_are_each_held_against_the_first_and_corrected() -> None:
    rows = [
        [Example(Document(f"d{number}", TEXT), WHOLE, predicted) for number in range(12)]
        for predicted in (WHOLE, without(RASH), without(RASH, CAUSES))
    ]
    found = compare([System(name, row) for name, row in zip("ABC", rows, strict=True)], sampling=FAST)
    assert [one.system for one in found.against] == [1, 2]
    raw = [test.p_value for one in found.against for test in one.tests.values()]
    corrected = [value for one in found.against for value in one.adjusted.values()]
    assert len(raw) == len(corrected) == 8
    assert all(one <= two for one, two in zip(raw, corrected, strict=True))  # type: ignore[operator]
    assert found.against[1].transitions.items["relations"]["broken"] == 12
    assert [one["second"] for one in found.to_json()["comparisons"]] == ["B", "C"]


items = st.lists(st.sampled_from([FAILURE, RASH, ASPIRIN, CODEINE, SEVERE]), unique=True)
annotations = st.builds(
    lambda mentions, joined: Annotation(tuple(mentions), (), (CAUSES,) if joined else ()),
    items,
    st.booleans(),
)


@given(st.lists(st.tuples(annotations, annotations), min_size=1, max_size=5))
def test_fixed_and_broken_change_places_with_the_systems(pairs: list[tuple[Annotation, Annotation]]) -> None:
    def of(*sides: int) -> Comparison:
        rows = [
            [Example(Document(f"d{n}", TEXT), WHOLE, pair[side]) for n, pair in enumerate(pairs)]
            for side in sides
        ]
        return compare(
            [System("A", rows[0]), System("B", rows[1])], sampling=Sampling(1, 0), allow_empty=True
        )

    there, back = of(0, 1).against[0].transitions, of(1, 0).against[0].transitions
    swapped = {"fixed": "broken", "broken": "fixed", "changed": "changed", "same": "same"}
    assert {swapped[state]: count for state, count in back.examples.items()} == there.examples
    for kind, counts in there.items.items():
        assert {swapped[state]: count for state, count in back.items[kind].items()} == counts
    itself = of(0, 0).against[0].transitions
    assert itself.examples["same"] == len(pairs)
    assert sorted(one.document for one in there.documents) == list(range(len(pairs)))


def test_documents_of_one_group_are_tested_together() -> None:
    def rows(said: Annotation, group: str | None) -> list[Example]:
        texts = [Document(str(place), TEXT, group=group and f"{group}{place // 4}") for place in range(12)]
        return [Example(document, WHOLE, said) for document in texts]

    def found(group: str | None) -> Comparison:
        return compare([System("A", rows(without(RASH), group)), System("B", rows(WHOLE, group))])

    alone, together = found(None), found("article")
    assert (alone.groups, together.groups) == (None, 3)
    tests = [one.against[0].tests["strict", "entities"] for one in (alone, together)]
    assert tests[0].p_value is not None
    assert tests[0].p_value < 0.01
    # Of three groups all for the better, 2 of 8 exchanges are as extreme.
    assert tests[1].p_value == pytest.approx(0.25, abs=0.02)
    assert together.to_json()["groups"] == 3
