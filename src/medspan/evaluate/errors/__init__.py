"""Why an item is missed or spurious: one kind for each error, and what mending a kind would gain."""

from medspan.evaluate.errors.classify import classify, default_match
from medspan.evaluate.errors.kinds import (
    KIND_MEANINGS,
    MENTION_KINDS,
    MENTION_MEANINGS,
    RELATION_KINDS,
    RELATION_MEANINGS,
    ItemError,
)
from medspan.evaluate.errors.taxonomy import ErrorExample, GroupErrors, KindErrors, Taxonomy, taxonomy

__all__ = [
    "KIND_MEANINGS",
    "MENTION_KINDS",
    "MENTION_MEANINGS",
    "RELATION_KINDS",
    "RELATION_MEANINGS",
    "ErrorExample",
    "GroupErrors",
    "ItemError",
    "KindErrors",
    "Taxonomy",
    "classify",
    "default_match",
    "taxonomy",
]
