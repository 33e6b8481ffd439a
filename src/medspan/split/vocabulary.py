"""The strings of test and train while groups move between the parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from medspan.split.unseen import TEST, TRAIN, String

FAR = 8
"""A string in more groups of train than this gives no credit: it will hardly be freed."""


class Vocabulary:
    """The strings of test and train while groups move, and what it is worth to move one.

    The worth sums over the strings of test a credit less the share in mind: the credit is 1 for a
    string that train does not have and 1/2^n for one that n groups of train have, 0 beyond `FAR`. What
    strings give that are still seen leads to groups which free them together. Whole numbers: all is scaled.
    """

    candidates = 5

    def __init__(self, strings: Sequence[Iterable[String]], part_of: Mapping[int, str], share: float) -> None:
        numbers: dict[String, int] = {}
        self._strings = [[numbers.setdefault(one, len(numbers)) for one in sorted(its)] for its in strings]
        self._share = self._in_mind = Fraction(str(share))
        self._part_of = dict(part_of)
        self._in_test, self._in_train = [0] * len(numbers), [0] * len(numbers)
        self._distinct = self._unseen = self.counted = 0
        for at, part in part_of.items():
            self._shift(at, "", part)
        self._having: list[list[int]] = [[] for _ in numbers]
        for at, its in enumerate(self._strings):
            for number in its:
                self._having[number].append(at)
        self.fewest_groups = min(map(len, self._having), default=0)

    @property
    def reached(self) -> bool:
        return self._unseen >= self._share * self._distinct

    @property
    def found(self) -> tuple[Fraction, int, int]:
        """The share of test's strings that train does not have, how many they are, and of how many."""
        return Fraction(self._unseen, self._distinct or 1), self._unseen, self._distinct

    @property
    def surplus(self) -> Fraction:
        """How many unseen strings there are above the share wanted."""
        return self._unseen - self._share * self._distinct

    def having(self, string: int) -> list[int]:
        """The groups that have a string (by number)."""
        return self._having[string]

    def rarest_seen(self) -> list[int]:
        """The strings (by number) that train has, those of the fewest of its groups first."""
        seen = [number for number, trains in enumerate(self._in_train) if trains]
        return sorted(seen, key=lambda number: (self._in_train[number], number))

    def have_in_mind(self, share: Fraction) -> None:
        """Weigh strings for another share: for a larger one there are fewer in test, more of them unseen."""
        self._in_mind = share

    def gain(self, at: int, target: str) -> int:
        """What moving a group to `target` adds to the worth."""
        test, train = self._steps(self._part_of[at], target)
        gained = 0
        for number in self._strings[at] if test or train else ():
            tests, trains = self._in_test[number], self._in_train[number]
            gained += self._worth(tests + test, trains + train) - self._worth(tests, trains)
        return gained

    def moved(self, at: int, source: str, target: str) -> None:
        """Note that a group moves."""
        self._shift(at, source, target)
        self._part_of[at] = target

    def allows(self, one: int, other: int) -> bool:
        """Whether the share wanted is still there once two groups have changed places."""
        source, target = self._part_of[one], self._part_of[other]
        self.moved(one, source, target)
        self.moved(other, target, source)
        allowed = self.reached
        self.moved(one, target, source)
        self.moved(other, source, target)
        return allowed

    def _worth(self, tests: int, trains: int) -> int:
        if not tests:
            return 0
        credit = 1 << (FAR - trains) if trains <= FAR else 0
        return credit * self._in_mind.denominator - (1 << FAR) * self._in_mind.numerator

    @staticmethod
    def _steps(source: str, target: str) -> tuple[int, int]:
        """What a move adds to the groups of test and of train."""
        return (target == TEST) - (source == TEST), (target == TRAIN) - (source == TRAIN)

    def _shift(self, at: int, source: str, target: str) -> None:
        test, train = self._steps(source, target)
        self.counted += len(self._strings[at])
        for number in self._strings[at]:
            for sign, tests, trains in ((-1, 0, 0), (1, test, train)):
                self._in_test[number] += tests
                self._in_train[number] += trains
                if self._in_test[number]:
                    self._distinct += sign
                    self._unseen += sign * (not self._in_train[number])
