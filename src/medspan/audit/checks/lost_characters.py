"""Texts and items that lost characters on their way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row, string_of
from medspan.audit.encoding import KINDS, TOLD, Damage, Kind, damages, is_laid_out, lacks_characters
from medspan.audit.grounding import Item, percentage, string_ends
from medspan.core import Case, Finding, Mention, Severity

_SHOWN = 3
"""Damaged pieces that a case quotes."""


@dataclass(frozen=True)
class _Lost:
    """What one row lost: by kind how often, quoted, where in the text; whether an item is concerned."""

    row: Row
    kinds: Counter[Kind]
    quoted: tuple[str, ...]
    marks: tuple[tuple[int, int], ...]
    in_items: bool


@register
class LostCharacters(Check):
    """Only worth knowing where no item is concerned."""

    id: ClassVar[str] = "lost-characters"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "Characters were lost when texts or items were decoded, converted or cleaned (`na  ve`, `Ã©`, `?-"
        "blocker`). A model learns broken strings, and items that lost other characters than their text are "
        "not verbatim."
    )
    counted: ClassVar[str] = (
        "Rows with a replacement or control character, one that was read in another encoding, a question "
        "mark within a word, a run of spaces within a sentence of texts that are not laid out with spaces, "
        "or an item that is its text with characters left out, of all rows. Told by what was left: no proof, "
        "but rarely wrong. Info where no item holds or lacks such a character."
    )
    remedy: ClassVar[str] = (
        "read the source again in its own encoding (UTF-8 as a rule), and keep the characters that are no "
        "ASCII: medspan does in every format"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        for part in data.parts:
            spaces = not is_laid_out(row.text for row in part.rows)
            found = [lost for row in part.rows if (lost := _lost(row, spaces))]
            if found:
                yield self._finding(part, found)

    def _finding(self, part: Part, found: Sequence[_Lost]) -> Finding:
        kinds = sum((lost.kinds for lost in found), Counter[Kind]())
        told = ", ".join(f"{TOLD[kind]} {kinds[kind]:,}" for kind in KINDS if kinds[kind])
        in_items = sum(lost.in_items for lost in found)
        return self.finding(
            f"{len(found):,} of {len(part):,} rows of {part.name} ({percentage(len(found), len(part))}) seem "
            f"to have lost characters ({told}); items are concerned in {in_items:,} of them",
            len(found),
            len(part),
            split=part.name,
            cases=(_case(lost) for lost in found),
            severity="warning" if in_items else "info",
        )


def _lost(row: Row, spaces: bool) -> _Lost | None:
    """What the row lost, or None."""
    in_text = damages(row.text, spaces=spaces)
    items = [*row.listed, *(end for one in row.reference.relations for end in string_ends(one))]
    damaged = [item for item in dict.fromkeys(items) if _is_damaged(row, item)]
    if not in_text and not damaged:
        return None
    places = [place for item in items if isinstance(item, Mention) for place in item.segments]
    touched = any(start < one.end and one.start < end for one in in_text for start, end in places)
    kinds: Counter[Kind] = Counter(one.kind for one in in_text)
    kinds["dropped"] += len(damaged)
    quoted = [*(_around(row.text, one) for one in in_text), *map(_told, damaged)]
    marks = [(one.start, one.end) for one in in_text]
    marks += [place for item in damaged if isinstance(item, Mention) for place in item.segments]
    return _Lost(
        row, +kinds, tuple(dict.fromkeys(quoted)), tuple(sorted(set(marks))), bool(damaged) or touched
    )


def _is_damaged(row: Row, item: Item) -> bool:
    """Whether an item lost characters that its text has."""
    string = string_of(item)
    if string.casefold() in row.text.casefold():
        return _breaks_off(row, item)
    if damages(string, spaces=False):
        return True
    return isinstance(item, Mention) and lacks_characters(string, item.text)


def _breaks_off(row: Row, item: Item) -> bool:
    """Whether a listed string ends where its text goes on with a letter beyond ASCII: `Guillain-Barr`."""
    if row.reference.scope == "mention" or not isinstance(item, Mention) or not item.text.isascii():
        return False
    before, after = row.text[: item.start][-1:], row.text[item.end :][:1]
    return any(
        beyond.isalpha() and not beyond.isascii() and (edge.isalnum() or edge == "-")
        for beyond, edge in ((before, item.text[:1]), (after, item.text[-1:]))
    )


def _around(text: str, damage: Damage) -> str:
    """The damage with what stands around it up to the next blanks."""
    start, end = damage.start, damage.end
    while start > 0 and not text[start - 1].isspace():
        start -= 1
    while end < len(text) and not text[end].isspace():
        end += 1
    return repr(text[start:end])


def _told(item: Item) -> str:
    there = f" where the text has {item.text!r}" if isinstance(item, Mention) else ""
    return f"{string_of(item)!r}{there}" if string_of(item) != item.text else f"{item.text!r} breaks off"


def _case(lost: _Lost) -> Case:
    more = f" and {len(lost.quoted) - _SHOWN} more" if len(lost.quoted) > _SHOWN else ""
    return Case(f"{', '.join(lost.quoted[:_SHOWN])}{more}", lost.row.place, lost.row.text, lost.marks)
