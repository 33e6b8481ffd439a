from __future__ import annotations

from collections import Counter, defaultdict
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medspan.text import near_texts, prefix_filter, shingle_sets
from medspan.text.near_texts import NearTexts, Reached
from medspan.text.similarity import jaccard, shingles

TEXTS = st.lists(st.sampled_from(["a", "b", "C", "é", "", "..."]), max_size=9).map(" ".join)
THRESHOLDS = st.sampled_from([0.1, 1 / 3, 0.5, 0.75, 0.8, 0.9, 1.0])


def similarities(texts: list[str], size: int) -> dict[tuple[int, int], float]:
    """All pairs in both directions, by the definition."""
    sets = [shingles(text, size) for text in texts]
    numbers = range(len(texts))
    return {(one, other): jaccard(sets[one], sets[other]) for one in numbers for other in numbers}


def components(pairs: list[tuple[int, int]]) -> list[tuple[int, ...]]:
    near = defaultdict(set)
    for one, other in pairs:
        near[one].add(other)
        near[other].add(one)
    found, seen = [], set()
    for start in sorted(near):
        reached, todo = set(), [start]
        while todo:
            at = todo.pop()
            if at not in reached:
                reached.add(at)
                todo += near[at]
        if start not in seen:
            found.append(tuple(sorted(reached)))
            seen |= reached
    return found


def check_all(texts: list[str], threshold: float, size: int, of: list[int], among: list[int]) -> None:
    found = NearTexts(texts, threshold, size=size)
    expected = similarities(texts, size)
    pairs = sorted(pair for pair, value in expected.items() if value >= threshold and pair[0] < pair[1])
    assert found.groups() == components(pairs)
    some = set(among)
    assert found.groups(among) == components([pair for pair in pairs if some.issuperset(pair)])
    nearest = {}
    for one in sorted(set(of)):
        best = max(((expected[one, other], -other) for other in set(among) - {one}), default=(0.0, 0))
        if best[0] >= threshold:
            nearest[one] = (-best[1], best[0])
    assert found.nearest(of, among) == nearest


@given(st.lists(TEXTS, max_size=12), THRESHOLDS, st.integers(1, 5), st.data())
def test_everything_is_what_comparing_all_pairs_says(
    texts: list[str], threshold: float, size: int, data: st.DataObject
) -> None:
    numbers = st.lists(st.integers(0, len(texts) - 1), max_size=12) if texts else st.just([])
    check_all(texts, threshold, size, data.draw(numbers), data.draw(numbers))


@settings(max_examples=60)
@given(st.lists(TEXTS, max_size=12), THRESHOLDS, st.integers(1, 3), st.integers(1, 9))
def test_small_steps_and_crowded_buckets_change_nothing(
    texts: list[str], threshold: float, size: int, step: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(near_texts, "_PAIRS", step)
        patch.setattr(shingle_sets, "_GATHERED", step)
        patch.setattr(shingle_sets, "_BATCH_CHARACTERS", step)
        patch.setattr(prefix_filter, "MOST_BUCKETS", 2)
        check_all(texts, threshold, size, list(range(len(texts))), list(range(len(texts))))


@given(st.lists(TEXTS, max_size=12), THRESHOLDS, st.integers(1, 5), st.data())
def test_a_text_is_reached_once_by_the_first_that_is_near(
    texts: list[str], threshold: float, size: int, data: st.DataObject
) -> None:
    numbers = st.lists(st.integers(0, len(texts) - 1), max_size=20) if texts else st.just([])
    told = data.draw(numbers)
    reached = Reached(NearTexts(texts, threshold, size=size))
    expected = similarities(texts, size)
    left = set(range(len(texts)))
    for one in told:
        near = [other for other in sorted(left - {one}) if expected[one, other] >= threshold]
        assert reached.tell(one) == near
        left -= set(near)


def notes(random: Random) -> list[str]:
    """Long and short texts with boilerplate, exchanged words, cuts, chains and copies."""

    def words(count: int) -> list[str]:
        return [f"w{random.randrange(3000)}" for _ in range(count)]

    boilerplate, form = words(60), words(80)
    texts = [boilerplate + words(random.randrange(3, 30)) for _ in range(40)]
    texts += [words(60) + boilerplate[:20] for _ in range(10)]
    for _ in range(40):
        filled = list(form)
        for _ in range(random.randrange(6)):
            filled[random.randrange(80)] = words(1)[0]
        texts.append(filled)
    texts += [form[: random.randrange(40, 80)] for _ in range(15)]
    long = words(150)
    texts += [long[at : at + 70] for at in range(0, 80, 4)]
    texts += [words(random.randrange(8)) for _ in range(20)]
    texts += [list(random.choice(texts)) for _ in range(20)]
    random.shuffle(texts)
    return [" ".join(text) for text in texts]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("threshold", [0.5, 0.8, 0.95])
def test_boilerplate_forms_cuts_and_chains_are_judged_by_the_definition(seed: int, threshold: float) -> None:
    texts = notes(Random(seed))
    numbers = list(range(len(texts)))
    found = NearTexts(texts, threshold, size=5)
    assert 2 < len(found.groups()) < len(texts) // 4
    assert max(map(len, found.groups())) > 2
    # Fewer than `_FIRST_PARTNERS` to choose from: the nearest of all is asked for.
    check_all(texts, threshold, 5, numbers, numbers[::3][: near_texts._FIRST_PARTNERS])


def test_in_a_large_group_a_partner_is_found_wherever_it_stands() -> None:
    # A chain: each text is near to the next ones only, so most candidates of the group are none.
    words = [f"w{at}" for at in range(700)]
    texts = [" ".join(words[at : at + 100]) for at in range(0, 600, 5)]
    found = NearTexts(texts, 0.8, size=5)
    assert found.groups() == [tuple(range(120))]
    expected = similarities(texts, 5)
    for among in (list(range(120)), list(range(119, 120)), list(range(30))):
        answer = found.nearest(range(120), among)
        assert set(answer) == {
            one for one in range(120) if any(expected[one, two] >= 0.8 for two in among if two != one)
        }
        assert all(other in among and other != one for one, (other, _) in answer.items())
        assert all(value == expected[one, other] >= 0.8 for one, (other, value) in answer.items())


def test_pairs_of_a_dense_group_are_not_all_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    random = Random(0)
    boilerplate = " ".join(f"w{at}" for at in range(120))
    texts = [f"{boilerplate} {random.random()} {random.random()}" for _ in range(2000)]
    made, compared = Counter[str](), Counter[str]()
    blocks_of, similarities_of = near_texts._blocks, near_texts._similarities

    def blocks(first, ends):  # type: ignore[no-untyped-def]
        for source, at in blocks_of(first, ends):
            made[step] += len(at)
            yield source, at

    def similarities(sets, one, other, threshold):  # type: ignore[no-untyped-def]
        compared[step] += len(one)
        return similarities_of(sets, one, other, threshold)

    monkeypatch.setattr(near_texts, "_blocks", blocks)
    monkeypatch.setattr(near_texts, "_similarities", similarities)
    monkeypatch.setattr(near_texts, "_PAIRS", 4096)
    step = "group"
    found = NearTexts(texts, 0.8, size=5)
    assert found.groups() == [tuple(range(2000))]
    step = "ask"
    assert len(found.nearest(range(1000), range(1000, 2000))) == 1000
    # There are 1,999,000 pairs, and each stands in eleven runs.
    assert compared["group"] < 3 * 2000
    assert made["group"] < 25 * 2000
    assert made["ask"] == compared["ask"] == 64 * 1000
    step = "tell"
    reached = Reached(found)
    told = [reached.tell(text) for text in range(2000)]
    assert (told[0], told[1], told[2:]) == (list(range(1, 2000)), [0], [[]] * 1998)
    assert compared["tell"] < 2 * 2000
    step = "some"
    assert found.groups(range(1, 2000)) == [tuple(range(1, 2000))]
    assert compared["some"] < 3 * 2000


@given(st.lists(TEXTS, max_size=12), st.randoms(use_true_random=False))
def test_order_does_not_matter(texts: list[str], random: Random) -> None:
    order = list(range(len(texts)))
    random.shuffle(order)
    shuffled = NearTexts([texts[at] for at in order], 0.5, size=2)
    back = {frozenset(order[at] for at in group) for group in shuffled.groups()}
    assert back == set(map(frozenset, NearTexts(texts, 0.5, size=2).groups()))
