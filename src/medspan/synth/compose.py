"""Corpora of notes made by a recipe: one list, or parts of which the test has terms of its own."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType

from medspan.core import ConfigError, Document, Example
from medspan.synth.ledger import SAID, written_ledger
from medspan.synth.mix import STYLES, Mix, check_share
from medspan.synth.plan import Entity, Menu, Plan, draw_plan
from medspan.synth.recipe import Recipe
from medspan.synth.recipe_file import built_in
from medspan.synth.spelling import Form, form_of
from medspan.synth.terms import Term, together
from medspan.synth.vocabulary import HELD_OUT_LEXICON, Deck, held_out_decks
from medspan.synth.writing import write_note
from medspan.text import fold, occurrences
from medspan.text.similarity import near_repeats

DEFAULT_SHARES: Mapping[str, float] = MappingProxyType({"train": 0.8, "validation": 0.1, "test": 0.1})
FEWEST_TO_HOLD_OUT = 18
"""Terms of each type that are needed where some are held out: a third is, and a note names up to four."""
RARE_LEXICON = 1 / 4
"""Share of each type's terms that stand in one note each, as most strings of real corpora do."""
_SWAPS_A_NOTE, _MOST_SWAPS = 60, 60_000
_ROUNDS = 20
"""How often a note is written anew, if need be, until all its terms are labelled and it is like no other."""

Halves = Mapping[str, tuple[list[str], list[str]]]
"""The open and the held-out terms of each entity type."""


def compose(
    count: int, recipe: Recipe | None = None, *, seed: int = 0, mix: Mix | None = None
) -> list[Example]:
    """`count` notes of a recipe (the built-in one unless given), with exact mentions and all relations.

    Which terms are joined is drawn by lot: only the words of a note tell whether a relation holds, and what
    it says is medically arbitrary. No two notes are near-duplicates. `sayings` tells what each sentence of a
    note says. The same arguments give the same notes. ConfigError where no such notes can be made.
    """
    return [
        one
        for part in compose_parts(count, recipe, seed=seed, mix=mix, shares={"": 1.0}).values()
        for one in part
    ]


def compose_parts(
    count: int,
    recipe: Recipe | None = None,
    *,
    seed: int = 0,
    mix: Mix | None = None,
    hold_out: float = 0.0,
    shares: Mapping[str, float] = DEFAULT_SHARES,
) -> dict[str, list[Example]]:
    """The notes in parts of these shares, the sentences of each type and relation shared out evenly.

    Of the distinct terms in the part `test` at least the share `hold_out` stands in no other part, neither
    in full nor abbreviated. ConfigError where a part gets no note, or a lexicon has too few terms.
    """
    recipe, mix = recipe or built_in(), mix or Mix()
    check_share("hold_out", hold_out)
    sizes = _sizes(count, shares)
    if hold_out and "test" not in sizes:
        raise ConfigError("shares has no test", remedy="give it a share, or hold nothing out")
    menus = {register: Menu(recipe, register, mix) for register in recipe.registers}
    styles = [style for style in mix.styles if STYLES[style] in recipe.registers]
    if not styles:
        raise ConfigError(
            f"styles is {', '.join(mix.styles)}, and the schema has no sentences for them",
            remedy="add `verb:` to its relation types, or choose other styles",
        )
    rng = random.Random(f"plans {seed}")
    plans = [draw_plan(recipe, menus, styles, rng) for _ in range(count)]
    part_of = _spread(plans, sizes, random.Random(f"parts {seed}"))
    halves = _halves(recipe, random.Random(f"terms {seed}"), hold_out)
    notes = _Notes(recipe, mix, seed, plans)
    open_ = [at for at in range(count) if not hold_out or part_of[at] != "test"]
    held = [at for at in range(count) if at not in set(open_)]
    rng = random.Random(f"decks {seed}")
    notes.write(open_, "open", _open_decks(halves, [plans[at] for at in open_], rng))
    if held:
        notes.write(held, "held-out", held_out_decks(rng, halves, notes.used, hold_out))
    parts: dict[str, list[Example]] = {part: [] for part in sizes}
    for at, part in enumerate(part_of):
        parts[part].append(notes.examples[at])
    return parts


class _Notes:
    """Writes notes until no two are near-duplicates, and knows which terms it has used."""

    def __init__(self, recipe: Recipe, mix: Mix, seed: int, plans: Sequence[Plan]):
        self._recipe, self._mix, self._seed, self._plans = recipe, mix, seed, plans
        self.examples: dict[int, Example] = {}
        self.used: dict[str, set[str]] = {type_: set() for type_ in recipe.lexicons}

    def write(self, wanted: Sequence[int], vocabulary: str, decks: Mapping[str, Deck]) -> None:
        """Write these notes with terms of `decks`."""
        again: Sequence[int] = wanted
        for number in range(_ROUNDS):
            for at in again:
                self.examples[at] = self._note(at, number, vocabulary, decks)
            done = sorted(self.examples)
            repeats = near_repeats([self.examples[at].document.text for at in done])
            again = sorted({done[later] for later in repeats} & set(wanted))
            if not again:
                return
        raise ConfigError(
            f"{len(again)} of {len(done)} notes are nearly the same as another",
            cause="there are too few terms and sentences for so many notes",
            remedy="ask for fewer notes, or give longer lexicons and more sentences",
        )

    def _note(self, at: int, number: int, vocabulary: str, decks: Mapping[str, Deck]) -> Example:
        plan = self._plans[at]
        for attempt in range(_ROUNDS):
            rng = random.Random(f"note {self._seed} {at} {number} {attempt}")
            terms = self._deal(plan, decks)
            forms = self._forms(plan, terms, rng)
            text, annotation, said = write_note(plan, self._recipe, terms, forms, rng)
            example = Example(
                Document(
                    f"note-{self._seed}-{at:05d}",
                    text,
                    metadata={"vocabulary": vocabulary, "style": plan.style, SAID: written_ledger(said)},
                ),
                reference=annotation,
                source="synth",
            )
            stray = _unlabelled(example, self._recipe)
            if stray is None:
                for (type_, _), term in terms.items():
                    self.used[type_].add(term.text)
                return example
        raise ConfigError(
            f"the term {stray!r} stands in a note of the style {plan.style} where it is not labelled",
            cause="it is a word of the style's headings, or arises between a term and the words beside it",
            remedy="take it out of the lexicon, or choose other styles",
        )

    def _deal(self, plan: Plan, decks: Mapping[str, Deck]) -> dict[Entity, Term]:
        terms: dict[Entity, Term] = {}
        avoid: set[str] = set()
        for type_ in sorted(plan.counts):
            for number in range(plan.counts[type_]):
                try:
                    text = decks[type_].deal(avoid)
                except ValueError:
                    raise ConfigError(
                        f"lexicons.{type_} has too few terms",
                        cause="a note names up to four of a type, and none that stands within another",
                        remedy="add terms to it",
                    ) from None
                avoid |= {text, *self._recipe.finder.clashes.get(text, ())}
                terms[type_, number] = self._recipe.terms[text]
        return terms

    def _forms(self, plan: Plan, terms: Mapping[Entity, Term], rng: random.Random) -> dict[Entity, Form]:
        shares = (self._mix.abbreviated, self._mix.misspelt)
        forms: dict[Entity, Form] = {}
        for entity, term in terms.items():
            may_explain = plan.says_all_at_first(entity)
            form = form_of(term, STYLES[plan.style], shares, rng, may_explain=may_explain)
            # A slip may give another term, or what another slip in this note has given.
            taken = {fold(other.first) for other in forms.values()}
            if form.first not in term.strings and (
                fold(form.first) in taken or any(True for _ in self._recipe.finder.find(form.first))
            ):
                form = Form(term.text, term.text)
            forms[entity] = form
        return forms


def _unlabelled(example: Example, recipe: Recipe) -> str | None:
    """A term, or a mention's string, that stands in the text without being a mention; else None."""
    assert example.reference is not None
    text = example.document.text
    places = {(mention.start, mention.end) for mention in example.reference.mentions}
    for start, end, term in recipe.finder.find(text):
        if not any(begin <= start and end <= stop for begin, stop in places):
            return term
    for string in sorted({fold(mention.text) for mention in example.reference.mentions}):
        if not set(occurrences(fold(text), string)) <= places:
            return string
    return None


def _sizes(count: int, shares: Mapping[str, float]) -> dict[str, int]:
    """How many notes each part gets; the first one what the others leave."""
    if count < 1:
        raise ConfigError(f"count is {count}", remedy="ask for one note or more")
    first, *others = shares
    sizes = {part: round(count * shares[part]) for part in others}
    sizes = {first: count - sum(sizes.values()), **sizes}
    for part, size in sizes.items():
        if size < 1:
            raise ConfigError(
                f"count is {count}, and {part or 'the corpus'} would get {size} notes",
                remedy="ask for more notes, or give the part a larger share",
            )
    return sizes


def _spread(plans: Sequence[Plan], sizes: Mapping[str, int], rng: random.Random) -> list[str]:
    """A part for each plan, so that styles, entities and relations are shared out like the notes.

    Parts are drawn by lot; then pairs of plans change places wherever that brings the counts nearer to
    their shares (sum over parts of squared differences, each in units of what is expected).
    """
    found = [part for part, size in sizes.items() for _ in range(size)]
    rng.shuffle(found)
    loads = [_load(plan) for plan in plans]
    whole = sum(loads, Counter[str]())
    over: dict[str, dict[str, float]] = {}
    for part, size in sizes.items():
        held = sum((load for load, its in zip(loads, found, strict=True) if its == part), Counter[str]())
        over[part] = {key: held[key] - count * size / len(plans) for key, count in whole.items()}

    def gain(part: str, key: str, change: int) -> float:
        expected = whole[key] * sizes[part] / len(plans)
        return (over[part][key] ** 2 - (over[part][key] + change) ** 2) / expected

    for _ in range(min(_MOST_SWAPS, _SWAPS_A_NOTE * len(plans)) if len(sizes) > 1 else 0):
        one, other = rng.randrange(len(plans)), rng.randrange(len(plans))
        here, there = found[one], found[other]
        if here == there:
            continue
        change = {key: loads[other][key] - loads[one][key] for key in {**loads[one], **loads[other]}}
        if sum(gain(here, key, by) + gain(there, key, -by) for key, by in change.items()) > 0:
            for key, by in change.items():
                over[here][key] += by
                over[there][key] -= by
            found[one], found[other] = there, here
    return found


def _load(plan: Plan) -> Counter[str]:
    load = Counter({f"style {plan.style}": 1})
    for type_, count in plan.counts.items():
        load[f"entity {type_}"] += count
    for one in plan.told:
        for _, relation, _ in one.pattern.joins:
            load[f"{one.pattern.kind} {relation}"] += 1
    return load


def _open_decks(halves: Halves, plans: Sequence[Plan], rng: random.Random) -> dict[str, Deck]:
    """Decks of the open terms, of which a part lies in them once; never more of it than of the others."""
    decks: dict[str, Deck] = {}
    for type_, (terms, _) in halves.items():
        rare = terms[: round(len(terms) * RARE_LEXICON)]
        wanted = sum(plan.counts[type_] for plan in plans)
        share = min(RARE_LEXICON, len(rare) / max(1, wanted))
        decks[type_] = Deck(rng, terms[len(rare) :], rare, share)
    return decks


def _halves(recipe: Recipe, rng: random.Random, hold_out: float) -> dict[str, tuple[list[str], list[str]]]:
    """A third of each lexicon for the test and the rest for all parts; all for all where none is held out."""
    halves: dict[str, tuple[list[str], list[str]]] = {}
    for type_, lexicon in sorted(recipe.lexicons.items()):
        terms = sorted(lexicon.terms)
        if hold_out and len(terms) < FEWEST_TO_HOLD_OUT:
            raise ConfigError(
                f"lexicons.{type_} has {len(terms)} terms, too few to hold some out",
                cause=f"{FEWEST_TO_HOLD_OUT} are needed at least",
                remedy="add terms, or leave hold_out away",
            )
        held = _held_out(terms, recipe.finder.clashes, rng) if hold_out else []
        open_ = [term for term in terms if term not in set(held)]
        rng.shuffle(open_)
        halves[type_] = (open_, held)
    return halves


def _held_out(terms: Sequence[str], clashes: Mapping[str, Collection[str]], rng: random.Random) -> list[str]:
    groups = together(terms, clashes)
    rng.shuffle(groups)
    held: list[str] = []
    for group in groups:
        if len(held) + len(group) <= round(len(terms) * HELD_OUT_LEXICON):
            held += group
    return held
