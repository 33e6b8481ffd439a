"""How two strings that are not equal may name the same: spelling, letter case, abbreviation, faulty copy."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

NEAR_COPY = 80.0
"""Smallest similarity (0 to 100, normalised indel over characters) of a faulty copy and its original."""

_LONGEST_ABBREVIATION = 10
_GREEK = {
    character: unicodedata.name(character).split()[-1].lower()
    for character in map(chr, range(0x3B1, 0x3CA))
    if unicodedata.name(character).startswith("GREEK SMALL LETTER")
} | {"\u03c2": "sigma", "\u03bb": "lambda"}
_SPELLED = str.maketrans(_GREEK)


@lru_cache(maxsize=1 << 16)
def squash(string: str) -> str:
    """Letters and digits alone, case and accents folded, Greek letters spelled out: `α-Tocopherol` and
    `alpha tocopherol` come to the same."""
    folded = unicodedata.normalize("NFKD", string).casefold().translate(_SPELLED)
    return "".join(character for character in folded if character.isalnum())


@lru_cache(maxsize=1 << 16)
def casefolded(string: str) -> str:
    """Letter case and white space folded."""
    return " ".join(string.casefold().split())


def differ_in_characters(one: str, other: str) -> bool:
    """Whether hyphens, spaces, punctuation, accents or spelled-out Greek letters are all that differs,
    letter case aside."""
    squashed = squash(one)
    return bool(squashed) and squashed == squash(other) and casefolded(one) != casefolded(other)


def differ_in_case(one: str, other: str) -> bool:
    """Whether letter case is all that differs, white space aside."""
    return casefolded(one) == casefolded(other) and one.split() != other.split()


def similarity(one: str, other: str) -> float:
    """0 to 100, letter case and white space aside; 0 for what is less than a near copy."""
    from rapidfuzz import fuzz

    return float(fuzz.ratio(casefolded(one), casefolded(other), score_cutoff=NEAR_COPY))


def defines_abbreviation(lower: str, one: str, other: str) -> bool:
    """Whether a text, given in lower case, says that one string is short for the other.

    It does by `long form (SF)` or `SF (long form)`, where the characters of the short form stand in the
    long one in order, the first at the beginning of a word. Source of the rule: Schwartz and Hearst, A
    simple algorithm for identifying abbreviation definitions in biomedical text (PSB 2003).
    """
    short, long = sorted((casefolded(one), casefolded(other)), key=lambda string: (len(string), string))
    return (
        len(short) <= _LONGEST_ABBREVIATION
        and (_says(lower, long, short) or _says(lower, short, long))
        and _is_short_for(short, long)
    )


def _says(lower: str, outside: str, inside: str) -> bool:
    written = f"{outside} ({inside}"
    at = lower.find(written)
    while at >= 0:
        after = at + len(written)
        if not (at and lower[at - 1].isalnum()) and not lower[after : after + 1].isalnum():
            return True
        at = lower.find(written, at + 1)
    return False


def _is_short_for(short: str, long: str) -> bool:
    letters = [character for character in short if character.isalnum()]
    if not 2 <= len(short) <= _LONGEST_ABBREVIATION or len(short.split()) > 2 or len(long) <= len(short):
        return False
    if not short[0].isalnum() or not any(character.isalpha() for character in letters):
        return False
    if len(long.split()) > min(len(letters) + 5, len(letters) * 2):
        return False
    at = len(long)
    for place, letter in enumerate(reversed(letters)):
        first = place == len(letters) - 1
        at = long.rfind(letter, 0, at)
        while first and at > 0 and long[at - 1].isalnum():
            at = long.rfind(letter, 0, at)
        if at < 0:
            return False
    return True
