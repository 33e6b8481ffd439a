"""Corpora whose relation labels are replaced by random legal pairs."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from medspan.core import NO_CONCEPT, Concept, Endpoint, Example, Relation, Schema
from medspan.text import bare_id, fold


def with_random_labels(
    examples: Iterable[Example],
    share: float = 1.0,
    *,
    seed: int = 0,
    relations: Collection[str] | None = None,
    by_mentions: bool = False,
) -> list[Example]:
    """The examples with this share of their relations replaced by pairs drawn from the legal ones.

    Only of the types `relations`, all without; `by_mentions` draws pairs in proportion to the number of
    mentions of both ends, as if mentions were drawn. Pairs drawn twice count once.
    """
    examples = list(examples)
    schema = Schema.infer((one.task, one.reference) for one in examples if one.reference)
    chance = random.Random(seed)
    return [_redrawn(one, schema, share, chance, relations, by_mentions) for one in examples]


def _redrawn(
    example: Example,
    schema: Schema,
    share: float,
    chance: random.Random,
    relations: Collection[str] | None,
    by_mentions: bool,
) -> Example:
    reference = example.reference
    assert reference is not None
    ends, counts = _ends(example)
    drawn: list[Relation] = []
    for one in reference.relations:
        if (relations is not None and one.type not in relations) or chance.random() >= share:
            drawn.append(one)
            continue
        type_ = schema.relation(one.type)
        legal = [
            (head, tail) for head in ends for tail in ends if head != tail and type_.allows(head[0], tail[0])
        ]
        weights = [counts[head] * counts[tail] for head, tail in legal] if by_mentions else None
        head, tail = chance.choices(legal, weights)[0]
        drawn.append(Relation(ends[head], ends[tail], one.type))
    return replace(example, reference=replace(reference, relations=tuple(dict.fromkeys(drawn))))


def _ends(example: Example) -> tuple[dict[tuple[str, str], Endpoint], Counter[tuple[str, str]]]:
    reference = example.reference
    assert reference is not None
    of_concepts = any(mention.concepts for mention in reference.mentions)
    ends: dict[tuple[str, str], Endpoint] = {}
    counts: Counter[tuple[str, str]] = Counter()
    for mention in reference.mentions:
        found: Sequence[tuple[str, Endpoint]] = [(fold(mention.text), mention)]
        if of_concepts:
            found = [(bare_id(one), Concept(bare_id(one))) for one in mention.concepts if one != NO_CONCEPT]
        for name, end in found:
            ends.setdefault((mention.type, name), end)
            counts[mention.type, name] += 1
    return ends, counts
