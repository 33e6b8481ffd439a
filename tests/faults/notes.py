"""Short notes for the fault bench: drugs, diseases and symptoms, and relations that the words state.

Half of the test's terms stand nowhere in training and validation, so that memorising shows.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import resources

from medspan.core import Annotation, Document, Example, Mention, Relation

LISTS = {"Drug": "drugs", "Disease": "diseases", "Symptom": "symptoms"}

STATEMENTS = (
    ("{Drug} treated {Disease} well.", "treats"),
    ("{Disease} was treated with {Drug}.", "treats"),
    ("{Drug} caused {Symptom}.", "causes"),
    ("{Symptom} was caused by {Drug}.", "causes"),
)
MENTIONED = (
    ("{Drug} was continued.", None),
    ("There was no {Symptom}.", None),
    ("The record names {Disease}.", None),
)
LONGEST = 14
"""Characters of a term: long ones cost tokens and teach nothing more."""
JOINS = {"treats": ("Drug", "Disease"), "causes": ("Drug", "Symptom")}

Lexicon = Mapping[str, Sequence[str]]
Sentence = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Notes:
    """The parts of a small corpus; `known` are the terms that training and validation draw from."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    known: Lexicon
    unseen: Lexicon


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a corpus is and what stands in it; sentences of `stating` state a relation."""

    train: int = 130
    validation: int = 24
    test: int = 48
    sentences: tuple[int, ...] = (1, 2, 2)
    stating: tuple[Sentence, ...] = STATEMENTS
    mentioning: tuple[Sentence, ...] = MENTIONED
    share_stating: float = 0.65
    seen_in_test: float = 0.5
    terms: int = 120


def make_notes(
    seed: int, plan: Plan | None = None, *, known: Lexicon | None = None, unseen: Lexicon | None = None
) -> Notes:
    """A corpus of its seed: the same seed gives the same notes, whatever is drawn elsewhere."""
    plan = plan or Plan()
    rng = random.Random(f"notes-{seed}")
    if known is None or unseen is None:
        known, unseen = _lexicons(rng, plan.terms)
    parts = {}
    taken: set[frozenset[str]] = set()
    # The test first: how many notes are trained on must not change what is tested on.
    for part, count in (("test", plan.test), ("validation", plan.validation), ("train", plan.train)):
        seen_share = plan.seen_in_test if part == "test" else 1.0
        made: list[Example] = []
        while len(made) < count:
            id = f"{part}-{seed}-{len(made):04d}"
            note = make_note(id, rng, plan, known, unseen, seen_share, split=part)
            # No note stands in two parts, whatever the order of its sentences, nor twice in one.
            sentences = frozenset(note.document.text.lower().rstrip(".").split(". "))
            if sentences not in taken:
                taken.add(sentences)
                made.append(note)
        parts[part] = tuple(made)
    return Notes(parts["train"], parts["validation"], parts["test"], known, unseen)


def make_note(
    id: str,
    rng: random.Random,
    plan: Plan,
    known: Lexicon,
    unseen: Lexicon,
    seen_share: float,
    split: str = "train",
) -> Example:
    """One note: sentences drawn from the plan, each term from `known` at the odds `seen_share`."""
    text = ""
    mentions: list[Mention] = []
    relations: list[Relation] = []
    used: set[str] = set()
    for _ in range(rng.choice(plan.sentences)):
        pool = plan.stating if rng.random() < plan.share_stating else plan.mentioning
        pattern, relation = rng.choice(pool)
        filled, places = _fill(pattern, rng, known, unseen, seen_share, used)
        start = len(text) + (1 if text else 0)
        text = f"{text} {filled}" if text else filled
        here = {
            type_: Mention.at(text, start + first, start + last, type_)
            for type_, (first, last) in places.items()
        }
        mentions += sorted(here.values(), key=lambda mention: mention.start)
        if relation is not None:
            head, tail = JOINS[relation]
            relations.append(Relation(here[head], here[tail], relation))
    annotation = Annotation(tuple(mentions), (), tuple(relations))
    return Example(Document(id, text), annotation, split=split, source="faults")


def with_id(example: Example, id: str) -> Example:
    """The same example under another id."""
    return replace(example, document=replace(example.document, id=id))


def without_relations(example: Example) -> Example:
    """The same example with none of its relations."""
    assert example.reference is not None
    return replace(example, reference=replace(example.reference, relations=()))


def with_mentions(example: Example, change: Callable[[str, Mention], Mention]) -> Example:
    """The same example with other mentions; relations join what became of theirs."""
    assert example.reference is not None
    changed = {mention: change(example.document.text, mention) for mention in example.reference.mentions}
    relations = tuple(
        replace(relation, head=changed[relation.head], tail=changed[relation.tail])  # type: ignore[index]
        for relation in example.reference.relations
    )
    return replace(
        example,
        reference=replace(example.reference, mentions=tuple(changed.values()), relations=relations),
    )


def _fill(
    pattern: str,
    rng: random.Random,
    known: Lexicon,
    unseen: Lexicon,
    seen_share: float,
    used: set[str],
) -> tuple[str, dict[str, tuple[int, int]]]:
    """The sentence with terms in its slots, and where each type's term stands in it."""
    filled, places, rest = "", {}, pattern
    while "{" in rest:
        before, _, after = rest.partition("{")
        type_, _, rest = after.partition("}")
        filled += before
        lexicon = known if rng.random() < seen_share else unseen
        # A note of few terms may have to say one twice.
        term = rng.choice([term for term in lexicon[type_] if term not in used] or lexicon[type_])
        used.add(term)
        if not filled:
            term = term[0].upper() + term[1:]
        places[type_] = (len(filled), len(filled) + len(term))
        filled += term
    return filled + rest, places


def _lexicons(rng: random.Random, terms: int) -> tuple[Lexicon, Lexicon]:
    """Known and unseen terms of each type; no word of one is the whole of another."""
    known: dict[str, Sequence[str]] = {}
    unseen: dict[str, Sequence[str]] = {}
    for type_, name in LISTS.items():
        every = _terms(name)
        chosen = rng.sample(every, min(2 * terms, len(every)))
        half = len(chosen) // 2
        known[type_], unseen[type_] = chosen[:half], chosen[half:]
    return known, unseen


def _terms(name: str) -> list[str]:
    """The short terms of synthetic notes' word lists, without plurals and abbreviations."""
    lines = (
        resources.files("medspan.synth").joinpath(f"word_lists/{name}.txt").read_text("utf-8").splitlines()
    )
    terms = [line.partition("|")[0].strip() for line in lines if line and not line.startswith("#")]
    return sorted({term for term in terms if "[" not in term and len(term) <= LONGEST})
