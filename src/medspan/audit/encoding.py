"""Places of a text at which characters were lost, told by what was left there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal["replacement", "control", "misread", "question", "spaces", "dropped"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TOLD: dict[Kind, str] = {
    "replacement": "replacement characters (U+FFFD)",
    "control": "control or private characters",
    "misread": "characters read in another encoding",
    "question": "question marks for letters",
    "spaces": "spaces for characters",
    "dropped": "items without some of the characters of their text",
}

LAID_OUT = 0.005
"""A split with more runs of spaces than this share of its words is laid out, or typed, that way."""
LAID_OUT_TEXT = 0.05
"""The same for one text."""
FEW = 3
"""So many runs are no habit, however short the text or the split is."""

_UNPRINTABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ue000-\uf8ff]")
# Within a word (`na?ve`), or joined to one by a hyphen (`?-blocker`, `TNF-?`).
_QUESTION = re.compile(r"(?<=[^\W\d_])\?(?=[a-z])|(?<![\w?])\?(?=-[a-z])|(?<=[^\W_]-)\?(?![\w?])")
_ADDRESS = re.compile(r"[/=&@]")
_SPACES = re.compile(r"(?<=\S) {2,}(?=\S)")
_CLAUSE_END = frozenset(".?!:;|")
_CLOSING = "\"')]\u2019\u201d"
_LIST_MARK = re.compile(r"\s*(?:[-*\u2022\u00b7]|\(?\w{1,3}[)\]])")
_OPERATOR = frozenset("<>=±+*~|/\\≤≥≈")

# What the bytes 0x80 to 0x9F become when UTF-8 is read as Windows-1252, or as Latin-1.
_WINDOWS = {
    bytes([byte]).decode("cp1252"): byte for byte in range(0x80, 0xA0) if byte not in b"\x81\x8d\x8f\x90\x9d"
}
_FOLLOWING = "[\x80-\xbf" + "".join(map(re.escape, _WINDOWS)) + "]"
_MISREAD = re.compile(f"[\xc2-\xdf]{_FOLLOWING}|[\xe0-\xef]{_FOLLOWING}{{2}}|[\xf0-\xf4]{_FOLLOWING}{{3}}")
# Latin, Greek and Cyrillic letters, signs and punctuation, ligatures, a byte order mark, emoji: in other
# scripts the bytes are as often letters that somebody wrote (`voilà »` would be Samaritan).
_LIKELY = (
    range(0xA0, 0x180),
    range(0x370, 0x500),
    range(0x1E00, 0x2800),
    range(0xFB00, 0xFB07),
    range(0xFEFF, 0xFF00),
    range(0x1F000, 0x1FB00),
)


@dataclass(frozen=True, slots=True)
class Damage:
    """The half-open characters `[start, end)` of a text that are left, and of which kind they are."""

    start: int
    end: int
    kind: Kind


def damages(text: str, *, spaces: bool = True) -> list[Damage]:
    """What is left of lost characters, in order of place; `spaces` looks for runs of spaces as well.

    - `replacement`: U+FFFD, which decoders put where bytes are no text;
    - `control`: characters of no meaning in a text (C0 but tab, line and page breaks, C1, private use,
      half surrogate pairs);
    - `misread`: two to four characters that are the bytes of one in UTF-8 (`Ã©`, `â€™`, `Î±`), if that
      one is a letter of Europe, a sign or a punctuation mark;
    - `question`: a question mark within a word, or joined to one by a hyphen; addresses aside;
    - `spaces`: a run of spaces within a sentence (`na  ve`), not after punctuation that ends a clause,
      nor beside an operator, in a text that is not laid out with spaces.
    """
    found: list[Damage] = []
    if "?" in text:
        found += (Damage(*place, "question") for place in _questions(text))
    if not text.isascii() or _UNPRINTABLE.search(text):
        found += (Damage(at, at + 1, "replacement") for at, one in enumerate(text) if one == "\ufffd")
        misread = [match.span() for match in _MISREAD.finditer(text) if _is_misread(match.group())]
        found += (Damage(*place, "misread") for place in misread)
        within = {at for start, end in misread for at in range(start, end)}
        found += (
            Damage(*match.span(), "control")
            for match in _UNPRINTABLE.finditer(text)
            if match.start() not in within
        )
    if spaces:
        found += (Damage(*place, "spaces") for place in _runs(text))
    return sorted(found, key=lambda one: (one.start, one.end))


def is_laid_out(texts: Iterable[str]) -> bool:
    """Whether runs of spaces belong to the layout of these texts."""
    runs = words = 0
    for text in texts:
        runs += len(_SPACES.findall(text)) if "  " in text else 0
        words += len(text.split())
    return runs > max(FEW, LAID_OUT * words)


def lacks_characters(string: str, text: str) -> bool:
    """Whether a word of `string` is its counterpart in `text` with characters left out, letter case aside.

    Left out at the end of a word (`effect` for `effects`) is inflection, and `ae`, `oe` and `ou` written
    with one letter (`anemia`, `tumor`) is American: neither counts, unless the character is no ASCII.
    Signs (`CaCl2` for `CaCl(2`) do not count either.
    """
    words, counterparts = ([*map(_bare, side.casefold().split())] for side in (string, text))
    return len(words) == len(counterparts) and any(
        one != other and _lacks(one, other) for one, other in zip(words, counterparts, strict=True)
    )


def _lacks(word: str, whole: str) -> bool:
    remaining = iter(whole)
    if len(word) >= len(whole) or not all(character in remaining for character in word):
        return False
    if sum(not one.isascii() for one in whole) > sum(not one.isascii() for one in word):
        return True
    return not whole.startswith(word) and _american(word) != _american(whole)


def _bare(word: str) -> str:
    return "".join(filter(str.isalnum, word))


def _american(word: str) -> str:
    return word.replace("ae", "e").replace("oe", "e").replace("ou", "o")


def _questions(text: str) -> Iterator[tuple[int, int]]:
    for match in _QUESTION.finditer(text):
        at = match.start()
        start = max(text.rfind(blank, 0, at) for blank in " \n\t") + 1
        end = min((place for blank in " \n\t" if (place := text.find(blank, at)) >= 0), default=len(text))
        if not _ADDRESS.search(text, start, end):
            yield match.span()


def _is_misread(string: str) -> bool:
    try:
        one = bytes(_WINDOWS.get(character, ord(character)) for character in string).decode("utf-8")
    except UnicodeDecodeError:
        return False
    if len(string) == 2 and string[0] in "ÄÅ" and string[1] in "–—‘’“”…":
        return False  # an ångström before a dash or a closing quotation mark is written so, too
    return any(ord(one) in likely for likely in _LIKELY)


def _runs(text: str) -> list[tuple[int, int]]:
    if "  " not in text:
        return []
    every = [match.span() for match in _SPACES.finditer(text)]
    if len(every) > max(FEW, LAID_OUT_TEXT * len(text.split())):
        return []
    return [place for place in every if _is_within_clause(text, *place)]


def _is_within_clause(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 3) : start].rstrip(_CLOSING) or text[start - 1]
    line = text[text.rfind("\n", 0, start) + 1 : start]
    return not (
        before[-1] in _CLAUSE_END
        or text[start - 1] in _OPERATOR
        or text[end] in _OPERATOR
        or _LIST_MARK.fullmatch(line)
    )
