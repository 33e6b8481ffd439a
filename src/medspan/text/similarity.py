"""Near-duplicate texts: pairs whose word n-grams overlap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import zip_longest

SHINGLE_WORDS = 5
"""Words in one shingle."""

NEAR_DUPLICATE_THRESHOLD = 0.8
"""Smallest Jaccard similarity of shingle sets at which two texts count as near-duplicates."""

Shingle = tuple[str, ...]

_WORD = re.compile(r"\w+")


def shingles(text: str, size: int = SHINGLE_WORDS) -> frozenset[Shingle]:
    """Every run of `size` words of the lower-cased text; a shorter text is one shingle, a blank one none."""
    return frozenset(_runs(_WORD.findall(text.lower()), size))


def _runs(words: Sequence[str], size: int) -> Iterator[Shingle]:
    width = max(1, min(size, len(words)))
    return zip(*(words[offset:] for offset in range(width)), strict=False)


def jaccard(one: frozenset[Shingle], other: frozenset[Shingle]) -> float:
    """Shared members over all members, 0 to 1; 0 where both sets are empty."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def near_groups(
    texts: Sequence[str], threshold: float = NEAR_DUPLICATE_THRESHOLD, *, size: int = SHINGLE_WORDS
) -> list[tuple[int, ...]]:
    """The sets of two texts or more (as indices, sorted) that near-duplicate pairs join, also in chains.

    Near-duplicates are two texts whose shingles have a Jaccard similarity >= `threshold`. Exact: no pair
    is missed and none counts unverified (shingles are compared by 64-bit hashes). Texts without a word
    match nothing. As fast for many texts of one template as for texts that differ. ValueError unless
    0 < threshold <= 1.
    """
    from medspan.text.near_texts import NearTexts

    return NearTexts(texts, threshold, size=size).groups()


def near_repeats(
    texts: Sequence[str], threshold: float = NEAR_DUPLICATE_THRESHOLD, *, size: int = SHINGLE_WORDS
) -> list[int]:
    """The texts (as indices, sorted) that have a near-duplicate before them; exact as `near_groups`."""
    from medspan.text.near_texts import NearTexts, Reached

    reached = Reached(NearTexts(texts, threshold, size=size))
    return sorted(later for at in range(len(texts)) for later in reached.tell(at) if later > at)


def differing_places(text: str, other: str, size: int = SHINGLE_WORDS) -> tuple[tuple[int, int], ...]:
    """The `[start, end)` of `text` whose words are in no run of `size` words that `other` has too."""
    words = list(_WORD.finditer(text))
    known = shingles(other, size)
    runs = _runs([word.group().lower() for word in words], size)
    places: list[tuple[int, int]] = []
    shared_until = marked_until = 0
    for at, (word, run) in enumerate(zip_longest(words, runs)):
        if run in known:
            shared_until = at + len(run)
        if at >= shared_until:
            follows = bool(places) and marked_until == at
            start = places.pop()[0] if follows else word.start()
            places.append((start, word.end()))
            marked_until = at + 1
    return tuple(places)
