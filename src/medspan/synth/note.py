"""One note: choose its sentences, deal its terms, and write it down with the place of every mention."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from medspan.core import Annotation, Mention, Relation
from medspan.synth.lexicon import PLURAL_SYMPTOMS
from medspan.synth.templates import (
    BOTH,
    CAUSES,
    CLOSINGS,
    ECHOES,
    NEITHER,
    OPENINGS,
    SLOT,
    TREATS,
    Template,
)
from medspan.synth.vocabulary import Deck

TYPES = {"drug": "Drug", "disease": "Disease", "symptom": "Symptom"}
MOST_OF_A_TYPE = 3
FEWEST_WORDS, MOST_WORDS = 18, 40
"""Words of a note with every term counted as one; terms have 1.6 words on average."""

_POOLS: tuple[Sequence[Template], ...] = (TREATS, CAUSES, BOTH, NEITHER)
_POOL_WEIGHTS = (29, 29, 22, 20)
_SENTENCES = (2, 2, 2, 3)
_REUSE = 0.7
_ECHO = 0.25
_CLOSING = 0.35
_SEMICOLON = 0.25
"""How often a statement follows the one before it after a semicolon, where neither has one inside."""

_PLURAL = frozenset(PLURAL_SYMPTOMS)
_YOUNGEST, _OLDEST = 19, 89
_WOMAN = {"woman": "woman", "she": "she", "her": "her", "him": "her"}
_MAN = {"woman": "man", "she": "he", "her": "his", "him": "him"}

Entity = tuple[str, int]
"""An entity of a note before it has a term: the slot's kind and a number."""


@dataclass
class Outline:
    """The sentences of a note, each with the entity that stands in each of its slots."""

    sentences: list[tuple[Template, dict[str, Entity]]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    relations: list[tuple[Entity, str, Entity]] = field(default_factory=list)
    active: list[Entity] = field(default_factory=list)
    """Drugs that later sentences may name again."""
    statements: int = 0
    """Sentences up to the last one that may state something new; an echo and a closing may follow."""

    def add(self, template: Template, rng: random.Random) -> None:
        places: dict[str, Entity] = {}
        if template.again and self.active and rng.random() < _REUSE:
            places["drug1"] = rng.choice(self.active)
        for slot in template.slots:
            if slot not in places:
                kind = slot[:-1]
                places[slot] = (kind, self.counts[kind])
                self.counts[kind] += 1
        self._record(template, places)

    def echo(self, template: Template, disease: Entity) -> None:
        self._record(template, {"disease1": disease})

    def _record(self, template: Template, places: dict[str, Entity]) -> None:
        self.sentences.append((template, places))
        for type_, pairs in (("treats", template.treats), ("causes", template.causes)):
            self.relations.extend((places[head], type_, places[tail]) for head, tail in pairs)
        drugs = {entity for entity in places.values() if entity[0] == "drug"}
        self.active = [drug for drug in self.active if drug not in drugs]
        if template.keeps:
            self.active.extend(sorted(drugs))

    def is_usable(self) -> bool:
        """Whether each type has 1 to 3 entities, a legal pair is left unstated, and the length is right."""
        if any(not 1 <= self.counts[kind] <= MOST_OF_A_TYPE for kind in TYPES):
            return False
        legal = self.counts["drug"] * (self.counts["disease"] + self.counts["symptom"])
        words = sum(len(template.text.split()) for template, _ in self.sentences)
        return len(self.relations) < legal and FEWEST_WORDS <= words <= MOST_WORDS


def outline(rng: random.Random, variety: float = 1.0) -> Outline:
    """A usable outline, by drawing until one is; `variety` is the share of each kind of sentence in use."""
    pools = [_share(pool, variety) for pool in _POOLS]
    while True:
        drawn = Outline()
        drawn.sentences.append((Template(rng.choice(OPENINGS)), {}))
        chosen: list[Template] = []
        for _ in range(rng.choice(_SENTENCES)):
            pool = rng.choices(pools, _POOL_WEIGHTS)[0]
            fresh = [template for template in pool if template not in chosen]
            chosen.append(rng.choice(fresh or pool))
        for template in chosen:
            drawn.add(template, rng)
        drawn.statements = len(drawn.sentences)
        treated = [tail for _, type_, tail in drawn.relations if type_ == "treats"]
        if treated and rng.random() < _ECHO:
            drawn.echo(rng.choice(ECHOES), rng.choice(treated))
        elif rng.random() < _CLOSING:
            drawn.sentences.append((Template(rng.choice(CLOSINGS)), {}))
        if drawn.is_usable():
            return drawn


def _share(pool: Sequence[Template], variety: float) -> list[Template]:
    # Evenly spaced, since neighbours in a pool are of one kind.
    return [item for at, item in enumerate(pool) if int((at + 1) * variety) > int(at * variety)]


def write(drawn: Outline, decks: Mapping[str, Deck], rng: random.Random) -> tuple[str, Annotation]:
    """The text of an outline and its annotation; a relation joins the first mentions of its entities."""
    terms = _deal(drawn, decks)
    age = rng.randint(_YOUNGEST, _OLDEST)
    words = {"age": str(age), "a": "an" if age // 10 == 8 else "a"}
    words |= _WOMAN if rng.random() < 0.5 else _MAN
    text = ""
    found: list[tuple[Entity, int, int]] = []
    joined = True
    for at, (template, places) in enumerate(drawn.sentences):
        clauses = (*drawn.sentences[at - 1][0].text, *template.text)
        joined = 1 < at < drawn.statements and not joined and ";" not in clauses and rng.random() < _SEMICOLON
        text += "" if at == 0 else "; " if joined else ". "
        begin = len(text)
        sentence, spans = _fill(template, places, terms, words)
        text += sentence if joined else sentence[0].upper() + sentence[1:]
        found.extend((entity, begin + start, begin + end) for entity, start, end in spans)
    text += "."
    mentions = [Mention.at(text, start, end, TYPES[entity[0]]) for entity, start, end in found]
    first: dict[Entity, Mention] = {}
    for (entity, _, _), mention in zip(found, mentions, strict=True):
        first.setdefault(entity, mention)
    relations = tuple(Relation(first[head], first[tail], type_) for head, type_, tail in drawn.relations)
    return text, Annotation(tuple(mentions), relations=relations)


def _deal(drawn: Outline, decks: Mapping[str, Deck]) -> dict[Entity, str]:
    terms: dict[Entity, str] = {}
    for kind, type_ in TYPES.items():
        for number in range(drawn.counts[kind]):
            terms[kind, number] = decks[type_].deal(terms.values())
    return terms


def _fill(
    template: Template, places: Mapping[str, Entity], terms: Mapping[Entity, str], words: Mapping[str, str]
) -> tuple[str, list[tuple[Entity, int, int]]]:
    """The sentence with its slots filled, and each mention's entity and place."""
    filled = ""
    spans: list[tuple[Entity, int, int]] = []
    last = 0
    for slot in SLOT.finditer(template.text):
        filled += template.text[last : slot.start()]
        last = slot.end()
        if not slot["number"]:
            filled += words[slot["name"]]
            continue
        entity = places[slot["name"] + slot["number"]]
        if slot["verb"]:
            filled += _agreeing(slot["verb"], terms[entity])
        else:
            spans.append((entity, len(filled), len(filled) + len(terms[entity])))
            filled += terms[entity]
    return filled + template.text[last:], spans


def _agreeing(verb: str, term: str) -> str:
    plural = {"was": "were", "has": "have"}
    return plural[verb] if term in _PLURAL else verb
