"""Whether the strings that a source writes stand in their text, letter case aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TypeAlias

from medspan.audit.data import Row, string_of
from medspan.core import Case, Concept, Mention, Relation, UnalignedMention
from medspan.text import fold, has_word

Item: TypeAlias = Mention | UnalignedMention

COSTLY = 0.01
"""From this share on, what no extraction can find takes a point of recall: what models differ by."""

NOTHING = frozenset({"none", "none found", "n/a", "null", "nan"})
"""Words that programs write where there is nothing to write."""

_KINDS = {
    "hyphen": "hyphens or spaces",
    "fuzzy": "nearly the same",
    "other": "otherwise written",
    "nowhere": "nowhere",
}


def is_blank(string: str) -> bool:
    """Whether a string names nothing: it has no word character, or is one of `NOTHING`."""
    return not has_word(string) or fold(string).strip(".") in NOTHING


def string_ends(relation: Relation) -> tuple[Item, ...]:
    """The endpoints that are strings or places of the text, head first; concepts are left out."""
    return tuple(end for end in (relation.head, relation.tail) if not isinstance(end, Concept))


def not_verbatim(row: Row, items: Iterable[Item]) -> list[Item]:
    """Those whose string, as the source wrote it, is no case-insensitive substring of the row's text.

    Blank ones aside. Where mentions stand for their own place (offsets), those that have one are in the
    text by definition.
    """
    by_place = row.reference.scope == "mention"
    text = row.text.casefold()
    return [
        item
        for item in items
        if not (by_place and isinstance(item, Mention))
        and not is_blank(string_of(item))
        and string_of(item).strip().casefold() not in text
    ]


def percentage(count: int, of: int) -> str:
    """A share with one decimal; a smaller one as such, since it is not none."""
    return "under 0.1%" if count < 0.0005 * of else f"{count / of:.1%}"


def kind_of(item: Item) -> str:
    """How a string that is not verbatim differs from its text: `hyphen`, `fuzzy`, `other` or `nowhere`."""
    if isinstance(item, UnalignedMention):
        return "nowhere"
    return item.aligned_by if item.aligned_by in _KINDS else "other"


def told_kinds(items: Iterable[Item]) -> str:
    """How many differ in which way: `hyphens or spaces 366, nowhere 3`."""
    counts = Counter(map(kind_of, items))
    return ", ".join(f"{told} {counts[kind]:,}" for kind, told in _KINDS.items() if counts[kind])


def case_of(row: Row, item: Item) -> Case:
    """What the source wrote and what its text has, highlighted where it was found."""
    if isinstance(item, UnalignedMention):
        return Case(f"{string_of(item)!r} is nowhere in the text", row.place, row.text)
    return Case(
        f"{string_of(item)!r} is written {item.text!r} in the text", row.place, row.text, item.segments
    )
