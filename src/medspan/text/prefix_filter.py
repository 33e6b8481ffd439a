"""Which texts can be near-duplicates at all: those that share one of their rarest shingles.

Two sets that are similar enough share a member within their prefixes when all sets are sorted alike,
whatever the order. Rarest first keeps apart what has boilerplate in common only. Sources: Chaudhuri, Ganti
and Kaushik 2006; Bayardo, Ma and Srikant 2007; for the bound by positions Xiao, Wang, Lin and Yu 2008.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from medspan.text.shingle_sets import places, sort_slices

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from medspan.text.shingle_sets import Hashes, Numbers, ShingleSets

MOST_BUCKETS = 1 << 27
"""Most counters of shingles. With fewer counters than shingles the order is less good, and as exact."""

ROUNDING = 1e-9
"""Bounds give way by this much, so that no rounding makes them too strict."""

_COUNT_BITS = 16


@dataclass(frozen=True, slots=True)
class Postings:
    """Entries in runs, the texts of a run sharing a shingle, the shortest text of each run first.

    A text can be similar to those after it up to `ends` (exclusive), if these may in turn have a partner
    as short as it: `longest` is the most shingles that a partner of the entry can have.
    """

    texts: Numbers
    ends: Numbers
    longest: Numbers


def postings(sets: ShingleSets, threshold: float) -> Postings:
    """The entries of all runs of two or more: every similar pair stands in one run at least."""
    import numpy as np

    if not len(sets.values):
        nothing = np.zeros(0, dtype=np.int64)
        return Postings(nothing, nothing, nothing)
    counts = _bucket_counts(sets)
    found = [_prefixes(sets, first, last, counts, threshold) for first, last in sets.batches()]
    keys, texts, longest = (np.concatenate(parts) for parts in zip(*found, strict=True))
    order = np.argsort(keys)
    begins = _begins(keys[order])
    order = order[~(begins[:-1] & begins[1:])]
    keys, texts, longest = keys[order], texts[order], longest[order]
    runs = np.cumsum(_begins(keys)[:-1])
    lengths = sets.lengths[texts]
    order = np.lexsort((lengths, runs))
    texts, longest, lengths = texts[order], longest[order], lengths[order]
    # One number that grows with the run and, within it, with the length.
    beyond = int(lengths.max(initial=0)) + 1
    ends = np.searchsorted(
        runs * beyond + lengths, runs * beyond + np.minimum(longest, beyond - 1), side="right"
    )
    return Postings(texts, ends, longest)


def _begins(keys: Hashes) -> NDArray[np.bool_]:
    """Whether a key differs from the one before it; True at both ends."""
    import numpy as np

    begins = np.ones(len(keys) + 1, dtype=bool)
    begins[1:-1] = keys[1:] != keys[:-1]
    return begins


def _bucket_counts(sets: ShingleSets) -> NDArray[np.uint32]:
    """How many shingles of all texts fall into each bucket: at least the texts that a shingle is in."""
    import numpy as np

    buckets = min(MOST_BUCKETS, 1 << max(10, len(sets.values).bit_length()))
    counts = np.zeros(buckets, dtype=np.uint32)
    for first, last in sets.batches():
        values = sets.values[sets.starts[first] : sets.starts[last]]
        np.add.at(counts, (values & np.uint64(buckets - 1)).astype(np.intp), np.uint32(1))
    return counts


def _prefixes(
    sets: ShingleSets, first: int, last: int, counts: NDArray[np.uint32], threshold: float
) -> tuple[Hashes, Numbers, Numbers]:
    """Key, text and longest partner of the prefixes of texts `first` to `last`, without what is in one only.

    Rare shingles have small keys. Two shingles may share a key: sets of keys overlap at least as much as
    the sets of shingles do, so nothing is missed.
    """
    import numpy as np

    values = sets.values[sets.starts[first] : sets.starts[last]]
    frequency = np.minimum(
        counts[(values & np.uint64(len(counts) - 1)).astype(np.intp)], (1 << _COUNT_BITS) - 1
    )
    keys = (frequency.astype(np.uint64) << np.uint64(64 - _COUNT_BITS)) | (values >> np.uint64(_COUNT_BITS))
    starts = sets.starts[first : last + 1] - sets.starts[first]
    sort_slices(keys, starts)
    lengths = sets.lengths[first:last]
    smallest = np.ceil(threshold * lengths - ROUNDING).astype(np.int64)
    prefix = np.minimum(lengths, lengths - np.maximum(smallest, 1) + 1)
    chosen = places(starts[:-1], prefix)
    texts = np.repeat(np.arange(last - first), prefix)
    # Of the shared shingles the first stands here, so what stands before it is not shared: the partner
    # must be short enough that the rest suffices for the overlap threshold / (1 + threshold) * both lengths.
    rest = lengths[texts] - (chosen - starts[texts])
    longest = np.floor(
        rest * (1 + threshold) / threshold - lengths[texts] + ROUNDING * lengths[texts] + ROUNDING
    ).astype(np.int64)
    shared = keys[chosen] >> np.uint64(64 - _COUNT_BITS) > 1
    return keys[chosen][shared], (texts + first)[shared], longest[shared]
