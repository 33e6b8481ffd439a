"""The baseline that reads nothing: every type-legal pair of the true entities is a relation."""

from __future__ import annotations

from collections.abc import Iterable

from medspan.core import Annotation, Concept, Example, Schema
from medspan.text import fold

Item = tuple[str, str, str]


def all_legal_pairs_baseline(examples: Iterable[Example], schema: Schema) -> dict[str, float | None]:
    """Precision, recall and F1 (micro, `text` match) of predicting all legal pairs of each document.

    Per document, strings are folded and pairs counted once; relations between concepts have no strings
    and are left out. A score whose denominator is 0 is None.
    """
    true = predicted = reference = 0
    for example in examples:
        if example.reference is None:
            continue
        stated = _stated_pairs(example.reference)
        legal = _legal_pairs(example.reference, schema)
        true += len(stated & legal)
        predicted += len(legal)
        reference += len(stated)
    return {
        "precision": true / predicted if predicted else None,
        "recall": true / reference if reference else None,
        "f1": 2 * true / (predicted + reference) if predicted + reference else None,
    }


def _stated_pairs(reference: Annotation) -> set[Item]:
    return {
        (fold(relation.head.text), relation.type, fold(relation.tail.text))
        for relation in reference.relations
        if not isinstance(relation.head, Concept) and not isinstance(relation.tail, Concept)
    }


def _legal_pairs(reference: Annotation, schema: Schema) -> set[Item]:
    entities = {(mention.type, fold(mention.text)) for mention in reference.mentions}
    return {
        (head, relation.name, tail)
        for relation in schema.relation_types
        for head_type, head in entities
        for tail_type, tail in entities
        if (head_type, head) != (tail_type, tail) and relation.allows(head_type, tail_type)
    }
