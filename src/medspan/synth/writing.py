"""Write a planned note: its text, where each term stands, and what each sentence says."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import cycle

from medspan.core import Annotation, Mention, Relation
from medspan.synth.ledger import Saying
from medspan.synth.mix import STYLES
from medspan.synth.pattern import Agreement, PersonWord, Piece, Slot
from medspan.synth.plan import SECTIONS, Entity, Plan, Told, closed, section_of
from medspan.synth.recipe import Recipe
from medspan.synth.spelling import Form
from medspan.synth.terms import Term
from medspan.text import fold

_GAPS = (1, 1, 2)
"""Sentences between the two parts of what is told in two, where there are as many."""
_CLOSING = {"letter": 0.35, "visit": 0.35, "ward": 0.4, "list": 0.4}
_SEMICOLON = 0.2
_YOUNGEST, _OLDEST = 19, 89
_PLURALS = {"was": "were", "is": "are", "has": "have"}
_WOMAN = {"woman": "woman", "she": "she", "her": "her", "him": "her", "F": "F"}
_MAN = {"woman": "man", "she": "he", "her": "his", "him": "him", "F": "M"}


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence or a part of one; `told` is the place of its sentence in the plan, None for a frame."""

    pieces: Sequence[Piece]
    told: int | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """Where a string of an entity stands, and in which of the plan's sentences."""

    entity: Entity
    start: int
    end: int
    told: int | None


@dataclass
class Sheet:
    """A note as it is being written."""

    terms: Mapping[Entity, Term]
    forms: Mapping[Entity, Form]
    person: Mapping[str, str]
    text: str = ""
    placed: list[Placed] = field(default_factory=list)
    explained: set[Entity] = field(default_factory=set)
    """Entities whose abbreviation has been given in brackets."""
    units: list[tuple[int | None, int, int]] = field(default_factory=list)
    """Of each unit in order what it belongs to, and its `[start, end)`."""

    def put(self, unit: Unit, places: Mapping[str, Entity], *, capital: bool) -> None:
        """Write a unit at the end of the text."""
        begin = len(self.text)
        for at, piece in enumerate(unit.pieces):
            start_of_sentence = capital and len(self.text) == begin
            if isinstance(piece, Slot):
                follows = unit.pieces[at + 1] if at + 1 < len(unit.pieces) else ""
                glued = isinstance(follows, str) and follows[:1] not in ("", " ", ",", ";", ":", ".", ")")
                self._put_term(places[piece.key], unit.told, capital=start_of_sentence, glued=glued)
                continue
            if isinstance(piece, Agreement):
                plural = self.terms[places[piece.key]].plural
                words = _PLURALS[piece.verb] if plural else piece.verb
            else:
                words = self.person[piece.word] if isinstance(piece, PersonWord) else piece
            self.text += words[0].upper() + words[1:] if start_of_sentence else words
        self.units.append((unit.told, begin, len(self.text)))

    def _put_term(self, entity: Entity, told: int | None, *, capital: bool, glued: bool) -> None:
        form = self.forms[entity]
        new = not any(placed.entity == entity for placed in self.placed)
        string = form.later if entity in self.explained else form.first
        # An abbreviation such as eGFR keeps its own capitals.
        if capital and not string[1:2].isupper():
            string = string[0].upper() + string[1:]
        self._put_string(entity, told, string)
        if form.bracket and new and not glued:
            self.text += " ("
            self._put_string(entity, told, form.bracket)
            self.text += ")"
            self.explained.add(entity)

    def _put_string(self, entity: Entity, told: int | None, string: str) -> None:
        self.placed.append(Placed(entity, len(self.text), len(self.text) + len(string), told))
        self.text += string


def write_note(
    plan: Plan, recipe: Recipe, terms: Mapping[Entity, Term], forms: Mapping[Entity, Form], rng: random.Random
) -> tuple[str, Annotation, list[Saying]]:
    """The text of a plan, its annotation, and its ledger.

    A relation joins the mentions in the sentence that states it: of each end one, or two where that sentence
    explains an abbreviation. A mention's concept is the id of its term.
    """
    register = STYLES[plan.style]
    age = rng.randint(_YOUNGEST, _OLDEST)
    person = {"age": str(age), "a": "an" if age // 10 == 8 else "a"}
    sheet = Sheet(terms, forms, person | (_WOMAN if rng.random() < 0.5 else _MAN))
    shuffled = rng.sample(recipe.closings[register], len(recipe.closings[register]))
    closings = cycle(Unit(closing.parts[0]) for closing in shuffled)
    opening = Unit(rng.choice(recipe.openings[register]).parts[0])
    _LAYOUTS[plan.style](sheet, plan, opening, closings, rng)
    return sheet.text, _annotation(sheet, plan, recipe), _ledger(sheet, plan)


def _letter(sheet: Sheet, plan: Plan, opening: Unit, closings: Iterator[Unit], rng: random.Random) -> None:
    units = [opening, *_units(list(enumerate(plan.told)), closings, rng)]
    _write_sentences(sheet, plan, _ended(units, plan.style, closings, rng), rng)


def _visit(sheet: Sheet, plan: Plan, opening: Unit, closings: Iterator[Unit], rng: random.Random) -> None:
    _write_sentences(sheet, plan, [opening], rng)
    for number, (heading, kinds) in enumerate(SECTIONS):
        told = [(at, one) for at, one in enumerate(plan.told) if section_of(one.pattern.kind) == number]
        units = _units(told, closings, rng)
        if "hypothesis" in kinds:
            units = _ended(units, plan.style, closings, rng)
        if units:
            sheet.text += f"\n{heading}: "
            _write_sentences(sheet, plan, units, rng)


def _ward(sheet: Sheet, plan: Plan, opening: Unit, closings: Iterator[Unit], rng: random.Random) -> None:
    units = [opening, *_units(list(enumerate(plan.told)), closings, rng)]
    capital = rng.random() < 0.7
    for unit in _ended(units, plan.style, closings, rng):
        _put(sheet, plan, unit, capital=capital)
        sheet.text += ". "
    sheet.text = sheet.text.rstrip()


def _list(sheet: Sheet, plan: Plan, opening: Unit, closings: Iterator[Unit], rng: random.Random) -> None:
    capital = rng.random() < 0.5
    _put(sheet, plan, opening, capital=True)
    for unit in _ended(_units(list(enumerate(plan.told)), closings, rng), plan.style, closings, rng):
        sheet.text += "\n- "
        _put(sheet, plan, unit, capital=capital)


_LAYOUTS = {"letter": _letter, "visit": _visit, "ward": _ward, "list": _list}


def _put(sheet: Sheet, plan: Plan, unit: Unit, *, capital: bool) -> None:
    sheet.put(unit, plan.told[unit.told].places if unit.told is not None else {}, capital=capital)


def _write_sentences(sheet: Sheet, plan: Plan, units: Sequence[Unit], rng: random.Random) -> None:
    joined = False
    for at, unit in enumerate(units):
        clauses = "".join(
            piece for one in units[max(0, at - 1) : at + 1] for piece in one.pieces if isinstance(piece, str)
        )
        may_join = at > 1 and unit.told is not None and not joined and not {";", ":"} & set(clauses)
        joined = may_join and rng.random() < _SEMICOLON
        if at:
            sheet.text += "; " if joined else ". "
        _put(sheet, plan, unit, capital=not joined)
    sheet.text += "."


def _units(told: Sequence[tuple[int, Told]], closings: Iterator[Unit], rng: random.Random) -> list[Unit]:
    """The units of these sentences: second parts one or two sentences later, never directly."""
    units: list[Unit] = []
    waiting: list[tuple[int, int, Unit]] = []
    for at, one in told:
        first, *second = one.pattern.parts
        units.append(Unit(first, at))
        due = [item for item in waiting if len(units) - item[0] >= item[1]]
        waiting = [item for item in waiting if item not in due]
        units += [unit for _, _, unit in due]
        waiting += [(len(units), rng.choice(_GAPS), Unit(part, at)) for part in second]
    for since, _, unit in waiting:
        if len(units) == since:
            units.append(next(closings))
        units.append(unit)
    return units


def _ended(units: list[Unit], style: str, closings: Iterator[Unit], rng: random.Random) -> list[Unit]:
    return [*units, next(closings)] if rng.random() < _CLOSING[style] else units


def _annotation(sheet: Sheet, plan: Plan, recipe: Recipe) -> Annotation:
    mentions = []
    strings: defaultdict[tuple[Entity, int | None], dict[str, Mention]] = defaultdict(dict)
    for placed in sheet.placed:
        concepts = (sheet.terms[placed.entity].concept,)
        mention = Mention.at(sheet.text, placed.start, placed.end, placed.entity[0], concepts=concepts)
        mentions.append(mention)
        strings[placed.entity, placed.told].setdefault(fold(mention.text), mention)
    relations = [
        Relation(head, tail, type_)
        for at, one in enumerate(plan.told)
        if one.pattern.kind == "statement"
        for head_entity, type_, tail_entity in set().union(*(closed(j, recipe.schema) for j in one.joins))
        for head in strings[head_entity, at].values()
        for tail in strings[tail_entity, at].values()
    ]
    relations.sort(key=lambda one: (_start(one.head), _start(one.tail), one.type))
    return Annotation(tuple(mentions), relations=tuple(relations))


def _start(end: object) -> int:
    assert isinstance(end, Mention)
    return end.start


def _ledger(sheet: Sheet, plan: Plan) -> list[Saying]:
    found = []
    for at, one in enumerate(plan.told):
        own = [number for number, (told, _, _) in enumerate(sheet.units) if told == at]
        start, end = sheet.units[own[0]][1], sheet.units[own[-1]][2]
        between = own[-1] - own[0] - 1 if len(own) > 1 else 0
        for head, type_, tail in one.joins:
            ends = (_string(sheet, head, at), _string(sheet, tail, at))
            found.append(Saying(one.pattern.kind, type_, *ends, start, end, between))
    return found


def _string(sheet: Sheet, entity: Entity, told: int) -> str:
    placed = next(one for one in sheet.placed if (one.entity, one.told) == (entity, told))
    return sheet.text[placed.start : placed.end]
