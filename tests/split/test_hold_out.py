from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pytest

from medspan.split.hold_out import _move_whole, _round
from medspan.split.strata import ALL, Balance
from medspan.split.vocabulary import Vocabulary

SHARES = {"train": 0.5, "test": 0.5}


def placed(strings: str, parts: str, share: float, fixed: str = "") -> tuple[Balance, Vocabulary]:
    """Groups of one row with a letter for each string, in train (`r`) or test (`t`); `x` marks fixed ones."""
    part_of = {at: "train" if letter == "r" else "test" for at, letter in enumerate(parts)}
    stay = {at: part_of[at] for at, mark in enumerate(fixed) if mark == "x"}
    balance = Balance([Counter({ALL: 1})] * len(parts), SHARES, stay)
    for at, part in part_of.items():
        if at not in stay:
            balance.put(at, part)
    return balance, vocabulary(strings, part_of, share)


def vocabulary(strings: str, part_of: Mapping[int, str], share: float) -> Vocabulary:
    return Vocabulary([{("Drug", one) for one in its} for its in strings.split()], part_of, share)


def alike(at: int) -> int:
    return 0


def parts_of(balance: Balance) -> str:
    return "".join("r" if balance.part_of[at] == "train" else "t" for at in range(len(balance.loads)))


def test_the_share_is_reached_where_it_is_met_exactly() -> None:
    part_of = {0: "test", 1: "test", 2: "train"}
    assert vocabulary("A B B", part_of, 0.5).reached
    assert not vocabulary("A B B", part_of, 0.51).reached
    assert vocabulary("A B B", part_of, 0.5).found[1:] == (1, 2)


def test_a_string_is_worth_more_the_fewer_groups_of_train_still_have_it() -> None:
    strings = "Z A BB B CCC C C D D D D D D D D D D"
    part_of = {at: "test" if at == 0 else "train" for at in range(17)}
    words = vocabulary(strings, part_of, 0.25)
    gains = [words.gain(at, "test") for at in (1, 2, 4, 7)]
    # Credits 1, 1/2, 1/4 and, beyond eight others, none; each less the share.
    assert [gain / gains[0] for gain in gains] == pytest.approx([1, 1 / 3, 0, -1 / 3])
    words.moved(4, "train", "test")
    assert words.gain(5, "test") > 0


def test_a_swap_that_is_tried_leaves_nothing_behind() -> None:
    balance, words = placed("AB C AD E", "ttrr", 0.7)
    before = words.found, words.surplus, [words.gain(at, "test") for at in range(4)]
    assert words.allows(0, 2) is False
    assert words.allows(0, 3) is True
    assert (words.found, words.surplus, [words.gain(at, "test") for at in range(4)]) == before
    assert parts_of(balance) == "ttrr"


def test_all_groups_of_a_string_come_at_once() -> None:
    # One note with B for one with A makes test two seen strings; both make it one unseen.
    balance, words = placed("A A B B A", "ttrrr", 0.9)
    assert _round(balance, words, alike) is False
    _move_whole(balance, words, alike)
    assert parts_of(balance) == "rrttr"
    assert words.found[1:] == (1, 1)


@pytest.mark.parametrize("fixed", ["..x..", "x....", "...x."])
def test_groups_that_are_fixed_stay(fixed: str) -> None:
    balance, words = placed("A A B B A", "ttrrr", 0.9, fixed)
    _round(balance, words, alike)
    _move_whole(balance, words, alike)
    assert parts_of(balance) == "ttrrr"


def test_what_is_no_gain_is_taken_back() -> None:
    # To bring B costs three strings that stay seen.
    balance, words = placed("C A BPQA PQA PQA", "ttrrr", 0.9)
    _move_whole(balance, words, alike)
    assert parts_of(balance) == "ttrrr"
    assert words.found[1:] == (1, 2)
