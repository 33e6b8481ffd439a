"""Strings and their places: words, alignment, normal forms. Shared by the rooms above."""

from medspan.text.alignment import Alignment, align, occurrences
from medspan.text.normalise import bare_id, fold
from medspan.text.words import has_word, is_word_aligned, word_chunks

__all__ = [
    "Alignment",
    "align",
    "bare_id",
    "fold",
    "has_word",
    "is_word_aligned",
    "occurrences",
    "word_chunks",
]
