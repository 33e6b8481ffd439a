"""Keep strings of the test part out of training, by swapping groups."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from fractions import Fraction

from medspan.core import InputError
from medspan.split.refine import refine
from medspan.split.strata import ALL, TASK, Balance
from medspan.split.unseen import TEST, TRAIN, String
from medspan.split.vocabulary import Vocabulary

MOST_COUNTED = 500_000
"""Strings that are counted anew at most while whole strings are tried: what bounds the time that takes."""
STEPS = 6
"""How often a search that is stuck goes on with another share in mind: 1/2, 3/4, 7/8 ..."""

Alike = Callable[[int], Hashable]


def hold_out(balance: Balance, strings: Sequence[Iterable[String]], share: float) -> None:
    """Swap groups until at least this share of the distinct strings of test is not in train.

    `strings` are those of each group. Where the share is there already nothing is moved. Groups of the
    same strata are swapped first, then those of one size and the same tasks, then all groups of a string;
    shares of types that suffered by it are mended as far as the strings allow. InputError, with the most
    that was found, where the share cannot be reached.
    """
    if not any(strings):
        raise InputError(
            f"--unseen {share:g} asks for strings that training does not show, and no row lists any",
            cause="the rows have no annotations, or relations only",
            remedy="leave --unseen out",
        )
    vocabulary = Vocabulary(strings, balance.part_of, share)
    if vocabulary.reached:
        return
    most = vocabulary.found

    def kind(at: int) -> Hashable:
        return tuple(sorted(balance.loads[at].items()))

    def size(at: int) -> Hashable:
        return tuple(pair for pair in sorted(balance.loads[at].items()) if pair[0].startswith((ALL, TASK)))

    for step in range(1 + STEPS):
        for alike in (kind, size):
            while not vocabulary.reached and _round(balance, vocabulary, alike):
                most = max(most, vocabulary.found)
        if step in (0, STEPS):
            _move_whole(balance, vocabulary, size)
            most = max(most, vocabulary.found)
        vocabulary.have_in_mind(1 - Fraction(1, 2 << step))
    if not vocabulary.reached:
        raise _unreachable(share, most, vocabulary.fewest_groups, balance)
    refine(balance, vocabulary)


def _round(balance: Balance, vocabulary: Vocabulary, alike: Alike) -> bool:
    """Swap groups that are alike, the most promising with the most promising; whether any was swapped."""
    others = [part for part in balance.parts if part not in (TEST, TRAIN)]
    swapped = False
    for source, target in (
        (TEST, TRAIN),
        *((TEST, part) for part in others),
        *((part, TRAIN) for part in others),
    ):
        kinds: defaultdict[Hashable, tuple[list[int], list[int]]] = defaultdict(lambda: ([], []))
        for at in sorted(balance.part_of):
            if at not in balance.fixed and balance.part_of[at] in (source, target):
                kinds[alike(at)][balance.part_of[at] == target].append(at)
        for ones, their in kinds.values():
            givers = sorted(((-vocabulary.gain(at, target), at) for at in ones) if their else ())
            takers = sorted(((-vocabulary.gain(at, source), at) for at in their) if ones else ())
            for (loss, one), (other_loss, other) in zip(givers, takers, strict=False):
                if vocabulary.reached or loss + other_loss >= 0:
                    break
                swapped |= _swap(balance, vocabulary, one, other)
    return swapped


def _swap(balance: Balance, vocabulary: Vocabulary, one: int, other: int) -> bool:
    """Swap two groups if that, both moves taken together, is a gain."""
    source, target = balance.part_of[one], balance.part_of[other]
    gain = vocabulary.gain(one, target)
    vocabulary.moved(one, source, target)
    gain += vocabulary.gain(other, source)
    if gain <= 0:
        vocabulary.moved(one, target, source)
        return False
    vocabulary.moved(other, target, source)
    balance.put(one, target)
    balance.put(other, source)
    return True


def _move_whole(balance: Balance, vocabulary: Vocabulary, alike: Alike) -> None:
    """Swap all groups of a string out of train where that is a gain, rarest strings first.

    It is the way to strings whose groups, one by one, only make matters worse.
    """
    last = vocabulary.counted + MOST_COUNTED
    donors: defaultdict[Hashable, list[int]] = defaultdict(list)
    for at in sorted(balance.part_of, key=lambda at: (-vocabulary.gain(at, TRAIN), at)):
        if balance.part_of[at] != TRAIN and at not in balance.fixed:
            donors[alike(at)].append(at)
    for string in vocabulary.rarest_seen():
        if vocabulary.reached or vocabulary.counted > last:
            return
        before, made = vocabulary.surplus, []
        for one, other in _out_of_train(balance, set(vocabulary.having(string)), donors, alike):
            made.append((one, other))
            _exchange(balance, vocabulary, one, other)
        if vocabulary.surplus <= before:
            for one, other in reversed(made):
                _exchange(balance, vocabulary, one, other)


def _out_of_train(
    balance: Balance, having: set[int], donors: Mapping[Hashable, Sequence[int]], alike: Alike
) -> Iterator[tuple[int, int]]:
    """Each group of train that has a string, with the best one outside that has not; none if one lacks.

    The string is to be in test: where it is not, the others are those of test.
    """
    tested = any(balance.part_of[at] == TEST for at in having)
    free: dict[Hashable, Iterator[int]] = {}
    found = []
    for at in sorted(having & balance.groups[TRAIN]):
        candidates = free.setdefault(alike(at), iter(donors.get(alike(at), ())))
        other = next(
            (
                other
                for other in candidates
                if other not in having
                and (balance.part_of[other] == TEST or (tested and balance.part_of[other] != TRAIN))
            ),
            None,
        )
        if other is None or at in balance.fixed:
            return
        found.append((at, other))
    yield from found


def _exchange(balance: Balance, vocabulary: Vocabulary, one: int, other: int) -> None:
    source, target = balance.part_of[one], balance.part_of[other]
    for at, here, there in ((one, source, target), (other, target, source)):
        vocabulary.moved(at, here, there)
        balance.put(at, there)


def _unreachable(
    share: float, most: tuple[Fraction, int, int], fewest_groups: int, balance: Balance
) -> InputError:
    reached, unseen, distinct = most
    outside = sum(len(groups) for part, groups in balance.groups.items() if part != TRAIN)
    few = math.floor(reached * 100) / 100
    # Where some strings stand in one document alone, how rare the rarest is explains nothing.
    closed = (
        f": all documents of a string must be outside training, which holds {outside} of them back, "
        f"and even the rarest string stands in {fewest_groups}"
    ) * (fewest_groups > 1)
    return InputError(
        f"--unseen {share:g} was not reached: the most that swapping documents kept out of training is "
        f"{float(reached):.1%} of the strings of test ({unseen} of {distinct})",
        cause="the same strings come back in too many documents" + closed,
        remedy=(f"ask for --unseen {few:g} or less, " if few else "")
        + "give a larger share to test (--shares), or add documents with other strings",
    )
