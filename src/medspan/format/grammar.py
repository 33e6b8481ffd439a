"""Pieces of llguidance grammars (Lark dialect) for verbatim, word-aligned substrings of a document.

Two things that trials taught. The lexer commits to the longest lexeme, so a mention and the
separator after it must stand in one terminal, or legal output is refused. And terminals may be
intersected (`&`) and complemented (`~`), so that what was already listed can be ruled out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence

from medspan.text import has_word, word_chunks

SMALL_TEXT = 60
"""Texts up to this many word chunks have their possible mentions enumerated exactly."""


def quoted(string: str) -> str:
    """`string` as a Lark literal."""
    return json.dumps(string, ensure_ascii=False)


def one_of(strings: Iterable[str]) -> str:
    """An alternation of literals."""
    return "(" + " | ".join(quoted(string) for string in strings) + ")"


SPACE = r"\s\x1c-\x1f"
"""What Python strips as white space, for a character class of the grammar: four more than its own `\s`."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def lines_of(output: str) -> list[str]:
    """The lines of an answer. Not `splitlines`: form feeds and Unicode separators may stand in a mention."""
    return _LINE_BREAK.split(output)


def mention_terminals(text: str, shape: str) -> str:
    """Terminal `MENTION`: a run of whole words of `text` that matches `shape` and holds a word character.

    The text must hold a word character (see `possible_mentions`).
    """
    # The word characters of this text by name: the grammar's own `\w` counts combining marks and
    # leaves out superscripts, where Python's does the opposite.
    words = "".join(f"\\u{{{ord(letter):x}}}" for letter in sorted(set(text)) if has_word(letter))
    chunks = json.dumps({"substring_chunks": word_chunks(text)}, ensure_ascii=False)
    return f"SUBSTRING: %regex {chunks}\nMENTION: SUBSTRING & /(?s:.*[{words}].*)/ & {shape}\n"


def without(terminal: str, listed: Sequence[str]) -> str:
    """`terminal` without the strings that were already listed."""
    return f"({terminal} & ~{one_of(listed)})" if listed else terminal


def possible_mentions(text: str, forbidden: Callable[[str], bool]) -> int | None:
    """How many distinct mentions `text` allows; None for "more than any answer lists" (longer texts)."""
    if not has_word(text):
        return 0
    chunks = word_chunks(text)
    if len(chunks) > SMALL_TEXT:
        return None
    found = set()
    for first in range(len(chunks)):
        for last in range(first, len(chunks)):
            string = "".join(chunks[first : last + 1])
            if string == string.strip() and has_word(string) and not forbidden(string):
                found.add(string)
    return len(found)
