"""Near-duplicate texts: pairs whose word n-grams overlap, found exactly with a prefix filter."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Sequence

SHINGLE_WORDS = 5
"""Words in one shingle."""

NEAR_DUPLICATE_THRESHOLD = 0.8
"""Smallest Jaccard similarity of shingle sets at which two texts count as near-duplicates."""

Shingle = tuple[str, ...]

_WORD = re.compile(r"\w+")


def shingles(text: str, size: int = SHINGLE_WORDS) -> frozenset[Shingle]:
    """Every run of `size` words of the lower-cased text; a shorter text is one shingle, a blank one none."""
    words = _WORD.findall(text.lower())
    if not words:
        return frozenset()
    return frozenset(tuple(words[at : at + size]) for at in range(max(1, len(words) - size + 1)))


def jaccard(one: frozenset[Shingle], other: frozenset[Shingle]) -> float:
    """Shared members over all members, 0 to 1; 0 where both sets are empty."""
    shared = len(one & other)
    return shared / (len(one) + len(other) - shared) if shared else 0.0


def near_duplicates(
    texts: Sequence[str], threshold: float = NEAR_DUPLICATE_THRESHOLD, *, size: int = SHINGLE_WORDS
) -> list[tuple[int, int]]:
    """All index pairs (i < j, sorted) of texts whose shingles have a Jaccard similarity >= `threshold`.

    Exact: no pair is missed and none is reported unverified. Texts without a word match nothing.
    The number of pairs grows with the square of a set of equal texts: pass distinct texts where
    many are equal. ValueError unless 0 < threshold <= 1.

    Source of the prefix filter: Chaudhuri, Ganti and Kaushik 2006; Bayardo, Ma and Srikant 2007.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is {threshold}, not above 0 and at most 1")
    sets = [shingles(text, size) for text in texts]
    frequency = Counter(shingle for members in sets for shingle in members)
    # Two sets that are similar enough share a member within their prefixes when all sets are sorted
    # alike; rarest first keeps the lists short where every text carries the same instruction.
    ordered = [sorted(members, key=lambda shingle: (frequency[shingle], shingle)) for members in sets]
    index: defaultdict[Shingle, list[int]] = defaultdict(list)
    pairs: list[tuple[int, int]] = []
    by_length = sorted((at for at in range(len(sets)) if sets[at]), key=lambda at: (len(sets[at]), at))
    for at in by_length:
        length = len(sets[at])
        smallest = _at_least(threshold, length)
        prefix = ordered[at][: length - smallest + 1]
        candidates = {other for shingle in prefix for other in index[shingle] if len(sets[other]) >= smallest}
        pairs.extend(
            (min(at, other), max(at, other))
            for other in candidates
            if jaccard(sets[at], sets[other]) >= threshold
        )
        for shingle in prefix:
            index[shingle].append(at)
    return sorted(pairs)


def _at_least(threshold: float, length: int) -> int:
    """The smallest whole number not below `threshold * length`, safe against rounding upwards."""
    return max(1, math.ceil(threshold * length - 1e-9))
