"""Copies of documents with other strings in place of their mentions: do answers follow the text?"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from medspan.core import Annotation, Document, Example, Mention
from medspan.diagnose.conditions import Conditions, Reworded
from medspan.text import fold, is_word_aligned, occurrences

Namer = Callable[[Mention], str | None]
"""From a mention to the string that is put in its place; None leaves it as it is."""

_WORD = re.compile(r"[^\W\d_]+")
SHORT = 4
"""Words of fewer letters (of, the, mg) are no names by themselves, and stay."""
ENDING, LONG = 3, 6
"""Letters at the end of words of `LONG` letters that stay: `-mab` and `-itis` tell the type of a new name."""
ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "z", "br", "dr", "pl", "tr", "gl")
VOWELS = ("a", "e", "i", "o", "u")


@dataclass(frozen=True, slots=True)
class Swap:
    """A copy of `original` in which `strings` (old, new) were exchanged; its reference lists the new ones."""

    original: Example
    copy: Example
    strings: tuple[tuple[str, str], ...]


def swapped(example: Example, name: Namer) -> Swap | None:
    """The example with each reference string that can be exchanged replaced wherever it stands.

    A string stays where one of its occurrences overlaps a mention of another string, or where the new one
    stands in the text already. None where nothing can be exchanged.
    """
    assert example.reference is not None
    text = example.document.text
    mentions = [one for one in example.reference.mentions if len(one.segments) == 1]
    taken = [one for one in example.reference.mentions if len(one.segments) > 1]
    changes: list[tuple[int, int, Mention, str]] = []
    for old, first in {fold(one.text): one for one in reversed(mentions)}.items():
        new = name(first)
        places = [place for place in occurrences(text.lower(), old) if is_word_aligned(text, *place)]
        others = [one for one in (*mentions, *taken) if fold(one.text) != old]
        clash = any(start < one.end and one.start < end for start, end in places for one in others)
        if new is None or not places or clash or fold(new) in fold(text) or len(text.lower()) != len(text):
            continue
        changes += [(start, end, first, like(new, text[start:end])) for start, end in places]
    if not changes:
        return None
    pieces, listed, strings, at, length = [], [], {}, 0, 0
    for start, end, first, new in sorted(changes, key=lambda change: change[0]):
        pieces += [text[at:start], new]
        length += start - at
        if fold(first.text) not in strings:
            listed.append((length, length + len(new), first.type))
        strings[fold(first.text)] = fold(new)
        length, at = length + len(new), end
    copy = "".join((*pieces, text[at:]))
    document = replace(example.document, id=f"{example.id}~", text=copy)
    found = Annotation(
        tuple(Mention.at(copy, start, end, type) for start, end, type in listed), scope="string"
    )
    made = Example(document, found, split=example.split, source=example.source)
    return Swap(example, made, tuple(strings.items()))


def like(new: str, old: str) -> str:
    """`new` with capitals as `old` has them: all, the first, or none."""
    if len(old) > 1 and old.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def invented(seed: int, known: Collection[str]) -> Namer:
    """Strings of invented words, equal for equal strings; `known`: folded strings that must not come out.

    An invented word has about the length of the old one, and its ending where it is long.
    """

    def name(mention: Mention) -> str | None:
        old = fold(mention.text)
        for attempt in range(20):
            draw = random.Random(f"{seed}-{attempt}-{old}")
            new = _renamed(old, draw, SHORT)
            if new == old:
                new = _renamed(old, draw, 0)
            if new != old and fold(new) not in known:
                return new
        return None

    return name


def borrowed(seed: int, strings: dict[str, Sequence[str]]) -> Namer:
    """Other strings of the same type: those of `strings`, by type."""

    def name(mention: Mention) -> str | None:
        old = fold(mention.text)
        others = [
            one for one in strings.get(mention.type, ()) if one != old and one not in old and old not in one
        ]
        return random.Random(f"{seed}-{old}").choice(others) if others else None

    return name


def asking_alike(conditions: Conditions, swaps: Sequence[Swap]) -> Conditions:
    """The conditions with prompts of the copies that are those of the originals but for the text.

    Rows of instructions are asked letter by letter as they stand; a copy has no row of its own.
    """
    behind = conditions.codec
    originals = {one.copy.document.text: one.original.document for one in swaps}

    def prompt(plain: str, document: Document) -> str:
        original = originals.get(document.text)
        if original is None:
            return plain
        asked = behind.prompt(original)
        return asked.replace(original.text, document.text) if original.text in asked else plain

    return conditions.but(codec=Reworded(behind, prompt))


def _renamed(old: str, draw: random.Random, short: int) -> str:
    return _WORD.sub(lambda found: _word(found.group(), draw, short), old)


def _word(old: str, draw: random.Random, short: int) -> str:
    if len(old) < short:
        return old
    ending = old[-ENDING:] if len(old) >= LONG else ""
    wanted, made = len(old) - len(ending), ""
    while len(made) < max(2, wanted):
        made += draw.choice(ONSETS) + draw.choice(VOWELS)
    return made[: max(2, wanted)] + ending
