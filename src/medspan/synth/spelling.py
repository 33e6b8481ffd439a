"""How a term is written in one note: in full, abbreviated, or misspelt."""

from __future__ import annotations

import random
from dataclasses import dataclass

from medspan.synth.terms import Term

_EXPLAINED = {"prose": 0.6, "terse": 0.3}
"""How often an abbreviated term is first written in full, with its abbreviation in brackets."""
_FEWEST_LETTERS = 5
"""Letters of a word that is misspelt, at least."""
_VOWELS = "aeiou"


@dataclass(frozen=True, slots=True)
class Form:
    """`first` is written at the first mention, with `bracket` after it in brackets where there is one."""

    first: str
    later: str
    bracket: str = ""


def form_of(
    term: Term, register: str, shares: tuple[float, float], rng: random.Random, *, may_explain: bool = True
) -> Form:
    """How a note writes a term; `shares` are those of abbreviated and of misspelt terms.

    Unless the note `may_explain` its abbreviation, it has the term in one form only.
    """
    abbreviated, misspelt = shares
    if term.short and rng.random() < abbreviated:
        short = rng.choice(term.short)
        explained = rng.random() < _EXPLAINED[register]
        return Form(term.text, short, short) if explained and may_explain else Form(short, short)
    if rng.random() < misspelt:
        wrong = misspell(term.text, rng)
        return Form(wrong, wrong)
    return Form(term.text, term.text)


def misspell(term: str, rng: random.Random) -> str:
    """The term with one slip in a word of five letters or more, whose first letter stays; itself without one.

    Slips: two neighbours exchanged, a letter left out, doubled, or one vowel for another.
    """
    words = term.split(" ")
    long = [at for at, word in enumerate(words) if len(word) >= _FEWEST_LETTERS and word.isalpha()]
    if not long:
        return term
    at = rng.choice(long)
    word = words[at]
    slips = sorted({slip for place in range(1, len(word)) for slip in _slips(word, place)} - {word})
    words[at] = rng.choice(slips)
    return " ".join(words)


def _slips(word: str, place: int) -> list[str]:
    before, letter, after = word[:place], word[place], word[place + 1 :]
    found = [before + after, before + letter + letter + after]
    if after:
        found.append(before + after[0] + letter + after[1:])
    if letter in _VOWELS:
        found += [before + other + after for other in _VOWELS if other != letter]
    return found
