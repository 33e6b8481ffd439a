"""Which types exist and which pairs of them a relation may join."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from medspan.core.document import UNKNOWN_TYPE, Annotation, Concept, Endpoint


@dataclass(frozen=True, slots=True)
class RelationType:
    """A relation type with its legal (head type, tail type) pairs; no pair listed means any pair.

    `symmetric`: head and tail may change places. `inverse`: the type that says the same backwards.
    """

    name: str
    pairs: tuple[tuple[str, str], ...] = ()
    symmetric: bool = False
    inverse: str | None = None

    def allows(self, head: str, tail: str) -> bool:
        return not self.pairs or (head, tail) in self.pairs or (self.symmetric and (tail, head) in self.pairs)


@dataclass(frozen=True, slots=True)
class Schema:
    """Entity types, relation types and tasks.

    `tasks` maps a task's name to the entity and relation types that it asks for; data that asks
    one question about each text has none.
    """

    entity_types: tuple[str, ...] = ()
    relation_types: tuple[RelationType, ...] = ()
    tasks: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def __post_init__(self) -> None:
        for kind, names in (
            ("entity type", self.entity_types),
            ("relation type", [relation.name for relation in self.relation_types]),
        ):
            doubled = {name for name in names if list(names).count(name) > 1}
            if doubled:
                raise ValueError(f"{kind} {sorted(doubled)[0]!r} is listed twice")

    def relation(self, name: str) -> RelationType:
        for relation in self.relation_types:
            if relation.name == name:
                return relation
        raise KeyError(name)

    def labels(self, task: str | None = None) -> tuple[str, ...]:
        """The types that `task` asks for, entity types first; all of them without a task."""
        every = (*self.entity_types, *(relation.name for relation in self.relation_types))
        asked = dict(self.tasks).get(task) if task is not None else None
        return every if asked is None else tuple(label for label in every if label in asked)

    @classmethod
    def infer(cls, annotations: Iterable[tuple[str | None, Annotation]]) -> Schema:
        """The smallest schema that holds these (task, annotation) pairs; types in order of name.

        Types of endpoints that are listed nowhere as entities belong to the legal pairs only.
        Symmetry and inverses are not guessed: state them in a schema file.
        """
        entities: set[str] = set()
        pairs: dict[str, set[tuple[str, str]]] = {}
        tasks: dict[str, set[str]] = {}
        for task, annotation in annotations:
            here = {mention.type for mention in annotation.mentions}
            here |= {mention.type for mention in annotation.unaligned}
            entities |= here
            concept_types = {
                concept: mention.type for mention in annotation.mentions for concept in mention.concepts
            }
            for relation in annotation.relations:
                here.add(relation.type)
                ends = (
                    endpoint_type(relation.head, concept_types),
                    endpoint_type(relation.tail, concept_types),
                )
                known = pairs.setdefault(relation.type, set())
                if ends[0] and ends[1] and UNKNOWN_TYPE not in ends:
                    known.add((ends[0], ends[1]))
            if task is not None:
                tasks.setdefault(task, set()).update(here)
        return cls(
            tuple(sorted(entities)),
            tuple(RelationType(name, tuple(sorted(known))) for name, known in sorted(pairs.items())),
            tuple((task, tuple(sorted(labels))) for task, labels in sorted(tasks.items())),
        )

    def to_json(self) -> dict[str, Any]:
        return {
            "entity_types": list(self.entity_types),
            "relation_types": [
                {
                    "name": relation.name,
                    "pairs": [list(pair) for pair in relation.pairs],
                    "symmetric": relation.symmetric,
                    "inverse": relation.inverse,
                }
                for relation in self.relation_types
            ],
            "tasks": {task: list(labels) for task, labels in self.tasks},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Schema:
        return cls(
            tuple(data["entity_types"]),
            tuple(
                RelationType(
                    item["name"],
                    tuple((head, tail) for head, tail in item.get("pairs", ())),
                    item.get("symmetric", False),
                    item.get("inverse"),
                )
                for item in data["relation_types"]
            ),
            tuple((task, tuple(labels)) for task, labels in data.get("tasks", {}).items()),
        )


def endpoint_type(endpoint: Endpoint, concept_types: Mapping[str, str] | None = None) -> str | None:
    """The entity type of an endpoint; a concept's from its mentions where it carries none."""
    if isinstance(endpoint, Concept):
        return endpoint.type or (concept_types or {}).get(endpoint.id)
    return endpoint.type
