"""Tags of tokens that say where mentions begin and end: IOB2, IOB1, IO, BIOES and BILOU."""

from __future__ import annotations

import re
from collections.abc import Sequence

UNTYPED = "Entity"
"""The type of mentions whose tags are `B` and `I` alone."""

TAG = re.compile(r"O|([BIESLUMW])(?:-(.+))?", re.DOTALL)
"""A tag: its prefix (none for O) and its type (none where the file has only one)."""

_GOES_ON, _ENDS = frozenset("IMEL"), frozenset("ELSUW")


class Tags:
    """Tells the scheme of a file from its tags, seen one after another."""

    def __init__(self) -> None:
        self._prefixes: set[str] = set()
        self._inside_starts = self._outside_begins = 0
        self._before: str | None = None

    def see(self, tag: re.Match[str] | None) -> None:
        """Take in the next line's match of `TAG`; None for a line without a tag."""
        if tag is None or not tag[1]:
            self._before = None
            return
        type_ = tag[2] or UNTYPED
        self._prefixes.add(tag[1])
        self._inside_starts += tag[1] == "I" and self._before != type_
        self._outside_begins += tag[1] == "B" and self._before != type_
        self._before = type_

    def scheme(self) -> str:
        """The scheme by name, IOB2 where it is not clear.

        L or U: BILOU. E, S, M or W: BIOES. Only I: IO. IOB1 where some mention begins with I, and B
        stands only directly after a mention of its type.
        """
        if self._prefixes & set("LU"):
            return "BILOU"
        if self._prefixes & set("ESMW"):
            return "BIOES"
        if self._prefixes == {"I"}:
            return "IO"
        return "IOB1" if self._inside_starts and not self._outside_begins else "IOB2"


def runs(tags: Sequence[tuple[str, str]], scheme: str) -> tuple[list[tuple[int, int, str]], int]:
    """The mentions of a sentence, `[start, end)` in tokens and a type, and how many tags break the scheme.

    `tags` are pairs of a prefix and a type. Where a mention begins and ends is decided as the official
    conlleval does (https://www.clips.uantwerpen.be/conll2002/ner/bin/conlleval.txt), alike in all
    schemes: I after O, or after another type, begins one.
    """
    closing = scheme in ("BIOES", "BILOU")
    found: list[tuple[int, int, str]] = []
    irregular = 0
    start: int | None = None
    type_ = ""
    for at, (prefix, tag_type) in enumerate([*tags, ("O", "")]):
        goes_on = start is not None and prefix in _GOES_ON and tag_type == type_
        if start is not None and not goes_on:
            found.append((start, at, type_))
            irregular += closing
            start = None
        if prefix in _GOES_ON and not goes_on:
            irregular += scheme not in ("IOB1", "IO")
        if prefix != "O" and not goes_on:
            start, type_ = at, tag_type
        if prefix in _ENDS and start is not None:
            found.append((start, at + 1, type_))
            start = None
    return found, irregular
