"""Compare the relations of a document under each match."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from medspan.core import UNKNOWN_TYPE, Annotation, Concept, Endpoint, Example, Mention, Relation
from medspan.evaluate.directions import NO_DIRECTIONS, Directions
from medspan.evaluate.outcome import How, Judged, Outcome, outcome_of, rank
from medspan.evaluate.overlaps import Place, one_to_one, shares_characters
from medspan.evaluate.sides import Pair, Side, concept_ids
from medspan.text import bare_id, fold

_Key = tuple[Hashable, ...]
_Ends = frozenset[_Key]
_RelationKey = tuple[_Ends, str, _Ends]


def match_relations(
    example: Example,
    how: How,
    *,
    linked: bool,
    directions: Directions = NO_DIRECTIONS,
    own_ids: bool | None = None,
) -> Outcome[Relation]:
    """Compare the relations of one document; `MEANINGS` says in a sentence what each match asks for.

    `text`: a relation is (folded head text, type, folded tail text). `strict`: (head place, head type,
    type, tail place, tail type), where an endpoint of scope `string` stands for all occurrences of
    its string, and two endpoints agree where they share a place and a type: SpERT's evaluation with
    entity types. `span`: the same without the types of the ends: SpERT's without. `relaxed`: what `strict`
    finds, then what `span` finds of the rest, then a largest one-to-one matching of what is left by type
    and a shared character at both ends.
    `concept`: ends are the concept ids that they come to (`Pair.linked`), or their strings where they
    come to none. Of a symmetric type the ends may change places, and of two inverse types one stands for
    both, where `directions` says so.

    Reference endpoints that are concepts are met by **gold linking**: a predicted endpoint counts as
    every concept one of whose reference mentions in this document has the same folded string (ids of
    predicted mentions are looked at by `concept` only). Predictions that come to the same concepts count
    once. A string of several concepts (a composite) finds each reference pair it can reach, and is one
    false positive if it reaches none. What links to nothing is a false positive under its own strings. In
    `strict` the endpoint's type must be the concept's as well; an endpoint of unknown type, and a
    concept whose type nothing tells, fit any. In `relaxed` a concept stands where its mentions stand.

    `linked` turns gold linking on; see `links_concepts`.
    """
    return relation_outcome(Pair.of(example, own_ids), how, linked=linked, directions=directions)


def relation_outcome(
    pair: Pair, how: How, *, linked: bool, directions: Directions = NO_DIRECTIONS
) -> Outcome[Relation]:
    """As `match_relations`, of a document that is prepared already."""
    if not pair.reference.annotation.relations and not pair.predicted.annotation.relations:
        return Outcome()
    sides = pair.reference.annotation.relations, pair.predicted.annotation.relations
    if how != "relaxed":
        return outcome_of(*_judge(_View(pair, how, linked, directions), *sides))
    outcome: Outcome[Relation] = Outcome((), *sides)
    for stage in ("strict", "span"):
        view = _View(pair, stage, linked, directions)
        found = outcome_of(*_judge(view, outcome.missed, outcome.spurious))
        outcome = Outcome((*outcome.found, *found.found), found.missed, found.spurious)
    return _with_overlaps(outcome, view) if outcome.missed and outcome.spurious else outcome


def judge_relations(
    example: Example, how: How, *, linked: bool, directions: Directions = NO_DIRECTIONS
) -> tuple[Mapping[_RelationKey, Relation], list[Judged[Relation]]]:
    """The reference's relations by their keys, and each predicted one with what it finds of them.

    For the matches that compare keys: all but `relaxed`.
    """
    pair = Pair.of(example)
    view = _View(pair, how, linked, directions)
    return _judge(view, pair.reference.annotation.relations, pair.predicted.annotation.relations)


def links_concepts(examples: Iterable[Example]) -> list[bool]:
    """For each document, whether predicted endpoints are brought to concepts by gold linking.

    They are where the document's reference relations join concepts, or where it has no reference
    relation and those of the other documents do.
    """
    own = [_joins_concepts(example.reference) for example in examples]
    anywhere = any(own)
    return [anywhere if joins is None else joins for joins in own]


def _joins_concepts(annotation: Annotation | None) -> bool | None:
    if annotation is None or not annotation.relations:
        return None
    ends = (end for relation in annotation.relations for end in (relation.head, relation.tail))
    return any(isinstance(end, Concept) for end in ends)


def _judge(
    view: _View, references: Iterable[Relation], predictions: Iterable[Relation]
) -> tuple[dict[_RelationKey, Relation], list[Judged[Relation]]]:
    wanted: dict[_RelationKey, Relation] = {}
    by_type: dict[str, list[_RelationKey]] = {}
    for relation in filter(_names_both_ends, references):
        key = view.key(relation, view.pair.reference)
        if key not in wanted:
            wanted[key] = relation
            by_type.setdefault(key[1], []).append(key)
        elif rank(relation) < rank(wanted[key]):
            wanted[key] = relation
    judged: list[Judged[Relation]] = []
    known: dict[_RelationKey, frozenset[_RelationKey]] = {}
    for relation in filter(_names_both_ends, predictions):
        key = view.key(relation, view.pair.predicted)
        hits = known.get(key)
        if hits is None:
            hits = frozenset(other for other in by_type.get(key[1], ()) if view.agree(key, other))
            known[key] = hits
        judged.append(Judged(relation, hits, (_identity(key[0]), key[1], _identity(key[2]))))
    return wanted, judged


def _names_both_ends(relation: Relation) -> bool:
    """Blank ends name nothing: such a relation is on neither side."""
    return all(
        isinstance(end, Concept) or (not end.text.isspace() and end.text != "")
        for end in (relation.head, relation.tail)
    )


@dataclass(slots=True)
class _View:
    """One document as the relations of both sides are brought to comparable keys."""

    pair: Pair
    how: How
    linked: bool
    directions: Directions
    concepts: dict[str, dict[str, None]] = field(default_factory=dict)
    types: dict[str, set[str]] = field(default_factory=dict)
    _ends: dict[tuple[Hashable, str], _Ends] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.linked or self.how == "concept":
            return
        self.concepts = self.pair.concepts
        # The prediction tells the types of a predicted concept that the reference does not mention.
        self.types = {**_types(self.pair.predicted), **_types(self.pair.reference)}

    def key(self, relation: Relation, side: Side) -> _RelationKey:
        head, type, tail = self.directions.written(relation.head, relation.type, relation.tail)
        ends = self._endpoint(head, side), self._endpoint(tail, side)
        if type in self.directions.symmetric and _order(ends[1]) < _order(ends[0]):
            ends = ends[1], ends[0]
        return ends[0], type, ends[1]

    def agree(self, one: _RelationKey, other: _RelationKey) -> bool:
        """Whether two relations of one type are the same."""
        if not one[0].isdisjoint(other[0]) and not one[2].isdisjoint(other[2]):
            return True
        if one[1] not in self.directions.symmetric:
            return False
        return not one[0].isdisjoint(other[2]) and not one[2].isdisjoint(other[0])

    def _endpoint(self, end: Endpoint, side: Side) -> _Ends:
        """Keys of which one must be shared for two endpoints to agree."""
        known: tuple[Hashable, str] = id(end), side.name
        if side.annotation.scope == "string" and isinstance(end, Mention) and len(end.segments) == 1:
            known = (end.text, end.type, end.concepts), side.name
        found = self._ends.get(known)
        if found is None:
            make = self._by_concept if self.how == "concept" else self._by_place_or_text
            found = self._ends[known] = frozenset(make(end, side))
        return found

    def _by_concept(self, end: Endpoint, side: Side) -> Iterator[_Key]:
        ids = self.pair.linked(side, end)
        for concept in ids:
            yield "concept", concept
        # A reference end without an id is met by its string, whatever that string links to.
        linked = side.name == "predicted" and not self.pair.own_ids
        if not ids or linked:
            yield "text", end.id if isinstance(end, Concept) else fold(end.text)

    def _by_place_or_text(self, end: Endpoint, side: Side) -> Iterator[_Key]:
        strict = self.how == "strict"
        if isinstance(end, Concept):
            bare = bare_id(end.id)
            known: Iterable[str | None] = {end.type} if end.type else self.types.get(bare, {None})
            for type in known:
                yield "concept", bare, type if strict else None
            if side.name == "predicted":
                # A reference concept whose type nothing tells fits any.
                yield "concept", bare, None
            return
        its = end.type if strict else None
        if self.how == "text":
            yield "text", fold(end.text)
        elif isinstance(end, Mention):
            for place in side.places(end):
                yield "place", place, its
        else:
            yield side.name, fold(end.text), its
        if side.name == "predicted" and self.concepts:
            for concept in self.concepts.get(fold(end.text), ()):
                yield "concept", concept, its
                yield "concept", concept, None
                if its == UNKNOWN_TYPE:
                    for type in self.types[concept]:
                        yield "concept", concept, type


def _types(side: Side) -> dict[str, set[str]]:
    """The types of each concept's mentions, and of the ends that name it."""
    types: dict[str, set[str]] = {}
    ends = (end for one in side.annotation.relations for end in (one.head, one.tail))
    for item in (*(item for item, _ in side.items), *ends):
        for concept in concept_ids(item):
            if item.type:
                types.setdefault(concept, set()).add(item.type)
    return types


def _identity(keys: _Ends) -> _Ends:
    """The concepts among `keys`, or all where there is none: what two equal false positives share."""
    return frozenset(key for key in keys if key[0] == "concept") or keys


def _order(keys: _Ends) -> list[str]:
    return sorted(map(repr, keys))


def _with_overlaps(outcome: Outcome[Relation], view: _View) -> Outcome[Relation]:
    missed = _sorted([_Spread.of(one, view, view.pair.reference) for one in outcome.missed])
    spurious = _sorted([_Spread.of(one, view, view.pair.predicted) for one in outcome.spurious])
    edges = [
        [number for number, other in enumerate(spurious) if one.touches(other, view.directions)]
        for one in missed
    ]
    pairs = one_to_one(edges)
    if not pairs:
        return outcome
    met = {id(missed[one].relation) for one, _ in pairs}
    used = {id(spurious[other].relation) for _, other in pairs}
    return Outcome(
        (*outcome.found, *(one for one in outcome.missed if id(one) in met)),
        tuple(one for one in outcome.missed if id(one) not in met),
        tuple(one for one in outcome.spurious if id(one) not in used),
    )


@dataclass(frozen=True, slots=True)
class _Spread:
    """A relation with all places of its ends."""

    relation: Relation
    head: tuple[Place, ...]
    type: str
    tail: tuple[Place, ...]

    @classmethod
    def of(cls, relation: Relation, view: _View, side: Side) -> _Spread:
        head, type, tail = view.directions.written(relation.head, relation.type, relation.tail)
        return cls(relation, _stands(head, view, side), type, _stands(tail, view, side))

    def touches(self, other: _Spread, directions: Directions) -> bool:
        if self.type != other.type:
            return False
        if _meet(self.head, other.head) and _meet(self.tail, other.tail):
            return True
        symmetric = self.type in directions.symmetric
        return symmetric and _meet(self.head, other.tail) and _meet(self.tail, other.head)


def _sorted(relations: list[_Spread]) -> list[_Spread]:
    return sorted(relations, key=lambda one: (one.head, one.type, one.tail))


def _stands(end: Endpoint, view: _View, side: Side) -> tuple[Place, ...]:
    if isinstance(end, Mention):
        return side.places(end)
    if not isinstance(end, Concept):
        return ()
    bare = bare_id(end.id)
    return tuple(
        place
        for item, _ in side.items
        if isinstance(item, Mention) and bare in concept_ids(item)
        for place in side.places(item)
    )


def _meet(one: tuple[Place, ...], other: tuple[Place, ...]) -> bool:
    return any(shares_characters(mine, its) for mine in one for its in other)
