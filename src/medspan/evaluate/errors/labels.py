"""What the references of a whole set say of a string: its concepts, where it is labelled, where it is not."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import cached_property

from medspan.core import Annotation, Example, Mention, UnalignedMention
from medspan.evaluate.errors.standing import lowered
from medspan.evaluate.match import How, listed
from medspan.evaluate.sides import concept_ids
from medspan.text import fold, is_word_aligned, occurrences

Labelled = tuple[str | None, str, str]
"""A string under a type: (task, type, folded string). Tasks ask for different things: they are kept apart."""

Written = tuple[str | None, str]
"""A string whatever its type: (task, folded string)."""

_WORD = re.compile(r"\w+")


class Labels:
    """The references of a set and, if given, of the training part. Looked through only where asked."""

    def __init__(self, examples: Sequence[Example], training: Sequence[Example], how: How) -> None:
        self._examples = (examples, training)
        self._how = how

    def _references(self) -> Iterator[tuple[Example, Annotation]]:
        for part in self._examples:
            for example in part:
                if example.reference is not None:
                    yield example, example.reference

    @cached_property
    def _concepts(self) -> dict[tuple[str, str], frozenset[str]]:
        found: dict[tuple[str, str], set[str]] = {}
        for _, reference in self._references():
            for item in listed(reference):
                if item.concepts and (ids := concept_ids(item)):
                    found.setdefault((item.type, fold(item.text)), set()).update(ids)
        return {key: frozenset(ids) for key, ids in found.items()}

    def concepts(self, item: Mention | UnalignedMention) -> frozenset[str]:
        """The concept ids of an item: its own, or else those of its type and string in the references."""
        own = concept_ids(item) if item.concepts else ()
        if own:
            return frozenset(own)
        return (
            self._concepts.get((item.type, fold(item.text)), frozenset()) if self._concepts else frozenset()
        )

    def labelled(self, wanted: Collection[Labelled]) -> set[Labelled]:
        """Which of `wanted` the references label somewhere; under `strict`, at a place."""
        raw: set[Labelled] = set()
        for example, reference in self._references():
            items = reference.mentions if self._how == "strict" else listed(reference)
            raw.update((example.task, item.type, item.text) for item in items)
        return {key for task, type, text in raw if (key := (task, type, fold(text))) in wanted}

    def unlabelled(self, wanted: Iterable[Written]) -> set[Written]:
        """Which of `wanted` stand somewhere, on word boundaries, without any label over them."""
        # Strings wait under their longest word, the least common as a rule, and under that by the next
        # longest: a text that lacks one of the two need not be searched.
        waiting: dict[str | None, dict[str, dict[str, set[str]]]] = {}
        for task, folded in wanted:
            words = sorted(_WORD.findall(folded), key=len)
            if words:
                under = waiting.setdefault(task, {}).setdefault(words[-1], {})
                under.setdefault(words[-2] if len(words) > 1 else words[-1], set()).add(folded)
        found: set[Written] = set()
        for example, reference in self._references():
            here = waiting.get(example.task)
            if not here:
                continue
            lower = lowered(example.document.text)
            words_here = set(_WORD.findall(lower))
            strings = [
                string
                for word in here.keys() & words_here
                for second in here[word].keys() & words_here
                for string in here[word][second]
                if string in lower
            ]
            if not strings:
                continue
            covered = _Covered(lower, reference)
            free = {string for string in strings if covered.leaves_free(string)}
            found |= {(example.task, string) for string in free}
            _no_longer_wait(here, free)
        return found


def _no_longer_wait(waiting: dict[str, dict[str, set[str]]], strings: Iterable[str]) -> None:
    for string in strings:
        words = sorted(_WORD.findall(string), key=len)
        under = waiting[words[-1]]
        second = words[-2] if len(words) > 1 else words[-1]
        under[second].discard(string)
        if not under[second]:
            del under[second]
        if not under:
            del waiting[words[-1]]


class _Covered:
    """What the reference of a document labels in its text, of whatever type."""

    def __init__(self, lower: str, reference: Annotation) -> None:
        self._lower = lower
        self._reference = reference
        self._labelled = Counter(fold(item.text) for item in listed(reference))
        everywhere = listed(reference) if reference.scope == "string" else reference.unaligned
        self._everywhere = {fold(item.text) for item in everywhere}

    @cached_property
    def _places(self) -> tuple[list[int], list[int]]:
        """Where what is labelled starts and ends, in order, and apart from each other."""
        places = [place for mention in self._reference.mentions for place in mention.segments]
        for string in self._everywhere:
            places.extend(occurrences(self._lower, string))
        starts: list[int] = []
        ends: list[int] = []
        for start, end in sorted(places):
            if ends and start < ends[-1]:
                ends[-1] = max(end, ends[-1])
            else:
                starts.append(start)
                ends.append(end)
        return starts, ends

    def leaves_free(self, string: str) -> bool:
        """Whether the string stands on word boundaries where no label has a character in common with it."""
        if string in self._everywhere or self._lower.count(string) <= self._labelled[string]:
            return False
        starts, ends = self._places
        return any(
            is_word_aligned(self._lower, start, end)
            # The first label that ends after the start begins at the end or later.
            and bisect_left(starts, end) <= bisect_right(ends, start)
            for start, end in occurrences(self._lower, string)
        )
