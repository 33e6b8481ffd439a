"""How two strings that are not equal may name the same: spelling, letter case, abbreviation, faulty copy."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable
from functools import lru_cache

NEAR_COPY = 80.0
"""Smallest similarity (0 to 100, normalised indel over characters) of a faulty copy and its original."""

_LONGEST_ABBREVIATION = 10
_MOST_WORDS = _LONGEST_ABBREVIATION + 5
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


def most_similar(string: str, others: Collection[str]) -> str | None:
    """The first of the most similar of `others`, itself left aside; None where none is a near copy.

    All strings with letter case and white space folded.
    """
    from rapidfuzz import fuzz, process

    choices = [one for one in others if one != string] if string in others else list(others)
    found = (
        process.extractOne(string, choices, scorer=fuzz.ratio, score_cutoff=NEAR_COPY) if choices else None
    )
    return None if found is None else str(found[0])


def abbreviations(lower: str, strings: Iterable[str]) -> dict[str, set[str]]:
    """Which of `strings`, case-folded, a text, given in lower case, says to be short for which, both ways.

    It does by `long form (SF)` or `SF (long form)`, where the characters of the short form stand in the
    long one in order, the first at the beginning of a word. Source of the rule: Schwartz and Hearst, A
    simple algorithm for identifying abbreviation definitions in biomedical text (PSB 2003).
    """
    found: dict[str, set[str]] = {}
    at = lower.find(" (")
    if at < 0:
        return found
    # A long form has few words, so that these strings have few lengths.
    known = {one for one in strings if len(one.split()) <= _MOST_WORDS}
    lengths = sorted(set(map(len, known)))
    while at >= 0:
        inside = at + 2
        within = [
            one
            for length in lengths
            if not lower[inside + length : inside + length + 1].isalnum()
            and (one := lower[inside : inside + length]) in known
        ]
        before = [
            one
            for length in (lengths if within else ())
            if length <= at
            and not (length < at and lower[at - length - 1].isalnum())
            and (one := lower[at - length : at]) in known
        ]
        for one in within:
            for other in before:
                short, long = sorted((one, other), key=len)
                if _is_short_for(short, long):
                    found.setdefault(short, set()).add(long)
                    found.setdefault(long, set()).add(short)
        at = lower.find(" (", at + 1)
    return found


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
