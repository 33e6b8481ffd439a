"""Whether two names stand for the same things."""

from __future__ import annotations

import random

import pytest

from medspan.audit.coincidence import coincidence

Seen = list[tuple[bytes, str]]


def drawn(pool: list[str], documents: int, each: int, seed: int) -> Seen:
    """Documents with strings from a pool in which low places are frequent."""
    chance = random.Random(seed)
    weights = [1 / (place + 1) for place in range(len(pool))]
    return [
        (bytes([chance.randrange(256), seed, number % 256, number // 256]), string)
        for number in range(documents)
        for string in chance.choices(pool, weights, k=each)
    ]


POOL = [f"drug {number}" for number in range(300)]
OTHERS = [f"disease {number}" for number in range(300)]


@pytest.mark.parametrize("documents", [40, 100, 400])
def test_two_names_of_one_thing_coincide_whatever_their_sizes(documents: int) -> None:
    shared = coincidence(drawn(POOL, 400, 3, 1), drawn(POOL, documents, 3, 2))
    assert shared is not None
    assert 0.8 <= shared <= 1.1


def test_names_of_other_things_do_not() -> None:
    assert coincidence(drawn(POOL, 400, 3, 1), drawn(OTHERS, 400, 3, 2)) == 0
    mixed = coincidence(drawn(POOL, 400, 3, 1), drawn(OTHERS + POOL[:20], 400, 3, 2))
    assert mixed is not None
    assert mixed < 0.4


def test_it_is_the_same_both_ways_and_undefined_where_nothing_is_repeated() -> None:
    one, other = drawn(POOL, 300, 3, 1), drawn(POOL, 90, 3, 2)
    assert coincidence(one, other) == coincidence(other, one)
    assert coincidence(list(reversed(one)), other) == coincidence(one, other)
    once = [(bytes([number]), f"string {number}") for number in range(200)]
    assert coincidence(one, once) is None
    assert coincidence(once, once) is None
    assert coincidence(one, []) is None
    few = [(bytes([number]), f"string {number // 2}") for number in range(18)]
    assert coincidence(few, few) is None
    enough = [(bytes([number]), f"string {number // 2}") for number in range(20)]
    assert coincidence(enough, enough) == 1
