"""Synthetic clinical notes whose relations are all stated in words."""

from __future__ import annotations

import random
from collections import defaultdict

from medspan.core import ConfigError, Document, Example, RelationType, Schema
from medspan.synth.lexicon import LEXICON
from medspan.synth.note import TYPES, Outline, outline, write
from medspan.synth.vocabulary import Deck, held_out_decks, open_decks, partition


def schema() -> Schema:
    """The types of the synthetic notes: drugs treat diseases and cause symptoms."""
    return Schema(
        tuple(sorted(TYPES.values())),
        (RelationType("causes", (("Drug", "Symptom"),)), RelationType("treats", (("Drug", "Disease"),))),
    )


def generate(
    count: int,
    *,
    seed: int = 0,
    held_out: float = 0.5,
    held_out_documents: float = 0.2,
    variety: float = 1.0,
) -> list[Example]:
    """`count` short notes with exact mentions and with every relation that their words state.

    Pairs of terms are random, so that only the words of a note tell whether a relation holds: what
    the notes say is medically arbitrary. The last `held_out_documents` of the notes (a share) carry
    metadata `vocabulary: held-out`; of their distinct (type, string) mentions at least `held_out`
    (a share, exceeded by a few points; from about 60 notes up) stand in none of the others, which
    carry `vocabulary: open`. `variety` is the share of each kind of sentence that is used: with fewer
    ways to say a thing, fewer notes teach it. The same arguments give the same notes. ConfigError where
    an argument is out of range.
    """
    _check(count, held_out, held_out_documents, variety)
    rng = random.Random(seed)
    parts = partition(rng)
    open_count = count - round(count * held_out_documents)
    decks = open_decks(rng, parts)
    outlines: list[Outline] = [outline(rng, variety) for _ in range(count)]
    examples = [_example(at, seed, "open", outlines[at], decks, rng) for at in range(open_count)]
    decks = held_out_decks(rng, parts, _used(examples), held_out)
    examples += [_example(at, seed, "held-out", outlines[at], decks, rng) for at in range(open_count, count)]
    return examples


def _example(
    at: int, seed: int, vocabulary: str, drawn: Outline, decks: dict[str, Deck], rng: random.Random
) -> Example:
    text, annotation = write(drawn, decks, rng)
    document = Document(f"note-{seed}-{at:05d}", text, metadata={"vocabulary": vocabulary})
    return Example(document, reference=annotation, source="synth")


def _used(examples: list[Example]) -> dict[str, set[str]]:
    """The lexicon's terms of each type that stand in `examples`, whatever the case of their first letter."""
    strings: defaultdict[str, set[str]] = defaultdict(set)
    for example in examples:
        if example.reference is not None:
            for mention in example.reference.mentions:
                strings[mention.type].add(mention.text.lower())
    return {
        type_: {term for term in terms if term.lower() in strings[type_]} for type_, terms in LEXICON.items()
    }


def _check(count: int, held_out: float, held_out_documents: float, variety: float) -> None:
    if count < 1:
        raise ConfigError(f"count is {count}", remedy="ask for one note or more")
    for name, share in (("held_out", held_out), ("held_out_documents", held_out_documents)):
        if not 0 <= share <= 1:
            raise ConfigError(
                f"{name} is {share}", cause="a percentage where a share is asked for", remedy="give 0 to 1"
            )
    if not 0.2 <= variety <= 1:
        raise ConfigError(
            f"variety is {variety}", cause="a share of the sentences is asked for", remedy="give 0.2 to 1"
        )
