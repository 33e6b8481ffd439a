"""From relations between concepts to relations between mentions, and back: asked for, never by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Literal

from medspan.core import Annotation, Concept, Example, Mention, Relation, UnalignedMention
from medspan.core.document import NO_CONCEPT
from medspan.text import bare_id

Level = Literal["as-read", "mention", "concept"]
LEVELS: tuple[Level, ...] = ("as-read", "mention", "concept")


class AtLevel:
    """Examples with their relations brought to one level; may be gone through several times.

    `mention`: a relation of two concepts becomes one of every mention of the first with every mention
    of the second, as BigBio does for BC5CDR. `concept`: a relation of two mentions becomes one of
    every concept of the first with every concept of the second, each once a document. What has no
    counterpart (`id-not-resolved`: no mention carries the id; `mention-without-id`) stays as it is.
    `counts` says how many relations there were of each kind and what arose from them.
    """

    def __init__(self, examples: Iterable[Example], level: Level):
        self._examples, self._level = examples, level
        self.counts: Counter[str] = Counter()

    def __iter__(self) -> Iterator[Example]:
        self.counts.clear()
        for example in self._examples:
            yield replace(
                example,
                reference=self._brought(example.reference),
                predicted=self._brought(example.predicted),
            )

    def _brought(self, annotation: Annotation | None) -> Annotation | None:
        if annotation is None or self._level == "as-read":
            return annotation
        found: list[Relation] = []
        made: set[Relation] = set()
        for relation in annotation.relations:
            moved = self._one(relation, annotation)
            if moved is None:
                found.append(relation)
                continue
            new = [one for one in dict.fromkeys(moved) if one not in made]
            made.update(new)
            found += new
            self.counts[f"{self._level} relations"] += len(new)
        return replace(annotation, relations=tuple(found))

    def _one(self, relation: Relation, annotation: Annotation) -> list[Relation] | None:
        """What a relation becomes; None where it stays."""
        ends: list[Sequence[Mention | Concept]]
        if self._level == "mention":
            ends = [_mentions_of(end, annotation) for end in (relation.head, relation.tail)]
            source, missing = "concept", "id-not-resolved"
            moved = isinstance(relation.head, Concept) or isinstance(relation.tail, Concept)
        else:
            ends = [_concepts_of(end) for end in (relation.head, relation.tail)]
            source, missing = "mention", "mention-without-id"
            moved = not (isinstance(relation.head, Concept) and isinstance(relation.tail, Concept))
        if not moved:
            return None
        heads, tails = ends
        if not heads or not tails:
            self.counts[missing] += 1
            return None
        self.counts[f"{source} relations"] += 1
        return [replace(relation, head=head, tail=tail) for head in heads for tail in tails if head != tail]


def _mentions_of(end: Mention | UnalignedMention | Concept, annotation: Annotation) -> list[Mention]:
    if isinstance(end, UnalignedMention):
        return []
    if isinstance(end, Mention):
        return [end]
    wanted = bare_id(end.id)
    return [
        mention
        for mention in annotation.mentions
        if wanted in map(bare_id, mention.concepts) and end.type in (None, mention.type)
    ]


def _concepts_of(end: Mention | UnalignedMention | Concept) -> list[Concept]:
    if isinstance(end, Concept):
        return [end]
    return [Concept(concept) for concept in end.concepts if concept != NO_CONCEPT]
