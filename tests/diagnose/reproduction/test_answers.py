"""Pairing of then with now, whole batches, and when a score moved by more than chance."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Annotation, Document, Example, Mention
from medspan.diagnose.reproduction import Pair, compare_answers, compare_scores, pair_documents, sampled
from medspan.diagnose.reproduction.answers import moved_by_more_than_chance
from medspan.evaluate.comparison.significance import PairedTest

TEXT = "Aspirin caused rash."
DRUG, RASH = Mention.at(TEXT, 0, 7, "Drug"), Mention.at(TEXT, 15, 19, "Sign")
BOTH = Annotation((DRUG, RASH))


def made(id: str, predicted: Annotation = BOTH, raw: str | None = "raw", text: str = TEXT) -> Example:
    return Example(
        Document(id, text), reference=BOTH if text == TEXT else Annotation(), predicted=predicted, raw=raw
    )


def test_documents_are_paired_by_text_where_ids_were_given_anew_and_by_id_where_the_text_changed() -> None:
    empty = Annotation()
    then = [
        made("a"),
        made("b", empty, text="Fever."),
        made("c", empty, text="Cough."),
        made("d", empty, text="Pain."),
    ]
    now = [
        made("b", empty, text="Cough."),
        made("a"),
        made("x", empty, text="Fever."),
        made("d", empty, text="Ache."),
    ]
    pairs = pair_documents(then, [*now, made("new", empty, text="New.")])
    ids = [(one.then and one.then.id, one.now and one.now.id) for one in pairs]
    assert ids == [("a", "a"), ("b", "x"), ("c", "b"), ("d", "d"), (None, "new")]
    assert [one.same_question for one in pairs] == [True, True, True, False, False]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y"]))),
    st.randoms(use_true_random=False),
)
def test_every_document_is_in_one_pair(rows: list[tuple[str, str]], chance: object) -> None:
    then = [Example(Document(id, text)) for id, text in rows]
    now = list(then)
    chance.shuffle(now)  # type: ignore[attr-defined]
    now = now[: len(now) // 2 + 1]
    pairs = pair_documents(then, now)
    assert [one.then for one in pairs if one.then] == then
    assert Counter(id(one.now) for one in pairs if one.now) == Counter(map(id, now))
    assert all(one.now is not None for one in pair_documents(then, then))
    assert all(one.same_question for one in pair_documents(then, then))


def test_an_answer_is_what_was_generated_and_what_was_read_in_it() -> None:
    then = made("a")
    other_text = made("a", raw="other")
    read_otherwise = made("a", Annotation((DRUG,)))
    by_another = made("a", replace(BOTH, made_by="another folder"))
    likelier = made("a", Annotation((replace(DRUG, confidence=0.9), RASH)))
    found = {
        name: compare_answers([Pair(then, now)])
        for name, now in {
            "text": other_text,
            "read": read_otherwise,
            "by": by_another,
            "confidence": likelier,
            "cut": replace(then, truncated=True),
        }.items()
    }
    assert {name: one.same for name, one in found.items()} == {
        "text": 0,
        "read": 0,
        "by": 1,
        "confidence": 1,
        "cut": 0,
    }
    assert {name: one.read_otherwise for name, one in found.items() if one.read_otherwise} == {"read": 1}
    tagged = compare_answers([Pair(made("a", raw=None), made("a", Annotation((DRUG,)), raw=None))])
    assert (tagged.same, tagged.read_otherwise) == (0, 0)


def test_scores_of_documents_that_one_side_lacks_are_those_of_the_whole_parts() -> None:
    found, missed = made("a"), made("b", Annotation())
    tests = compare_scores([Pair(found, found), Pair(missed, None), Pair(None, made("c"))])
    test = tests["strict", "entities"]
    # Then 2 of 4 mentions without a spurious one, now all 4.
    assert test.f1 == (pytest.approx(2 * 2 / (2 * 2 + 2)), 1.0)
    assert tests["strict", "relations"].f1 == (None, None)


@given(st.integers(1, 40), st.integers(1, 7), st.integers(1, 40), st.integers(0, 5), st.integers(0, 3))
def test_a_sample_is_whole_batches(count: int, width: int, size: int, gone: int, seed: int) -> None:
    pairs = [Pair(None, Example(Document(f"d{number}", "x"))) for number in range(count)]
    lost = [Pair(Example(Document(f"g{number}", "x")), None) for number in range(gone)]
    order = [(7 * number) % count if count % 7 else number for number in range(count)]
    batches = [order[first : first + width] for first in range(0, count, width)]
    groups = sampled([*pairs, *lost], batches, size, seed)
    assert groups == sampled([*pairs, *lost], batches, size, seed)
    *chosen, without = groups
    place = {id(pair): number for number, pair in enumerate(pairs)}
    held = [sorted(place[id(pair)] for pair in group) for group in chosen]
    assert all(group in [sorted(batch) for batch in batches] for group in held)
    total = sum(map(len, held))
    assert total >= min(size, count)
    assert total < size + width
    assert len(without) == round(gone * total / count)


@pytest.mark.parametrize(
    ("f1", "difference", "interval", "moved"),
    [
        ((0.5, 0.5), 0.0, (0.0, 0.0), False),
        ((0.5, 0.6), 0.1, (-0.01, 0.2), False),
        ((0.5, 0.6), 0.1, (0.0, 0.2), False),
        ((0.5, 0.6), 0.1, (0.02, 0.2), True),
        ((0.6, 0.5), -0.1, (-0.2, -0.02), True),
        ((0.5, None), None, None, True),
        ((None, None), None, None, False),
        ((0.5, 0.6), 0.1, None, True),
    ],
)
def test_a_score_moved_where_zero_is_outside_its_interval(
    f1: tuple[float | None, float | None],
    difference: float | None,
    interval: tuple[float, float] | None,
    moved: bool,
) -> None:
    test = PairedTest(f1, difference, interval, None, 9, 1, 9)
    assert moved_by_more_than_chance(test) is moved
