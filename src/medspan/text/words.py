"""Word boundaries: one definition for alignment, grammar and audit."""

from __future__ import annotations

import re

_WORD = re.compile(r"\w")
_CHUNK = re.compile(r"\w+|[^\w]", re.DOTALL)


def word_chunks(text: str) -> list[str]:
    """`text` cut into runs of word characters and single other characters; joined, they give `text`."""
    return _CHUNK.findall(text)


def has_word(string: str) -> bool:
    """Whether the string holds a word character: a mention of punctuation alone is none."""
    return _WORD.search(string) is not None


def is_word_aligned(text: str, start: int, end: int) -> bool:
    """Whether `[start, end)` neither begins nor ends within a run of word characters."""
    return not (_inside_word(text, start) or _inside_word(text, end))


def _inside_word(text: str, at: int) -> bool:
    return 0 < at < len(text) and has_word(text[at - 1]) and has_word(text[at])
