"""What was read from a file or split: the examples, and the rows that could not be used."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from medspan.core import Annotation, Example, Mention, Place, UnalignedMention


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was left out: where it stands, why, and how it begins."""

    place: Place
    reason: str
    row: str

    def to_json(self) -> dict[str, Any]:
        return {"file": self.place.file, "row": self.place.row, "reason": self.reason, "text": self.row}


@dataclass(frozen=True, slots=True)
class Corpus:
    """Examples of one split with the format and files they came from.

    `ignored` names files of a folder that claim the same split but are in no readable format.
    """

    examples: tuple[Example, ...]
    format: str
    files: tuple[str, ...]
    rejected: tuple[Rejected, ...] = ()
    ignored: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.examples)

    def __iter__(self) -> Iterator[Example]:
        return iter(self.examples)

    def counts(self) -> dict[str, Any]:
        """What `Counts` says of all examples."""
        found = Counts()
        for example in self.examples:
            found.add(example)
        return found.to_json()


class Counts:
    """Documents, listed mentions and relations by type, and what found no place.

    Counted over the reference annotation, the predicted one where there is no reference.
    `unaligned` and `aligned_by` cover listed mentions and endpoints that are listed nowhere.
    """

    def __init__(self) -> None:
        self.documents = self.unaligned = self.unparsed = 0
        self.mentions: Counter[str] = Counter()
        self.relations: Counter[str] = Counter()
        self.aligned_by: Counter[str] = Counter()

    def add(self, example: Example) -> None:
        """Count one more example."""
        self.documents += 1
        annotation = example.reference or example.predicted
        if annotation is None:
            return
        self.mentions.update(mention.type for mention in annotation.mentions)
        self.relations.update(relation.type for relation in annotation.relations)
        self.unparsed += len(annotation.unparsed)
        for item in (*annotation.mentions, *annotation.unaligned, *unlisted_endpoints(annotation)):
            if isinstance(item, Mention):
                self.aligned_by[item.aligned_by] += 1
            else:
                self.unaligned += 1

    def join(self, other: Counts) -> None:
        """Add what another has counted."""
        self.documents += other.documents
        self.unaligned += other.unaligned
        self.unparsed += other.unparsed
        self.mentions += other.mentions
        self.relations += other.relations
        self.aligned_by += other.aligned_by

    def to_json(self) -> dict[str, Any]:
        return {
            "documents": self.documents,
            "mentions": dict(sorted(self.mentions.items())),
            "relations": dict(sorted(self.relations.items())),
            "unaligned": self.unaligned,
            "unparsed": self.unparsed,
            "aligned_by": dict(sorted(self.aligned_by.items())),
        }


def unlisted_endpoints(annotation: Annotation) -> tuple[Mention | UnalignedMention, ...]:
    """Endpoints of relations whose string is no listed entity, one for each time they are used."""
    items: tuple[Mention | UnalignedMention, ...] = (*annotation.mentions, *annotation.unaligned)
    listed = {item.text.lower() for item in items}
    ends = (end for relation in annotation.relations for end in (relation.head, relation.tail))
    return tuple(
        end for end in ends if isinstance(end, (Mention, UnalignedMention)) and end.text.lower() not in listed
    )
