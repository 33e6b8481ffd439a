from __future__ import annotations

from collections import Counter

from medspan.core import Annotation, Document, Example, Mention, Relation, UnalignedMention
from medspan.split.spread import spread
from medspan.split.strata import ALL, strata_of

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def held(loads: list[Counter[str]], part_of: dict[int, str], part: str) -> Counter[str]:
    return sum((loads[at] for at, its in part_of.items() if its == part), Counter())


def test_strata_are_the_task_and_the_types_that_the_reference_holds() -> None:
    drug = Mention.at("aspirin", 0, 7, "Drug")
    lost = UnalignedMention("Symptom", "nausea", "not-in-text")
    reference = Annotation((drug,), unaligned=(lost,), relations=(Relation(drug, lost, "causes"),))
    example = Example(Document("a", "aspirin", task="chemicals"), reference=reference)
    assert strata_of(example) == {
        ALL,
        "task:chemicals",
        "entity:Drug",
        "entity:Symptom",
        "relation:causes",
    }
    assert strata_of(Example(Document("a", "aspirin"))) == {ALL}


def test_a_rare_stratum_is_shared_out_exactly() -> None:
    loads = [Counter({ALL: 1, "task:common": 1}) for _ in range(80)]
    loads += [Counter({ALL: 1, "task:rare": 1}) for _ in range(20)]
    part_of = spread(loads, SHARES, {}).part_of
    assert {part: dict(held(loads, part_of, part)) for part in SHARES} == {
        "train": {ALL: 80, "task:common": 64, "task:rare": 16},
        "validation": {ALL: 10, "task:common": 8, "task:rare": 2},
        "test": {ALL: 10, "task:common": 8, "task:rare": 2},
    }


def test_groups_of_several_sizes_fill_the_parts_to_the_row() -> None:
    loads = [Counter({ALL: size}) for size in (40, 20, 10, 9, 7, 5, 4, 3, 1, 1)]
    part_of = spread(loads, SHARES, {}).part_of
    assert {part: held(loads, part_of, part)[ALL] for part in SHARES} == {
        "train": 80,
        "validation": 10,
        "test": 10,
    }


def test_fixed_groups_stay_and_the_others_even_out_around_them() -> None:
    loads = [Counter({ALL: 1}) for _ in range(10)]
    part_of = spread(loads, {"train": 0.5, "test": 0.5}, {0: "test", 1: "test", 2: "test"}).part_of
    assert [part_of[at] for at in (0, 1, 2)] == ["test"] * 3
    assert Counter(part_of.values()) == {"train": 5, "test": 5}


def test_no_part_is_left_empty() -> None:
    loads = [Counter({ALL: size}) for size in (50, 1, 1)]
    assert set(spread(loads, SHARES, {}).part_of.values()) == {"train", "validation", "test"}
