"""Normal forms of strings for comparison; never for what is shown or trained on."""

from __future__ import annotations


def fold(string: str) -> str:
    """Lower case with white space folded to single spaces and stripped: the `text` match's form."""
    return " ".join(string.lower().split())
