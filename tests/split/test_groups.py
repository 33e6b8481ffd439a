from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from medspan.core import Example
from medspan.split import assign, folds
from medspan.split.groups import Links
from medspan.split.leaks import Reach
from medspan.text import near_texts
from medspan.text.similarity import jaccard, shingles

from .conftest import distinct, row, words

WINDOWS = st.tuples(st.integers(0, 12), st.integers(20, 45))


def grouped(examples: list[Example]) -> set[frozenset[str]]:
    groups, _ = Links(examples).groups(range(len(examples)))
    return {frozenset(examples[at].id for at in group.members) for group in groups}


def test_each_reason_joins_and_joins_chain() -> None:
    examples = [
        row("a", words(0, 30), group="7"),
        row("b", words(100, 130), group="7"),
        row("c", words(100, 130).upper() + "  "),
        row("d", words(100, 131)),
        row("e", words(200, 230), group="8"),
        row("f", words(300, 330)),
    ]
    assert grouped(examples) == {frozenset("abcd"), frozenset("e"), frozenset("f")}
    _, joins = Links(examples).groups(range(6))
    assert dict(joins) == {"group": 1, "id": 0, "text": 1, "near-duplicate": 1}


def test_rows_that_are_not_among_those_asked_for_join_nothing() -> None:
    examples = [row("a", words(0, 30), group="7"), row("b", words(0, 30)), row("c", words(0, 31))]
    groups, joins = Links(examples).groups([0, 2])
    assert [group.members for group in groups] == [(0, 2)]
    assert joins["near-duplicate"] == 1
    far = [row("a", words(0, 20)), row("b", words(0, 24)), row("c", words(0, 28))]
    groups, _ = Links(far).groups([0, 2])  # 16 of 24 shingles: b alone would bring them together
    assert sorted(group.members for group in groups) == [(0,), (2,)]


def test_rows_without_a_group_are_not_joined_by_its_absence() -> None:
    assert len(grouped([row("a", words(0, 30)), row("b", words(40, 70))])) == 2


def test_an_id_stands_for_one_document_within_a_file_and_not_beyond() -> None:
    texts = [words(0, 30), words(40, 70), words(80, 110)]
    one_file = [row("7", text, file="notes.jsonl") for text in texts]
    assert len(Links(one_file).groups(range(3))[0]) == 1
    assert Links(one_file).groups(range(3))[1]["id"] == 2
    files = [row("7", text, file=f"{number}.jsonl") for number, text in enumerate(texts)]
    assert len(Links(files).groups(range(3))[0]) == 3
    assert len(Links([row("7", text) for text in texts]).groups(range(3))[0]) == 3


def test_texts_below_the_threshold_stay_apart() -> None:
    # 10 and 7 shingles, 7 in common: 0.7.
    assert len(grouped([row("a", words(0, 14)), row("b", words(0, 11))])) == 2


def test_keys_follow_the_seed_and_not_the_place() -> None:
    examples = [row("a", words(0, 30)), row("b", words(40, 70))]
    forward, _ = Links(examples).groups([0, 1], seed=1)
    backward, _ = Links(examples[::-1]).groups([0, 1], seed=1)
    other, _ = Links(examples).groups([0, 1], seed=2)
    assert [group.key for group in forward] == [group.key for group in backward]
    assert {group.key for group in forward}.isdisjoint(group.key for group in other)


def is_near(one: Example, other: Example) -> bool:
    return jaccard(shingles(one.document.text), shingles(other.document.text)) >= 0.8


@given(st.lists(WINDOWS, max_size=12), st.data())
def test_groups_are_what_near_texts_connect_among_the_chosen(
    windows: list[tuple[int, int]], data: st.DataObject
) -> None:
    examples = [row(str(at), words(*window)) for at, window in enumerate(windows)]
    chosen = data.draw(st.sets(st.sampled_from(range(len(windows))))) if windows else set()
    expected, left = set(), set(chosen)
    while left:
        group, new = set(), {min(left)}
        while new:
            group |= new
            new = {at for at in left - group if any(is_near(examples[at], examples[one]) for one in new)}
        expected.add(frozenset(group))
        left -= group
    groups, joins = Links(examples).groups(sorted(chosen))
    assert {frozenset(group.members) for group in groups} == expected
    assert joins["text"] == len(chosen) - len({windows[at] for at in chosen})
    assert joins.total() == len(chosen) - len(expected)


@given(st.lists(WINDOWS, max_size=12), st.lists(WINDOWS, max_size=6))
def test_a_row_reaches_the_first_row_of_a_part_that_it_is_near_to(
    part: list[tuple[int, int]], others: list[tuple[int, int]]
) -> None:
    examples = [row(str(at), words(*window)) for at, window in enumerate([*part, *others])]
    reach = Reach(Links(examples), range(len(part)))
    for at in range(len(part), len(examples)):
        same = [one for one in range(len(part)) if examples[one].document.text == examples[at].document.text]
        near = [one for one in range(len(part)) if is_near(examples[one], examples[at])]
        wanted = ("text", same[0]) if same else ("near-duplicate", near[0]) if near else None
        assert reach(at) == wanted


def test_many_texts_of_one_template_are_not_compared_each_with_each(monkeypatch: pytest.MonkeyPatch) -> None:
    count = 3000
    template = [row(f"t{n}", f"{words(0, 100)} patient {n}") for n in range(count)]
    others = distinct(30, first=10)
    compared = Counter[str]()
    similarities_of = near_texts._similarities

    def similarities(sets, one, other, threshold):  # type: ignore[no-untyped-def]
        compared[step] += len(one)
        return similarities_of(sets, one, other, threshold)

    monkeypatch.setattr(near_texts, "_similarities", similarities)
    step = "assign"
    old = [replace(example, split="train") for example in template[:10]]
    shares = {"train": 0.9, "test": 0.1}
    cut = assign([*template[10:], *others], shares=shares, held={"train": old})
    assert {example.id for example in template} <= {example.id for example in cut.parts["train"]}
    assert (cut.report.leaks, cut.report.groups) == ((), 31)
    step = "leak"
    leaking = [replace(example, split=("train", "test")[at % 2]) for at, example in enumerate(template)]
    (leak,) = assign([*leaking, *others], shares=shares).report.leaks_before
    assert (leak.count, leak.total) == (count // 2, count // 2)
    step = "folds"
    assert folds([*template, *others], 3).report.groups == 31
    # Of 4,498,500 pairs.
    assert max(compared.values()) < 12 * count
