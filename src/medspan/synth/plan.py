"""What a note will say, before it has terms: its sentences, and which of their slots are one entity."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from medspan.core import ConfigError, Schema
from medspan.synth.mix import STYLES, Mix
from medspan.synth.pattern import HARD_NEGATIVES, Kind, Pattern, Register
from medspan.synth.recipe import SEVERAL, Pools, Recipe

MOST_OF_A_TYPE = 4
_SENTENCES = (3, 4, 4, 5)
_REUSE = 0.7
"""How often a slot that may hold an entity named before does, where there is one."""
_SEVERAL_WEIGHT = 0.6
"""How often sentences on several relations are chosen, against 1 for those on each relation type."""
_TRIES = 1000

SECTIONS: tuple[tuple[str, tuple[Kind, ...]], ...] = (
    ("Background", ("co-occurrence",)),
    ("Course", ("statement", "negation")),
    ("Family and others", ("family", "other-patient")),
    ("Plan", ("hypothesis",)),
)
"""Headings of a visit, and what stands under each."""

Entity = tuple[str, int]
"""An entity of a note before it has a term: its type and a number."""
Stated = tuple[Entity, str, Entity]


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence of a note, and which entity stands in each of its slots, by the slot's key."""

    pattern: Pattern
    places: dict[str, Entity]

    @property
    def joins(self) -> list[Stated]:
        """The relations that the sentence is about."""
        return [(self.places[head], type_, self.places[tail]) for head, type_, tail in self.pattern.joins]


@dataclass
class Plan:
    """The sentences of a note of one style, in the order of their sections, and its entities by type."""

    style: str
    told: list[Told] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _named: list[Entity] = field(default_factory=list)
    _ended: set[Entity] = field(default_factory=set)
    _spoken: set[frozenset[Entity]] = field(default_factory=set)

    def add(self, pattern: Pattern, most: dict[str, int], rng: random.Random) -> bool:
        """Add a sentence, unless a type would get more than `most` entities; whether it was added.

        No two entities stand together in two sentences: each pair is spoken of once.
        """
        places: dict[str, Entity] = {}
        new: Counter[str] = Counter()
        for slot in pattern.slots:
            known = self._known(slot.type, places.values()) if slot.again else []
            if known and rng.random() < _REUSE:
                places[slot.key] = rng.choice(known)
            else:
                places[slot.key] = (slot.type, self.counts[slot.type] + new[slot.type])
                new[slot.type] += 1
        if any(self.counts[type_] + count > most[type_] for type_, count in new.items()):
            return False
        self.counts += new
        self.told.append(Told(pattern, places))
        self._named += [entity for entity in places.values() if entity not in self._named]
        self._ended |= {places[slot.key] for slot in pattern.slots if slot.ends}
        self._spoken |= {frozenset(pair) for pair in combinations(set(places.values()), 2)}
        return True

    def _known(self, type_: str, here: Iterable[Entity]) -> list[Entity]:
        """Entities that may be named again beside those of `here`."""
        others = list(here)
        return [
            entity
            for entity in self._named
            if entity[0] == type_
            and entity not in self._ended
            and not any(entity == other or frozenset((entity, other)) in self._spoken for other in others)
        ]

    def stated(self, schema: Schema) -> set[Stated]:
        """The relations that hold, with what follows by symmetry and by inverse types."""
        found: set[Stated] = set()
        for one in self.told:
            if one.pattern.kind == "statement":
                for joined in one.joins:
                    found |= closed(joined, schema)
        return found

    def says_all_at_first(self, entity: Entity) -> bool:
        """Whether no sentence but the first that names the entity states a relation of it.

        Then its abbreviation may be explained there: the relations hold for both strings, and for no
        string of another sentence.
        """
        first, *others = [one for one in self.told if entity in one.places.values()]
        if not others:
            return True
        stated = any(
            one.pattern.kind == "statement" and any(entity in (head, tail) for head, _, tail in one.joins)
            for one in others
        )
        return not stated and len(first.pattern.parts) == 1

    def legal(self, schema: Schema) -> int:
        """How many relations the schema allows between the entities."""
        return sum(
            self.counts[head] * (self.counts[tail] - (head == tail))
            for relation in schema.relation_types
            for head in self.counts
            for tail in self.counts
            if relation.allows(head, tail)
        )


def closed(joined: Stated, schema: Schema) -> set[Stated]:
    """A relation with its mirror image where its type is symmetric, and the inverse one where it has one."""
    head, name, tail = joined
    relation = schema.relation(name)
    found = {joined} | ({(tail, name, head)} if relation.symmetric else set())
    for other in schema.relation_types:
        if relation.inverse == other.name or other.inverse == name:
            found.add((tail, other.name, head))
    return found


class Menu:
    """The sentences that notes of one register choose from, as far as the mix uses them."""

    def __init__(self, recipe: Recipe, register: Register, mix: Mix):
        self._pools: Pools = {
            kind: {bucket: tuple(_thinned(its, mix.variety)) for bucket, its in buckets.items()}
            for kind, buckets in recipe.pools[register].items()
        }
        self._negatives = [kind for kind in HARD_NEGATIVES if kind in self._pools]
        self._mix = mix

    def choose(self, rng: random.Random) -> Pattern:
        """A sentence: first its kind, then the relation type, then the words."""
        negative = bool(self._negatives) and rng.random() < self._mix.negatives
        buckets = self._pools[rng.choice(self._negatives) if negative else "statement"]
        names = sorted(buckets)
        weights = [_SEVERAL_WEIGHT if name == SEVERAL else 1.0 for name in names]
        pool = buckets[rng.choices(names, weights)[0]]
        distant = [pattern for pattern in pool if len(pattern.parts) > 1]
        near = [pattern for pattern in pool if len(pattern.parts) == 1]
        return rng.choice(distant if distant and (not near or rng.random() < self._mix.distant) else near)


def draw_plan(recipe: Recipe, menus: dict[Register, Menu], styles: Sequence[str], rng: random.Random) -> Plan:
    """A plan in which at least one relation that the schema allows is not stated, by drawing until one is."""
    most = {type_: min(MOST_OF_A_TYPE, len(lexicon) // 2) for type_, lexicon in recipe.lexicons.items()}
    for _ in range(_TRIES):
        plan = Plan(rng.choice(styles))
        menu = menus[STYLES[plan.style]]
        wanted = rng.choice(_SENTENCES)
        chosen: list[Pattern] = []
        for _ in range(4 * wanted):
            pattern = menu.choose(rng)
            if len(chosen) < wanted and not any(pattern.like(other) for other in chosen):
                chosen.append(pattern)
        if plan.style == "visit":
            chosen.sort(key=lambda pattern: section_of(pattern.kind))
        for pattern in chosen:
            plan.add(pattern, most, rng)
        if plan.told and len(plan.stated(recipe.schema)) < plan.legal(recipe.schema):
            return plan
    raise ConfigError(
        "no note can be made of these sentences",
        cause="each states every relation that the schema allows between its entities",
        remedy="add sentences of other kinds: negation, hypothesis, co-occurrence, family, other-patient",
    )


def section_of(kind: Kind) -> int:
    """The place of the section in which a visit has sentences of this kind."""
    return next(at for at, (_, kinds) in enumerate(SECTIONS) if kind in kinds)


def _thinned(patterns: Sequence[Pattern], variety: float) -> list[Pattern]:
    # Evenly spaced, since neighbours are of one make; never none.
    kept = [one for at, one in enumerate(patterns) if int((at + 1) * variety) > int(at * variety)]
    return kept or list(patterns[:1])
