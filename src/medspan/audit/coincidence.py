"""Whether two names stand for the same things, told from what they name in different documents."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

ENOUGH = 20
"""Things known from the other half of the documents that each name needs before anything is told."""

LARGELY = 0.5
"""The coincidence from which two names are taken to share most of what they name."""

Seen = tuple[bytes, Hashable]
"""A document's key and a thing that it names."""


def coincidence(one: Iterable[Seen], other: Iterable[Seen]) -> float | None:
    """How well each name's things are known from the other, against how well each knows its own.

    The documents are halved by their keys. Of the things that `other` names in one half, some share is
    known from `one` in the other half; if both named the same things, that would be the share of `one`'s
    own things known from there, whatever the two sizes. The result is the smaller of both ratios, about 1
    for two names of one thing and 0 for names that share nothing; None where too little is repeated.
    """
    sets = (set(one), set(other))
    halves = [[{thing for key, thing in pairs if key[0] % 2 == half} for half in (0, 1)] for pairs in sets]
    ratios = []
    for here, there in ((0, 1), (1, 0)):
        own = _known(sets[here], halves[here])
        cross = _known(sets[there], halves[here])
        if own < ENOUGH:
            return None
        ratios.append((cross / len(sets[there])) / (own / len(sets[here])) if sets[there] else 0.0)
    return min(ratios)


def _known(pairs: set[Seen], halves: list[set[Hashable]]) -> int:
    """How many of the things are known from the half of the documents that they are not in."""
    return sum(thing in halves[1 - key[0] % 2] for key, thing in pairs)
