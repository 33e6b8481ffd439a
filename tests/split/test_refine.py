from __future__ import annotations

import random
from collections import Counter

from medspan.split.refine import refine
from medspan.split.spread import spread
from medspan.split.strata import ALL, Balance

HALVES = {"train": 0.5, "test": 0.5}


def loads_of_many_kinds(count: int, seed: int, types: int = 8, likely: float = 0.3) -> list[Counter[str]]:
    """Groups of one example, each with some of the types: too many kinds to try every pair."""
    rng = random.Random(seed)
    return [
        Counter({ALL: 1, **{f"entity:{type_}": 1 for type_ in range(types) if rng.random() < likely}})
        for _ in range(count)
    ]


def off(balance: Balance, shares: dict[str, float]) -> int:
    """Shares that are more than a point off though some count would be within it."""
    found = 0
    for stratum, n in balance.total.items():
        for part, share in shares.items():
            here = abs(balance.held[part][stratum] / n - share) > 0.01 + 1e-12
            found += here and any(abs(count / n - share) <= 0.01 for count in range(n + 1))
    return found


def test_many_kinds_of_groups_are_shared_out_within_a_point() -> None:
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}
    assert [off(spread(loads_of_many_kinds(400, seed), shares, {}), shares) for seed in range(3)] == [0, 0, 0]


def test_what_stays_off_is_weighed_heavier_until_it_is_not() -> None:
    shares = {"train": 0.8, "validation": 0.1, "test": 0.1}
    crowded = [loads_of_many_kinds(200, seed, types=20, likely=0.5) for seed in range(3)]
    assert [off(spread(loads, shares, {}), shares) for loads in crowded] == [0, 0, 0]


def test_the_only_swap_that_helps_is_found_and_sizes_stay() -> None:
    loads = [Counter({ALL: 1, "entity:A": 1}), Counter({ALL: 1, "entity:A": 1})]
    loads += [Counter({ALL: 1, "entity:B": 1}), Counter({ALL: 1, "entity:B": 1})]
    balance = Balance(loads, HALVES, {})
    for at, part in enumerate(("train", "train", "test", "test")):
        balance.put(at, part)
    refine(balance)
    assert {part: dict(held) for part, held in balance.held.items()} == {
        part: {ALL: 2, "entity:A": 1, "entity:B": 1} for part in HALVES
    }


def test_fixed_groups_and_what_a_guard_refuses_stay() -> None:
    loads = [Counter({ALL: 1, f"entity:{type_}": 1}) for type_ in "AABB"]
    balance = Balance(loads, HALVES, {0: "train", 2: "test", 3: "test"})
    balance.put(1, "train")
    refine(balance)
    assert balance.part_of == {0: "train", 1: "train", 2: "test", 3: "test"}

    class Guard:
        candidates = 2
        heard: list[tuple[int, str, str]]

        def __init__(self) -> None:
            self.heard = []

        def allows(self, one: int, other: int) -> bool:
            return (one, other) == (1, 3)

        def moved(self, at: int, source: str, target: str) -> None:
            self.heard.append((at, source, target))

    balance = Balance(loads, HALVES, {})
    for at, part in enumerate(("train", "train", "test", "test")):
        balance.put(at, part)
    guard = Guard()
    refine(balance, guard)
    assert balance.part_of == {0: "train", 1: "test", 2: "test", 3: "train"}
    assert guard.heard == [(1, "train", "test"), (3, "test", "train")]
