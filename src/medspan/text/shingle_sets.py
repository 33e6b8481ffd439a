"""The shingle sets of many texts as sorted 64-bit hashes: what a million texts can be compared by.

A shingle's hash depends on its words alone, so it is the same in every run and for every order of the
texts. Two of 200 million shingles share a hash with a probability of about 0.001; a similarity would
then be wrong by one shingle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Hashes = NDArray[np.uint64]
    Numbers = NDArray[np.int64]

BITMAP_BITS = 256
"""Bits of a text's bitmap: enough to tell texts of some hundred shingles apart."""

_WORD = re.compile(r"\w+")
_BATCH_CHARACTERS = 1 << 19
"""Texts are hashed in batches that stay in the processor's cache."""
_GATHERED = 1 << 21
"""Most hashes that are compared at a time."""
_SPACE = 32
_SPACED = bytes(
    ord(chr(code).lower()) if re.match(r"\w", chr(code)) else _SPACE for code in range(128)
).ljust(256)


@dataclass(frozen=True)
class ShingleSets:
    """`values[starts[n] : starts[n + 1]]` are the distinct hashes of text n, ascending."""

    values: Hashes
    starts: Numbers

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> Numbers:
        """How many shingles each text has."""
        import numpy as np

        return np.diff(self.starts)

    @cached_property
    def bitmaps(self) -> Hashes:
        """(texts, words of 64 bits): of each bit, whether an odd number of a text's hashes fall on it.

        Two texts' bitmaps differ in at most as many bits as there are shingles in one text only. Source:
        Sandes, Teodoro and Melo, Bitmap filter: speeding up exact set similarity joins, 2020.
        """
        import numpy as np

        maps = np.zeros((len(self), BITMAP_BITS // 64), dtype=np.uint64)
        for first, last in self.batches():
            bits = (self.values[self.starts[first] : self.starts[last]] & np.uint64(BITMAP_BITS - 1)).astype(
                np.int64
            )
            bits += np.repeat(np.arange(last - first), self.lengths[first:last]) * BITMAP_BITS
            odd = np.bincount(bits, minlength=(last - first) * BITMAP_BITS).astype(np.uint8) & 1
            maps[first:last] = np.packbits(odd).view(np.uint64).reshape(last - first, -1)
        return maps

    def batches(self) -> Iterator[tuple[int, int]]:
        """Ranges of texts that hold about as many shingles as can be compared at a time."""
        return stretches(self.starts[1:], _GATHERED)

    def only(self, texts: Numbers) -> ShingleSets:
        """The sets of these texts, in this order."""
        import numpy as np

        lengths = self.lengths[texts]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        return ShingleSets(self.values[places(self.starts[texts], lengths)], starts)

    def shared(self, one: Numbers, other: Numbers) -> Numbers:
        """How many shingles the texts of each pair share."""
        import numpy as np

        found = np.zeros(len(one), dtype=np.int64)
        texts = np.stack([one, other], axis=1)
        sizes = self.lengths[texts].sum(axis=1)
        for first, last in stretches(np.cumsum(sizes), _GATHERED):
            chosen = texts[first:last].ravel()
            both = self.values[places(self.starts[chosen], self.lengths[chosen])]
            bounds = np.concatenate([[0], np.cumsum(sizes[first:last])])
            sort_slices(both, bounds)
            # Within one text hashes are distinct: what stands twice stands in both.
            twice = np.concatenate([[False], both[1:] == both[:-1], [False]])
            twice[bounds] = False
            sums = np.concatenate([[0], np.cumsum(twice[:-1])])
            found[first:last] = np.diff(sums[bounds])
        return found


def shingle_sets(texts: Sequence[str], size: int) -> ShingleSets:
    """The hashed shingles of `size` words of each text, as `similarity.shingles` defines them."""
    import numpy as np

    # A bytearray grows in place: joining arrays at the end would need their memory twice.
    values = bytearray()
    lengths: list[Numbers] = [np.zeros(1, dtype=np.int64)]
    batch: list[bytes] = []
    characters = 0
    for number, text in enumerate(texts, 1):
        batch.append(_spaced(text))
        characters += len(batch[-1])
        if characters >= _BATCH_CHARACTERS or number == len(texts):
            hashes, counts = _hashed(batch, size)
            values += hashes.data
            lengths.append(counts)
            batch, characters = [], 0
    return ShingleSets(np.frombuffer(values, dtype=np.uint64), np.cumsum(np.concatenate(lengths)))


def places(starts: Numbers, lengths: Numbers) -> Numbers:
    """The numbers `start, start + 1, ...`, `length` of them, of each range, one range after another."""
    import numpy as np

    ends = np.cumsum(lengths)
    return np.arange(ends[-1] if len(ends) else 0) + np.repeat(starts - ends + lengths, lengths)


def stretches(ends: Numbers, most: int) -> Iterator[tuple[int, int]]:
    """Ranges of items, at most `most` units or one item each; `ends` are the cumulated units of the items."""
    first = 0
    while first < len(ends):
        before = int(ends[first - 1]) if first else 0
        last = max(first + 1, int(ends.searchsorted(before + most, side="right")))
        yield first, last
        first = last


def sort_slices(values: Hashes, bounds: Numbers) -> None:
    """Sort `values` in place between each two bounds."""
    for start, end in pairwise(bounds.tolist()):
        values[start:end].sort()


def _spaced(text: str) -> bytes:
    """The words of the lower-cased text, separated by spaces."""
    if text.isascii():
        return text.encode("ascii").translate(_SPACED)
    return " ".join(_WORD.findall(text.lower())).encode("utf-8")


def _hashed(batch: Sequence[bytes], size: int) -> tuple[Hashes, Numbers]:
    """The sorted distinct shingles of all texts of the batch, and how many each text has."""
    import numpy as np

    words, counts = _word_hashes(batch)
    ends = np.repeat(np.cumsum(counts), counts)
    at = np.arange(len(words))
    padded = np.concatenate([words, np.zeros(size, dtype=np.uint64)])
    factors = _mixed(np.arange(1, size + 1, dtype=np.uint64)) | np.uint64(1)
    sums = np.zeros(len(words), dtype=np.uint64)
    for offset in range(size):
        sums += np.where(
            at + offset < ends, padded[offset : offset + len(words)] * factors[offset], np.uint64(0)
        )
    whole = at + size <= ends
    whole[(np.cumsum(counts) - counts)[counts > 0]] = True
    values = _mixed(sums[whole])
    bounds = np.concatenate([[0], np.cumsum(np.where(counts > 0, np.maximum(counts - size + 1, 1), 0))])
    sort_slices(values, bounds)
    fresh = np.ones(len(values) + 1, dtype=bool)
    fresh[1:-1] = values[1:] != values[:-1]
    fresh[bounds] = True
    before = np.concatenate([[0], np.cumsum(fresh[:-1])])
    return values[fresh[:-1]], np.diff(before[bounds])


def _word_hashes(batch: Sequence[bytes]) -> tuple[Hashes, Numbers]:
    """A hash of each word of the batch, and how many words each text has."""
    import numpy as np

    # Spaces at both ends, so that each word has two edges and eight bytes can be read at its last letter.
    joined = b" " + b" ".join(batch) + b" " * 8
    inside = np.frombuffer(joined, dtype=np.uint8) != _SPACE
    edges = np.flatnonzero(inside[1:] != inside[:-1]) + 1
    starts, ends = edges[0::2], edges[1::2]
    limits = np.cumsum([len(text) + 1 for text in batch])
    counts = np.diff(np.searchsorted(starts, limits, side="right"), prepend=0)
    blocks: Hashes = np.ndarray((len(joined) - 7,), dtype="<u8", buffer=joined, strides=(1,))
    masks = np.array([(1 << 8 * width) - 1 for width in range(9)], dtype=np.uint64)
    hashes = np.zeros(len(starts), dtype=np.uint64)
    active = np.arange(len(starts))
    while len(active):
        left = ends[active] - starts[active]
        block = blocks[starts[active]] & masks[np.minimum(left, 8)]
        hashes[active] = _mixed(hashes[active] ^ block)
        active = active[left > 8]
        starts[active] += 8
    return hashes, counts


def _mixed(values: Hashes) -> Hashes:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every bit depends on every bit."""
    import numpy as np

    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    mixed ^= mixed >> np.uint64(30)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(27)
    mixed *= np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    return mixed
