"""Texts that were cut off: told from the original, or suspected from the data alone."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from medspan.audit.chance import at_least
from medspan.audit.data import Row
from medspan.text import fold

FEWEST_WORDS = 6
"""Words of a text that is told to be a piece of another one; fewer occur by chance."""

_SURE = 0.001
_WINDOW = 0.1
"""Widths of the two windows of lengths that are compared, as a share of the greatest length."""
_BELOW = 0.25
"""Share of the texts that must be shorter than both windows: where all are of one length, none was cut."""
_MOST = 0.5
"""Share of the whole that a text must hold to be suspected of being cut off: a title holds less."""

# A cut may go through a word, so that the first and last word of a piece need not be words of the whole.
_INNER_WORDS = FEWEST_WORDS - 2
_INNER = slice(1, 1 + _INNER_WORDS)


def wholes_of(texts: Iterable[str], originals: Iterable[str]) -> dict[str, str]:
    """Of folded texts those that are true pieces of an original, with that original.

    A text that is an original itself is no piece, nor is one of fewer than six words. Beginnings are
    preferred to later pieces, and the first original by alphabet to others.
    """
    known = sorted(set(originals))
    whole: dict[str, str] = {}
    pending: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    for text in sorted(set(texts)):
        words = text.split()
        if len(words) < FEWEST_WORDS:
            continue
        at = bisect_left(known, text)
        if at < len(known) and known[at] == text:
            continue
        if at < len(known) and known[at].startswith(text):
            whole[text] = known[at]
        else:
            pending[tuple(words[_INNER])].append(text)
    if pending:
        for original in known:
            words = original.split()
            for start in range(len(words) - _INNER_WORDS):
                for text in pending.get(tuple(words[start : start + _INNER_WORDS]), ()):
                    if text not in whole and text in original:
                        whole[text] = original
    return whole


def beginning(text: str) -> tuple[str, ...]:
    """The first words of a folded text: the same for a text that breaks off and the one that goes on."""
    # One word fewer, as the last one of a text that breaks off need not be whole.
    return tuple(text.split(maxsplit=FEWEST_WORDS - 1)[: FEWEST_WORDS - 1])


def broken_off(texts: Iterable[str]) -> dict[str, str]:
    """Of folded texts those that break off where another one goes on, with the shortest such other one.

    They hold at least half of it, and six words.
    """
    ordered = sorted(set(texts))
    found = {}
    for at, text in enumerate(ordered):
        if len(text.split()) < FEWEST_WORDS:
            continue
        longer = []
        for number in range(at + 1, len(ordered)):
            if not ordered[number].startswith(text):
                break
            longer.append(ordered[number])
        nearest = min(longer, key=lambda other: (len(other), other), default=None)
        if nearest is not None and len(text) >= _MOST * len(nearest):
            found[text] = nearest
    return found


@dataclass(frozen=True, slots=True)
class PileUp:
    """Lengths (characters) crowd below `longest`: `near` of the documents are longer than `least`.

    `before` of them are within a window of the same width below, from which as many or fewer would be
    expected.
    """

    longest: int
    least: int
    near: int
    before: int


def pile_up(lengths: dict[bytes, int]) -> PileUp | None:
    """Whether the greatest lengths of documents are crowded as only a limit crowds them.

    Lengths of texts thin out towards the greatest. Compared are the last tenth of the range up to the
    greatest length with the tenth below it: of both together at most half should be in the last (exact
    binomial, p < 0.001). None where that is so, and where the lengths hardly differ.
    """
    longest = max(lengths.values(), default=0)
    near, before = _in_windows(lengths.values(), longest)
    below = len(lengths) - near - before
    if below < _BELOW * len(lengths) or at_least(near, near + before, 0.5) >= _SURE:
        return None
    return PileUp(longest, round((1 - _WINDOW) * longest), near, before)


def crowd(lengths: dict[bytes, int], below: PileUp) -> bool:
    """Whether these of the documents crowd below the greatest length by themselves."""
    near, before = _in_windows(lengths.values(), below.longest)
    return at_least(near, near + before, 0.5) < _SURE


def _in_windows(lengths: Iterable[int], longest: int) -> tuple[int, int]:
    """How many lengths are in the last tenth, and in the tenth below it."""
    least, lower = round((1 - _WINDOW) * longest), round((1 - 2 * _WINDOW) * longest)
    shown = list(lengths)
    return sum(length > least for length in shown), sum(lower < length <= least for length in shown)


def asked_length(row: Row) -> int:
    """Characters of a row's prompt; of its text where it has none."""
    return len(row.written.prompt) if row.written else len(row.text)


def longest_by_document(rows: Iterable[Row]) -> dict[bytes, int]:
    """The greatest length of each text, which several tasks may ask about."""
    longest: dict[bytes, int] = {}
    for row in rows:
        longest[row.text_key] = max(asked_length(row), longest.get(row.text_key, 0))
    return longest


def folded(rows: Iterable[Row]) -> dict[Row, str]:
    """The text of every row in lower case with single blanks."""
    return {row: fold(row.text) for row in rows}
