"""What each document adds to the scores."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from medspan.core import Concept, Endpoint, Example, Mention, Relation, Schema, UnalignedMention
from medspan.evaluate.directions import Directions
from medspan.evaluate.mentions import mention_outcome
from medspan.evaluate.outcome import HOWS, MATCHES, Counts, How, Kind, Outcome
from medspan.evaluate.relations import links_concepts, relation_outcome
from medspan.evaluate.sides import Pair, concept_ids, gives_ids, has_ids, listed
from medspan.text import fold

Part = Literal["seen", "unseen"]
PARTS: tuple[Part, ...] = ("seen", "unseen")
SEEN_HOWS: tuple[How, ...] = ("text", "strict")
"""The matches that are told apart by seen and unseen strings."""

Key = tuple[How, Kind, str]


@dataclass(frozen=True, slots=True)
class DocumentCounts:
    """What one document adds: (true positives, false positives, false negatives) by match, kind and type.

    `parts`: the same for items whose strings the training part holds, and for the others; empty
    without a training part.
    """

    id: str
    task: str | None
    counts: Mapping[Key, Counts] = field(default_factory=dict, hash=False)
    parts: Mapping[Part, Mapping[Key, Counts]] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class SeenStrings:
    """The folded strings and concept ids that stand in the reference of a training part."""

    strings: frozenset[str]
    concepts: frozenset[str]

    @classmethod
    def of(cls, training: Iterable[Example]) -> SeenStrings:
        strings: set[str] = set()
        concepts: set[str] = set()
        for example in training:
            if example.reference is None:
                continue
            ends = (end for one in example.reference.relations for end in (one.head, one.tail))
            for item in (*listed(example.reference), *ends):
                concepts.update(concept_ids(item))
                if not isinstance(item, Concept):
                    strings.add(fold(item.text))
        return cls(frozenset(strings), frozenset(concepts))

    def part(self, item: Mention | UnalignedMention | Relation) -> Part:
        """`seen` where the item's string, or both ends of a relation, stand in the training part."""
        ends: tuple[Endpoint, ...] = (item.head, item.tail) if isinstance(item, Relation) else (item,)
        return "seen" if all(self._holds(end) for end in ends) else "unseen"

    def _holds(self, end: Endpoint) -> bool:
        if isinstance(end, Concept):
            return not self.concepts.isdisjoint(concept_ids(end))
        return fold(end.text) in self.strings


def count_documents(
    examples: Sequence[Example],
    *,
    hows: Sequence[How] = HOWS,
    schema: Schema | None = None,
    training: Sequence[Example] | None = None,
) -> tuple[DocumentCounts, ...]:
    """The counts of each document, in the order of `examples`.

    `schema` says which relation types are symmetric or inverse; `training` which strings were seen.
    The match `concept` counts nothing where the reference has no concept ids.
    """
    directions = Directions.of(schema)
    seen = None if training is None else SeenStrings.of(training)
    asked = _asked(examples, hows)
    own_ids = predicted_ids(examples)
    # Equal counts are kept once: most documents add one of a few.
    known: dict[Counts, Counts] = {}
    keys: dict[Key, Key] = {}
    rows = []
    for example, linked in zip(examples, links_concepts(examples), strict=True):
        pair = Pair.of(example, own_ids)
        counts: dict[Key, Counts] = {}
        parts: dict[Part, dict[Key, Counts]] = {}
        for kind, how in asked:
            outcome = (
                mention_outcome(pair, how)
                if kind == "entities"
                else relation_outcome(pair, how, linked=linked, directions=directions)
            )
            for type, cell in outcome.counts().items():
                key = how, kind, type
                counts[keys.setdefault(key, key)] = known.setdefault(cell, cell)
            if seen is not None and how in SEEN_HOWS:
                for part, cells in _by_part(outcome, seen).items():
                    for type, cell in cells.items():
                        key = how, kind, type
                        parts.setdefault(part, {})[keys.setdefault(key, key)] = known.setdefault(cell, cell)
        rows.append(DocumentCounts(example.id, example.task, counts, parts))
    return tuple(rows)


def predicted_ids(examples: Sequence[Example]) -> bool:
    """Whether predicted mentions are brought to concepts by their own ids: where at least half have one."""
    return gives_ids(one.predicted for one in examples if one.predicted is not None)


def by_concept(examples: Sequence[Example]) -> bool:
    """Whether there is anything to count under the match `concept`."""
    return has_ids(one.reference for one in examples if one.reference is not None)


def _asked(examples: Sequence[Example], hows: Sequence[How]) -> list[tuple[Kind, How]]:
    concepts = by_concept(examples)
    return [
        (kind, how)
        for kind, known in MATCHES.items()
        for how in known
        if how in hows and (how != "concept" or concepts)
    ]


def _by_part(
    outcome: Outcome[Mention | UnalignedMention] | Outcome[Relation], seen: SeenStrings
) -> dict[Part, dict[str, Counts]]:
    found: dict[Part, dict[str, list[float]]] = {}
    for column, items in enumerate((outcome.found, outcome.spurious, outcome.missed)):
        for item in items:
            cells = found.setdefault(seen.part(item), {})
            cells.setdefault(item.type, [0, 0, 0])[column] += 1
    return {
        part: {type: (cell[0], cell[1], cell[2]) for type, cell in cells.items()}
        for part, cells in found.items()
    }
