"""Which instruction formats can read a set of answers: how the wrong parser is told from a poor model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from medspan.core import ConfigError, Document, Schema
from medspan.format.codecs import CODECS, make_codec

SAMPLE = 200
"""How many answers are tried, evenly spaced."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a format reads a set of answers: shares of those that are not blank.

    `items`: with an entity or a relation. `whole`: with items and nothing left over.
    """

    format: str
    items: float
    whole: float


def readings(answers: Sequence[tuple[Document, str]], schema: Schema | None = None) -> list[Reading]:
    """What each instruction format makes of the answers, the best first; none where all are blank."""
    spoken = [pair for pair in answers if pair[1].strip()]
    tried = spoken[:: max(1, len(spoken) // SAMPLE)][:SAMPLE]
    found = []
    for name in CODECS if tried else ():
        codec = make_codec(name, schema)
        items = whole = 0
        for document, text in tried:
            try:
                annotation = codec.parse(document, text)
            except ConfigError:
                # Not a question that this format asks.
                continue
            if annotation.mentions or annotation.unaligned or annotation.relations:
                items += 1
                whole += not annotation.unparsed
        found.append(Reading(name, items / len(tried), whole / len(tried)))
    return sorted(found, key=lambda one: (-one.whole, -one.items, one.format))


def best_reading(answers: Sequence[tuple[Document, str]], schema: Schema | None = None) -> Reading | None:
    """The format that reads at least half of the answers whole, and more of them than any other does."""
    found = readings(answers, schema)
    if not found or found[0].whole < 0.5 or (len(found) > 1 and found[1].whole == found[0].whole):
        return None
    return found[0]
