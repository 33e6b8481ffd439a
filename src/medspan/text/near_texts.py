"""Near-duplicates among many texts: who has one where, and which hang together. Exact, in bounded memory.

The pairs of a cluster grow with the square of its size, so they are never all made: texts that already
hang together are not compared again, and a text needs one partner to count.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from medspan.text.prefix_filter import ROUNDING, postings
from medspan.text.shingle_sets import places, shingle_sets, stretches

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medspan.text.shingle_sets import Numbers, ShingleSets


_PAIRS = 1 << 18
"""Most pairs that are looked at in one step."""
_FIRST_PARTNERS = 64
"""Partners that a text is compared with before others may make a choice unnecessary."""


class NearTexts:
    """The near-duplicates among texts: pairs whose shingles have a Jaccard similarity >= `threshold`.

    Texts go by their number in the sequence. Texts without a word have no near-duplicate; equal texts
    are near-duplicates. ValueError unless 0 < threshold <= 1.
    """

    def __init__(self, texts: Sequence[str], threshold: float, *, size: int) -> None:
        import numpy as np

        if not 0 < threshold <= 1:
            raise ValueError(f"threshold is {threshold}, not above 0 and at most 1")
        self.threshold = threshold
        self._count = len(texts)
        sets = shingle_sets(texts, size)
        roots = _clusters(sets, threshold)
        # Only texts that have a near-duplicate are kept: most have none.
        self._members = np.flatnonzero(np.bincount(roots, minlength=len(sets))[roots] > 1)
        self._roots = roots[self._members]
        self._sets = sets.only(self._members)

    def groups(self, among: Iterable[int] | None = None) -> list[tuple[int, ...]]:
        """The sets of two texts or more that hang together, directly or through others, each ascending.

        With `among`, these texts only, through others of them only.
        """
        import numpy as np

        numbers = np.arange(len(self._members)) if among is None else self._numbers(among)
        roots = self._roots
        if len(numbers) < len(roots):
            roots = _clusters(self._sets.only(numbers), self.threshold)
        order = np.argsort(roots, kind="stable")
        bounds = np.flatnonzero(np.diff(roots[order])) + 1
        found = np.split(self._members[numbers[order]], bounds)
        return [tuple(group.tolist()) for group in found if len(group) > 1]

    def nearest(self, texts: Iterable[int], among: Iterable[int]) -> dict[int, tuple[int, float]]:
        """For each of `texts` with a near-duplicate `among` these, itself aside, the nearest and how near.

        Of equally near ones the first counts. In a group with more than `_FIRST_PARTNERS` of them, the
        search ends with the first stretch that holds a near-duplicate.
        """
        import numpy as np

        sources, targets = self._numbers(texts), self._numbers(among)
        targets = targets[np.argsort(self._roots[targets], kind="stable")]
        roots = self._roots[targets]
        first = np.searchsorted(roots, self._roots[sources], side="left")
        ends = np.searchsorted(roots, self._roots[sources], side="right")
        found: dict[int, tuple[int, float]] = {}
        width = _FIRST_PARTNERS
        while len(sources):
            until = np.minimum(first + width, ends)
            lacking = np.ones(len(sources), dtype=bool)
            for source, at in _blocks(first, until):
                one, other = sources[source], targets[at]
                similarities = _similarities(self._sets, one, other, self.threshold)
                near = np.flatnonzero((similarities > 0) & (one != other))
                # By source, then the nearest, then the first.
                near = near[np.lexsort((at[near], -similarities[near], source[near]))]
                near = near[np.unique(source[near], return_index=True)[1]]
                lacking[source[near]] = False
                partners = zip(self._members[other[near]].tolist(), similarities[near].tolist(), strict=True)
                found.update(zip(self._members[one[near]].tolist(), partners, strict=True))
            lacking &= until < ends
            sources, first, ends = sources[lacking], until[lacking], ends[lacking]
            width *= 2
        return dict(sorted(found.items()))

    def _numbers(self, texts: Iterable[int]) -> Numbers:
        """Which members these texts are, each once, ascending; those without a near-duplicate aside."""
        import numpy as np

        asked = np.zeros(self._count, dtype=bool)
        asked[np.fromiter(texts, dtype=np.int64)] = True
        return np.flatnonzero(asked[self._members])


class Reached:
    """Which texts have a near-duplicate among those that are told one by one.

    A text is compared until its first near-duplicate is told: many texts of one template cost little
    more than one look at each of them.
    """

    def __init__(self, near: NearTexts) -> None:
        import numpy as np

        self._near = near
        self._order = np.argsort(near._roots, kind="stable")
        self._sorted = near._roots[self._order]
        self._left: dict[int, Numbers] = {}

    def tell(self, text: int) -> list[int]:
        """The texts, ascending, whose first near-duplicate is this one; a text is none of its own."""
        import numpy as np

        near = self._near
        number = int(np.searchsorted(near._members, text))
        if number == len(near._members) or near._members[number] != text:
            return []
        root = int(near._roots[number])
        left = self._left.get(root)
        if left is None:
            left = self._order[slice(*np.searchsorted(self._sorted, [root, root + 1]))]
        others = left[left != number]
        found = _similarities(near._sets, np.full(len(others), number), others, near.threshold) > 0
        reached = others[found]
        self._left[root] = np.setdiff1d(left, reached, assume_unique=True)
        return [int(one) for one in near._members[reached]]


def _clusters(sets: ShingleSets, threshold: float) -> Numbers:
    """For each text the first text that it hangs together with."""
    import numpy as np

    found = postings(sets, threshold)
    texts, ends, lengths = found.texts, found.ends, sets.lengths
    roots = np.arange(len(sets))
    sources = np.flatnonzero(np.arange(len(texts)) + 1 < ends)
    first = sources + 1
    width = 1
    while len(sources):
        until = np.minimum(first + width, ends[sources])
        for which, at in _blocks(first, until):
            one, other = texts[sources[which]], texts[at]
            asked = (roots[one] != roots[other]) & (found.longest[at] >= lengths[one])
            one, other = one[asked], other[asked]
            pairs = np.unique(np.minimum(one, other) * len(sets) + np.maximum(one, other))
            one, other = np.divmod(pairs, len(sets))
            near = _similarities(sets, one, other, threshold) > 0
            _join(roots, one[near], other[near])
        # An entry whose further partners all hang together with it needs no further look.
        changes = np.concatenate([[0], np.cumsum(np.diff(roots[texts]) != 0)])
        open_ = (until < ends[sources]) & (changes[ends[sources] - 1] != changes[sources])
        sources, first = sources[open_], until[open_]
        # Clusters grow together in the first rounds, so later rounds find little left to compare.
        width *= 2
    return roots


def _blocks(first: Numbers, ends: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """Each range's number beside each place in it, in arrays of about `_PAIRS`, no range in two of them."""
    import numpy as np

    lengths = ends - first
    for begin, end in stretches(np.cumsum(lengths), _PAIRS):
        counts = lengths[begin:end]
        yield np.repeat(np.arange(begin, end), counts), places(first[begin:end], counts)


def _similarities(sets: ShingleSets, one: Numbers, other: Numbers, threshold: float) -> NDArray[np.float64]:
    """The Jaccard similarity of each pair, 0 where it is below the threshold."""
    import numpy as np

    both = sets.lengths[one] + sets.lengths[other]
    least = np.ceil(both * (threshold / (1 + threshold)) - ROUNDING * both)
    differing = np.bitwise_count(sets.bitmaps[one] ^ sets.bitmaps[other]).sum(axis=1, dtype=np.int64)
    possible = np.flatnonzero(differing <= both - 2 * least)
    shared = sets.shared(one[possible], other[possible])
    values = shared / (both[possible] - shared)
    found = np.zeros(len(one))
    found[possible] = np.where(values >= threshold, values, 0.0)
    return found


def _join(roots: Numbers, one: Numbers, other: Numbers) -> None:
    """Let the clusters of each pair be one, under its smallest number."""
    import numpy as np

    while True:
        low, high = np.minimum(roots[one], roots[other]), np.maximum(roots[one], roots[other])
        apart = low != high
        if not apart.any():
            return
        np.minimum.at(roots, high[apart], low[apart])
        while not np.array_equal(above := roots[roots], roots):
            roots[:] = above
