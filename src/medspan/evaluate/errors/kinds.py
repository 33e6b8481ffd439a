"""The kinds of errors, in order of precedence, and what one error is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from medspan.core import Mention, Relation, UnalignedMention

ErrorSide = Literal["missed", "spurious"]
Group = Literal["entities", "relations"]
GROUPS: tuple[Group, ...] = ("entities", "relations")

MENTION_MEANINGS: Mapping[str, str] = {
    "boundary-partial": (
        "same type, and the prediction has some but not all words of the reference, or neither lies within "
        "the other"
    ),
    "boundary-longer": "same type, and the prediction has the whole reference and more",
    "boundary-shorter": "same type, and the prediction is cut out of the reference within a word",
    "type-confusion": "same place (text match: same string), another type",
    "boundary-and-type": "the places overlap, and both boundary and type differ",
    "special-character": (
        "same type, and the strings differ in hyphens, spaces, punctuation, accents or spelled-out Greek "
        "letters only"
    ),
    "letter-case": "same type, and the strings differ in letter case only",
    "abbreviation-or-synonym": (
        "same type, another string of the same concept id or, where one of the two has no id, its "
        "abbreviation as the text defines it"
    ),
    "near-miss-copy": "same type, and one string is a faulty copy of the other, and not in the text",
    "ungrounded": "the string has no place in the text, and resembles nothing on the other side",
    "annotation-inconsistency": (
        "the reference labels the same string elsewhere with this type (spurious), or leaves it unlabelled "
        "elsewhere (missed)"
    ),
    "spurious-grounded": "predicted, stands in the text, and none of the above",
    "missed": "in the reference, and none of the above",
}
"""Kinds of entity errors in order of precedence, each with its meaning in a sentence."""

RELATION_MEANINGS: Mapping[str, str] = {
    "direction-reversed": "same type, the ends the other way round, of a type that is not symmetric",
    "inverse-type": (
        "the ends the other way round under the inverse type, or of a symmetric type: it says the same "
        "as its counterpart"
    ),
    "wrong-type": "the same two ends, joined by another type",
    "endpoint-boundary": "same type, and an end overlaps with its counterpart without being the same",
    "endpoint-missing": "an end is itself missed or spurious: the error is inherited from the entities",
    "co-occurrence-only": "predicted between two right ends that no relation of the reference joins",
    "missed": "in the reference, both ends are predicted, and no predicted relation joins them",
}
"""Kinds of relation errors in order of precedence, each with its meaning in a sentence."""

MENTION_KINDS: tuple[str, ...] = tuple(MENTION_MEANINGS)
RELATION_KINDS: tuple[str, ...] = tuple(RELATION_MEANINGS)
KIND_MEANINGS: Mapping[Group, Mapping[str, str]] = {
    "entities": MENTION_MEANINGS,
    "relations": RELATION_MEANINGS,
}


@dataclass(frozen=True, slots=True)
class ItemError:
    """One false positive (`spurious`) or false negative (`missed`) and why it is one.

    `document` is the place of its example in the sequence that was classified. `other` is what the item
    was taken for on the other side; kinds that compare with nothing have none.
    """

    document: int
    side: ErrorSide
    group: Group
    kind: str
    item: Mention | UnalignedMention | Relation
    other: Mention | UnalignedMention | Relation | None = None
