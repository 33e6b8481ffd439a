"""The pairs of a document that its relation types may join, and which of them are labelled."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, product

from medspan.audit.data import Data, Row, string_of
from medspan.core import NO_CONCEPT, UNKNOWN_TYPE, Concept, Endpoint, Mention, RelationType, Segment
from medspan.text import bare_id, fold, occurrences

MOST_DOCUMENTS = 20_000
"""Documents that are looked at; of more, these are taken by the hash of their text."""
FEWEST_UNLABELLED = 30
UNLABELLED_PER_LABEL = 10
"""So many unlabelled pairs of a stratum are kept beside its labels, the larger of both; others are drawn."""

Pair = tuple[int, int]
"""Two entities of a document by their numbers, head first where only one order is legal."""
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Entity:
    """What a relation may join: a concept or a string, with every place in its document."""

    type: str
    name: str
    places: tuple[Segment, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """Pairs of one document that differ in nothing but what the text says: same relation and entity types.

    Pairs that are legal `both_ways` count once, labelled where either way is. `legal` and `labels` count
    all of them; `pairs` holds every labelled one and the others, or as many of them as are drawn, and
    nothing where no pair is labelled.
    """

    relation: str
    types: tuple[str, str]
    both_ways: bool
    pairs: tuple[Pair, ...]
    labelled: tuple[bool, ...]
    legal: int
    labels: int

    @property
    def tells(self) -> bool:
        """Whether there are labelled pairs and others to be told apart."""
        return 0 < self.labels < self.legal


@dataclass(frozen=True, slots=True)
class Counts:
    """Distinct (head, tail) of one relation type in one document, as scores count them.

    `legal` pairs of listed entities, those of them that are labelled, and all `labels`, legal or not.
    """

    legal: int
    labelled: int
    labels: int


@dataclass(frozen=True, slots=True, eq=False)
class PairedDocument:
    """A document, once however many rows ask about it, with its legal pairs.

    `cluster` is equal for documents of one group; `row` is one of the document's rows.
    """

    key: bytes
    cluster: bytes
    row: Row
    entities: tuple[Entity, ...]
    strata: tuple[Stratum, ...]
    counts: Mapping[str, Counts]


def paired_documents(data: Data) -> list[PairedDocument]:
    """Every distinct text with a reference, at most `MOST_DOCUMENTS`, chosen and ordered by their hash.

    Entities are those that rows of the text list, under whatever task, and endpoints of relations:
    concepts where a source joins concepts, else strings with their type (letter case and white space
    aside), since one string may be joined at any of its mentions.
    """
    sources = {
        row.example.source
        for row in data.rows
        if any(isinstance(end, Concept) for one in row.reference.relations for end in (one.head, one.tail))
    }
    referenced = [row for row in data.rows if row.example.reference is not None]
    looked_at = set(sorted({row.text_key for row in referenced})[:MOST_DOCUMENTS])
    rows: defaultdict[tuple[bytes, str], list[Row]] = defaultdict(list)
    for row in referenced:
        if row.text_key in looked_at:
            rows[row.text_key, row.text.lower()].append(row)
    types = data.schema.relation_types
    return [_paired(rows[key], types, sources) for key in sorted(rows)]


def _paired(rows: Sequence[Row], types: Sequence[RelationType], sources: set[str]) -> PairedDocument:
    listed: defaultdict[_Key, set[str]] = defaultdict(set)
    places: defaultdict[_Key, set[Segment]] = defaultdict(set)
    links: set[tuple[str, _Key, _Key]] = set()
    for row in rows:
        for key, type_, at in _listed(row, row.example.source in sources):
            listed[key].add(type_)
            places[key].update(at)
        for one in row.reference.relations:
            links.add((one.type, _key(one.head), _key(one.tail)))
    numbers = {key: at for at, key in enumerate(sorted(listed))}
    first = min(rows, key=lambda row: (not row.reference.relations, row.text, row.place))
    entities = tuple(_entity(first.text, key, min(listed[key]), sorted(places[key])) for key in numbers)
    cluster = first.group.encode("utf-8", "surrogatepass") if first.group else first.text_key
    strata: list[Stratum] = []
    counts: dict[str, Counts] = {}
    for relation in types:
        labels = {(head, tail) for name, head, tail in links if name == relation.name}
        legal = {
            (numbers[head], numbers[tail])
            for head, tail in labels
            if head in numbers and tail in numbers and head != tail
        }
        here, counted = _strata(relation, entities, legal, first.text_key.hex())
        strata += here
        counts[relation.name] = Counts(*counted, len(labels))
    hashed = hashlib.blake2b(cluster, digest_size=8).digest()
    return PairedDocument(first.text_key, hashed, first, entities, tuple(strata), counts)


def _strata(
    relation: RelationType, entities: Sequence[Entity], labels: set[Pair], seed: str
) -> tuple[list[Stratum], tuple[int, int]]:
    """The strata of one relation type, and its numbers of legal pairs and of those that are labelled."""
    by_type: defaultdict[str, list[int]] = defaultdict(list)
    for at, entity in enumerate(entities):
        by_type[entity.type].append(at)
    strata: list[Stratum] = []
    legal = labelled = 0
    for one, other in product(sorted(by_type), repeat=2):
        if not relation.allows(one, other):
            continue
        here = {pair for pair in labels if _types(entities, pair) == (one, other)}
        legal += len(by_type[one]) * (len(by_type[other]) - (one == other))
        labelled += len(here)
        both_ways = relation.allows(other, one)
        if both_ways and other < one:
            continue
        if both_ways:
            turned = {(tail, head) for head, tail in labels}
            here |= {pair for pair in turned if _types(entities, pair) == (one, other)}
        candidates = _Candidates(by_type[one], by_type[other], both_ways and one == other)
        if len(candidates):
            chance = random.Random(f"{seed} {relation.name} {one} {other}")
            pairs, marks = candidates.beside(here, chance)
            strata.append(
                Stratum(relation.name, (one, other), both_ways, pairs, marks, len(candidates), sum(marks))
            )
    return strata, (legal, labelled)


def _types(entities: Sequence[Entity], pair: Pair) -> tuple[str, str]:
    return entities[pair[0]].type, entities[pair[1]].type


def _entity(text: str, key: _Key, type_: str, places: Sequence[Segment]) -> Entity:
    return Entity(type_, text[slice(*places[0])] if places else key[-1], tuple(places))


def _listed(row: Row, of_concepts: bool) -> Iterator[tuple[_Key, str, Iterable[Segment]]]:
    """What a row lists or joins, with its type and places."""
    reference = row.reference
    ends = (end for one in reference.relations for end in (one.head, one.tail))
    items: Iterable[Endpoint] = (*reference.mentions, *reference.unaligned)
    for item in items if of_concepts else (*items, *ends):
        if isinstance(item, Concept) or item.type == UNKNOWN_TYPE:
            continue
        places: Iterable[Segment] = ()
        if isinstance(item, Mention):
            everywhere = reference.scope == "string" and not of_concepts
            places = _everywhere(row.text, item.text) if everywhere else [(item.start, item.end)]
        if not of_concepts:
            yield _key(item), item.type, places
        for concept in item.concepts if of_concepts else ():
            if concept and concept != NO_CONCEPT:
                yield ("concept", bare_id(concept)), item.type, places


def _key(end: Endpoint) -> _Key:
    if isinstance(end, Concept):
        return ("concept", bare_id(end.id))
    return ("string", end.type, fold(string_of(end)))


def _everywhere(text: str, string: str) -> tuple[Segment, ...]:
    lower = text.lower()
    # A few letters change their length in lower case, and with it every place after them.
    return occurrences(lower, string.lower()) if len(lower) == len(text) else occurrences(text, string)


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The legal pairs of two lists of entities, by number, so that they need not all be made."""

    heads: Sequence[int]
    tails: Sequence[int]
    unordered: bool
    """Pairs within one list, each once."""

    def __len__(self) -> int:
        if self.heads is not self.tails:
            return len(self.heads) * len(self.tails)
        return len(self.heads) * (len(self.heads) - 1) // (2 if self.unordered else 1)

    def beside(self, labels: set[Pair], chance: random.Random) -> tuple[tuple[Pair, ...], tuple[bool, ...]]:
        """The labelled pairs with others drawn beside them, in order, and which are which."""
        if self.unordered:
            labels = {(min(pair), max(pair)) for pair in labels}
        most = max(FEWEST_UNLABELLED, UNLABELLED_PER_LABEL * len(labels))
        others = (pair for pair in self._drawn(most + len(labels), chance) if pair not in labels)
        pairs = tuple(sorted((*labels, *islice(others, most)))) if labels else ()
        return pairs, tuple(pair in labels for pair in pairs)

    def _drawn(self, count: int, chance: random.Random) -> Iterator[Pair]:
        every = range(len(self.heads) * len(self.tails))
        # Of the pairs of a list with itself less than half are legal.
        for at in chance.sample(every, min(len(every), 3 * count)):
            pair = self.heads[at // len(self.tails)], self.tails[at % len(self.tails)]
            if pair[0] != pair[1] and not (self.unordered and pair[1] < pair[0]):
                yield pair
