"""Find the place of a string in a text: exact, then case, hyphen and space variants, then fuzzy."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from medspan.core.document import AlignedBy
from medspan.text.words import is_word_aligned

FUZZY_THRESHOLD = 90.0
"""Smallest similarity (0 to 100, normalised indel over characters) of a fuzzy alignment."""

WORD_THRESHOLD = 80.0
"""Smallest similarity of each word with its counterpart in a fuzzy alignment."""

_HYPHENS = "-\u2010\u2011\u2012\u2013\u2014\u2212\u00ad"
_JOINT = f"[{_HYPHENS}\\s]*"
_SEPARATORS = re.compile(f"[{_HYPHENS}\\s]+")


@dataclass(frozen=True, slots=True)
class Alignment:
    """A half-open place in a text and how it was found."""

    start: int
    end: int
    kind: AlignedBy


def occurrences(text: str, string: str) -> tuple[tuple[int, int], ...]:
    """Every verbatim `[start, end)` of `string` in `text`: those on word boundaries, or all where none is.

    Occurrences may overlap; a blank string has none.
    """
    if not string.strip():
        return ()
    places: list[tuple[int, int]] = []
    start = text.find(string)
    while start >= 0:
        places.append((start, start + len(string)))
        start = text.find(string, start + 1)
    on_words = [place for place in places if is_word_aligned(text, *place)]
    return tuple(on_words or places)


def align(text: str, string: str, *, threshold: float = FUZZY_THRESHOLD) -> Alignment | None:
    """The first place of `string` in `text`, or None.

    Tried in order, each on word boundaries first: verbatim (`exact`), ignoring letter case (`case`),
    ignoring hyphens and white space as well (`hyphen`), then the most similar run of words at or
    above `threshold` (`fuzzy`). A place within a word is taken only where no other kind but fuzzy
    has one on word boundaries.
    """
    string = string.strip()
    if not string:
        return None
    within_word: Alignment | None = None
    for found in _found(text, string):
        if is_word_aligned(text, found.start, found.end):
            return found
        within_word = within_word or found
    return within_word or _fuzzy(text, string, threshold)


def _found(text: str, string: str) -> Iterator[Alignment]:
    # Verbatim hits may overlap ("1-1" in "11-1-1"), and the first on word boundaries is what is asked
    # for; hits of the looser kinds do not overlap. Patterns are compiled only once a kind is reached.
    start = text.find(string)
    while start >= 0:
        yield Alignment(start, start + len(string), "exact")
        start = text.find(string, start + 1)
    for match in _case_pattern(string).finditer(text):
        yield Alignment(match.start(), match.end(), "case")
    folded = _hyphen_pattern(string)
    for match in folded.finditer(text) if folded else ():
        yield Alignment(match.start(), match.end(), "hyphen")


@lru_cache(maxsize=4096)
def _case_pattern(string: str) -> re.Pattern[str]:
    return re.compile(re.escape(string), re.IGNORECASE)


@lru_cache(maxsize=4096)
def _hyphen_pattern(string: str) -> re.Pattern[str] | None:
    characters = _SEPARATORS.sub("", string)
    if not characters:
        return None
    # Hyphens and spaces may stand, or be missing, between any two characters of the string,
    # but only one run of them: `alpha methyldopa` is `alpha-methyldopa` and `alphamethyldopa`.
    return re.compile(_JOINT.join(re.escape(character) for character in characters), re.IGNORECASE)


def _fuzzy(text: str, string: str, threshold: float) -> Alignment | None:
    from rapidfuzz import fuzz, process

    width = len(string.split())
    words = [match.span() for match in re.finditer(r"\S+", text)]
    places: list[tuple[int, int]] = []
    for first in range(len(words) - width + 1):
        start, end = words[first][0], words[first + width - 1][1]
        trimmed = text[start:end].strip(".,;:()[]")
        if trimmed:
            start = text.index(trimmed, start)
            places.append((start, start + len(trimmed)))
    wanted = string.lower()
    candidates = process.extract(
        wanted,
        [text[start:end].lower() for start, end in places],
        scorer=fuzz.ratio,
        score_cutoff=threshold,
        limit=None,
    )
    for found, _, index in candidates:
        if _differs_by_spelling_only(wanted, found):
            return Alignment(*places[index], "fuzzy")
    return None


def _differs_by_spelling_only(wanted: str, found: str) -> bool:
    """Whether each word is a near copy of its counterpart.

    A ratio over the whole string alone takes `muscle dysfunction` for `muscle function`, and
    `impaired` for `mediated` in a long enough company: another word is another meaning.
    """
    from rapidfuzz import fuzz

    pairs = list(zip(wanted.split(), found.split(), strict=False))
    return len(wanted.split()) == len(found.split()) and all(
        left[0] == right[0] and fuzz.ratio(left, right) >= WORD_THRESHOLD for left, right in pairs
    )
