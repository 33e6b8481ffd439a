"""Which sentences and entities a note is planned with."""

from __future__ import annotations

import random
from collections import Counter
from itertools import combinations, pairwise

import pytest

from medspan.synth import Mix, built_in
from medspan.synth.plan import SECTIONS, Entity, Menu, Plan, draw_plan, section_of
from medspan.synth.recipe import Recipe


def plans(count: int, mix: Mix, seed: int = 0) -> list[Plan]:
    recipe: Recipe = built_in()
    menus = {register: Menu(recipe, register, mix) for register in recipe.registers}
    rng = random.Random(seed)
    return [draw_plan(recipe, menus, mix.styles, rng) for _ in range(count)]


@pytest.fixture(scope="module")
def drawn() -> list[Plan]:
    return plans(400, Mix())


def test_an_entity_that_is_done_with_is_not_named_again(drawn: list[Plan]) -> None:
    for plan in drawn:
        ended: set[Entity] = set()
        for one in plan.told:
            assert not ended & set(one.places.values())
            ended |= {one.places[slot.key] for slot in one.pattern.slots if slot.ends}


def test_each_pair_of_entities_stands_in_one_sentence_only(drawn: list[Plan]) -> None:
    for plan in drawn:
        pairs = [frozenset(pair) for one in plan.told for pair in combinations(one.places.values(), 2)]
        assert len(set(pairs)) == len(pairs)
        assert all(len(pair) == 2 for pair in pairs)


def test_entities_are_named_again_where_a_sentence_allows_it(drawn: list[Plan]) -> None:
    again = 0
    for plan in drawn:
        named: set[Entity] = set()
        for one in plan.told:
            for slot in one.pattern.slots:
                if one.places[slot.key] in named:
                    assert slot.again
                    again += 1
            named |= set(one.places.values())
    assert again > 200


def test_notes_have_one_to_five_sentences_and_at_most_four_entities_of_a_type(drawn: list[Plan]) -> None:
    assert all(1 <= len(plan.told) <= 5 and max(plan.counts.values()) <= 4 for plan in drawn)
    assert Counter(len(plan.told) for plan in drawn)[4] > 100


def test_a_visit_is_in_the_order_of_its_sections(drawn: list[Plan]) -> None:
    visits = [plan for plan in drawn if plan.style == "visit"]
    assert len(visits) > 50
    for plan in visits:
        places = [section_of(one.pattern.kind) for one in plan.told]
        assert all(one <= other for one, other in pairwise(places))
    assert len(SECTIONS) == 4


def test_some_relation_is_always_left_unstated(drawn: list[Plan]) -> None:
    schema = built_in().schema
    assert all(len(plan.stated(schema)) < plan.legal(schema) for plan in drawn)


def test_less_variety_uses_fewer_sentences() -> None:
    few, all_ = (
        {one.pattern.text for plan in plans(300, Mix(variety=variety)) for one in plan.told}
        for variety in (0.2, 1.0)
    )
    assert few < all_ | few
    assert len(few) < 0.35 * len(all_)


def test_distances_are_mixed_as_asked() -> None:
    def share(distant: float) -> float:
        told = [one for plan in plans(200, Mix(distant=distant)) for one in plan.told]
        return sum(len(one.pattern.parts) == 2 for one in told) / len(told)

    assert share(0.0) == 0
    assert share(0.2) < share(1.0) / 2
