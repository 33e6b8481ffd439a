"""What a mention error may have been taken for: items of the other side, looked up by what kinds compare."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterable, Mapping, Sequence
from functools import cached_property
from operator import itemgetter
from typing import TypeVar

from medspan.core import Mention, UnalignedMention
from medspan.evaluate.errors.labels import Labels
from medspan.evaluate.errors.overlapping import Overlaps
from medspan.evaluate.errors.standing import Standing
from medspan.evaluate.errors.strings import casefolded, most_similar, squash
from medspan.evaluate.overlaps import Place
from medspan.evaluate.sides import Side
from medspan.text import fold

Item = Mention | UnalignedMention
_Key = TypeVar("_Key", bound=Hashable)
_Value = TypeVar("_Value")


class Counterparts:
    """The errors of a side and then all of its items.

    Every look-up takes the first item that fits, and none compares an item with all of them: a model that
    runs on writes thousands. Tables are made where asked for.
    """

    def __init__(self, standing: Standing, labels: Labels, errors: Sequence[Item], side: Side) -> None:
        self.items = [*errors, *(one for one, _ in side.items)]
        self._errors = len(errors)
        self._standing = standing
        self._labels = labels
        self._scope = side.annotation.scope
        self._of_type: dict[str, list[int]] | None = None
        self._strings: dict[tuple[str, bool], Strings | None] = {}

    @cached_property
    def _overlaps(self) -> tuple[Overlaps, list[str]]:
        errors = self.items[: self._errors]
        return Overlaps(map(self._standing.of_item, errors)), [one.type for one in errors]

    def overlapping(
        self, item: Item
    ) -> tuple[tuple[Place, Place, Item] | None, tuple[Place, Place, Item] | None]:
        """The error with the largest overlap of the same type, and that of another one, with the places."""
        mine = self._standing.of_item(item) if self._errors else ()
        if not mine:
            return None, None
        overlaps, types = self._overlaps
        same, another = (
            found and (found[1], found[2], self.items[found[0]])
            for found in overlaps.largest(mine, types, item.type)
        )
        return same, another

    @cached_property
    def _alike(self) -> dict[Hashable, dict[str, int]]:
        """The types of what the match would take for the same, were it not for types."""
        tables: dict[Hashable, dict[str, int]] = {}
        for number, item in enumerate(self.items):
            for key in self._sames(item):
                tables.setdefault(key, {}).setdefault(item.type, number)
        return tables

    def _sames(self, item: Item) -> tuple[Hashable, ...]:
        if self._standing.how == "text" or not isinstance(item, Mention):
            return (fold(item.text),)
        return (item.segments, ("text", item.text)) if self._scope == "string" else (item.segments,)

    def of_another_type(self, item: Item) -> Item | None:
        """The first item that the match would take for the same, were it not for its type."""
        found = [_other_than(item.type, self._alike.get(key)) for key in self._sames(item)]
        numbers = [number for number in found if number is not None]
        return self.items[min(numbers)] if numbers else None

    def strings(self, type: str, *, errors: bool) -> Strings | None:
        """The strings of a type: of all items, or of `errors` alone; None where there is none."""
        key = type, errors
        if key not in self._strings:
            if self._of_type is None:
                self._of_type = {}
                for number, item in enumerate(self.items):
                    self._of_type.setdefault(item.type, []).append(number)
            numbers = self._of_type.get(type, [])
            if errors:
                numbers = numbers[: bisect_left(numbers, self._errors)]
            items = [self.items[number] for number in numbers]
            self._strings[key] = Strings(items, self._standing, self._labels) if items else None
        return self._strings[key]


class Strings:
    """Items of one type, looked up by their strings; the first that fits is taken."""

    def __init__(self, items: Sequence[Item], standing: Standing, labels: Labels) -> None:
        self._items = items
        self._standing = standing
        self._labels = labels
        self._written: dict[bool, dict[str, Item]] = {}
        self._similar: dict[tuple[str, bool], Item | None] = {}

    @cached_property
    def _squashed(self) -> dict[str, dict[str, Item]]:
        return _tables(
            (squashed, casefolded(one.text), one) for one in self._items if (squashed := squash(one.text))
        )

    def of_other_characters(self, item: Item) -> Item | None:
        """The first that differs in special characters only, letter case aside."""
        return _other_than(casefolded(item.text), self._squashed.get(squash(item.text)))

    @cached_property
    def _lettered(self) -> dict[str, dict[str, Item]]:
        return _tables((casefolded(one.text), _spaced(one.text), one) for one in self._items)

    def of_other_case(self, item: Item) -> Item | None:
        """The first that differs in letter case only."""
        return _other_than(_spaced(item.text), self._lettered.get(casefolded(item.text)))

    @cached_property
    def _named(self) -> dict[str | None, dict[str, tuple[int, Item]]]:
        """By concept id (None: without one) the first item of each string, with its number."""
        return _tables(
            (concept, casefolded(one.text), (number, one))
            for number, one in enumerate(self._items)
            for concept in self._labels.concepts(one) or (None,)
        )

    @cached_property
    def _first(self) -> dict[str, tuple[int, Item]]:
        """The first item of each string, with its number."""
        numbered = reversed(list(enumerate(self._items)))
        return {casefolded(one.text): (number, one) for number, one in numbered}

    def of_another_name(self, item: Item) -> Item | None:
        """The first with another string of the same concept, or an abbreviation, either way.

        The text is asked for abbreviations where one of the two has no concept.
        """
        string, concepts = casefolded(item.text), self._labels.concepts(item)
        found = [_other_than(string, self._named.get(concept)) for concept in concepts]
        for other in self._standing.abbreviations.get(string, ()):
            found.append(self._named.get(None, {}).get(other) if concepts else self._first.get(other))
        return min((one for one in found if one is not None), key=itemgetter(0), default=(0, None))[1]

    def nearly_copied(self, item: Item) -> Item | None:
        """The one whose string, as it was written, is most similar; one of the two was not copied."""
        written, faulty = casefolded(as_written(item)), is_copied(item)
        if (written, faulty) not in self._similar:
            if faulty not in self._written:
                others = [one for one in self._items if not (faulty and is_copied(one))]
                known = self._written[faulty] = {}
                for one in others:
                    known.setdefault(casefolded(as_written(one)), one)
            strings = self._written[faulty]
            nearest = most_similar(written, strings)
            self._similar[written, faulty] = None if nearest is None else strings[nearest]
        return self._similar[written, faulty]


def is_copied(item: Item) -> bool:
    """Whether the string stands in the text as it was written, case, hyphens and spaces aside."""
    return isinstance(item, Mention) and item.aligned_by != "fuzzy"


def as_written(item: Item) -> str:
    """The string that the source wrote."""
    return item.source_text or item.text if isinstance(item, Mention) else item.text


def _tables(rows: Iterable[tuple[_Key, str, _Value]]) -> dict[_Key, dict[str, _Value]]:
    """Under each key the first value of each string."""
    tables: dict[_Key, dict[str, _Value]] = {}
    for key, string, value in rows:
        tables.setdefault(key, {}).setdefault(string, value)
    return tables


def _other_than(own: str, values: Mapping[str, _Value] | None) -> _Value | None:
    return next((value for string, value in values.items() if string != own), None) if values else None


def _spaced(string: str) -> str:
    return " ".join(string.split())
