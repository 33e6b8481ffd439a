from __future__ import annotations

from medspan.core import Document, Example
from medspan.split.groups import leak_groups


def row(id: str, text: str, group: str | None = None) -> Example:
    return Example(Document(id, text, group=group))


def words(first: int, last: int) -> str:
    return " ".join(f"w{number}" for number in range(first, last))


def grouped(examples: list[Example]) -> set[frozenset[str]]:
    groups, _ = leak_groups(examples)
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
    _, joins = leak_groups(examples)
    assert dict(joins) == {"group": 1, "text": 1, "near-duplicate": 1}


def test_rows_without_a_group_are_not_joined_by_its_absence() -> None:
    assert len(grouped([row("a", words(0, 30)), row("b", words(40, 70))])) == 2


def test_texts_below_the_threshold_stay_apart() -> None:
    # 10 and 7 shingles, 7 in common: 0.7.
    assert len(grouped([row("a", words(0, 14)), row("b", words(0, 11))])) == 2


def test_keys_follow_the_seed_and_not_the_place() -> None:
    examples = [row("a", words(0, 30)), row("b", words(40, 70))]
    forward, _ = leak_groups(examples, seed=1)
    backward, _ = leak_groups(examples[::-1], seed=1)
    other, _ = leak_groups(examples, seed=2)
    assert [group.key for group in forward] == [group.key for group in backward]
    assert {group.key for group in forward}.isdisjoint(group.key for group in other)
