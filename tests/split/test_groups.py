from __future__ import annotations

from medspan.core import Example
from medspan.split.groups import Links

from .conftest import row, words


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
