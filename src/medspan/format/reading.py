"""Which instruction formats can read a set of answers: how the wrong parser is told from a poor model."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from medspan.core import Annotation, Concept, ConfigError, Document, Relation, RelationType, Schema
from medspan.format.codec import Codec
from medspan.format.codecs import CODECS, make_codec
from medspan.format.compact import CompactCodec
from medspan.format.grammar import lines_of

SAMPLE = 200
"""How many answers are tried, evenly spaced."""


@dataclass(frozen=True, slots=True)
class Reading:
    """How a format reads a set of answers: shares of those that are not blank.

    `items`: with an entity or a relation. `whole`: with nothing left over, be it that it says in the
    format's own words that there is nothing. `relations`: with a relation.
    """

    format: str
    items: float
    whole: float
    relations: float


def readings(answers: Sequence[tuple[Document, str]], schema: Schema | None = None) -> list[Reading]:
    """What each instruction format makes of the answers, the best first; none where all are blank."""
    spoken = [pair for pair in answers if pair[1].strip()]
    tried = spoken[:: max(1, len(spoken) // SAMPLE)][:SAMPLE]
    found = []
    for name in CODECS if tried else ():
        try:
            codec = reading_codec(name, schema or Schema(), [text for _, text in spoken])
        except ConfigError:
            # The schema's types cannot be written in this format, so no answer is in it.
            continue
        items = whole = relations = 0
        for document, text in tried:
            try:
                annotation = codec.parse(document, text)
            except ConfigError:
                # Not a question that this format asks.
                continue
            items += holds_items(annotation)
            relations += holds_relations(annotation)
            blank = bool(annotation.unaligned or annotation.relations) and not holds_items(annotation)
            whole += not annotation.unparsed and not blank
        found.append(Reading(name, *(count / len(tried) for count in (items, whole, relations))))
    return sorted(found, key=lambda one: (-one.whole, -one.items, one.format))


def best_reading(answers: Sequence[tuple[Document, str]], schema: Schema | None = None) -> Reading | None:
    """The format that reads at least half of the answers whole, and more of them than any other does."""
    found = readings(answers, schema)
    if not found or found[0].whole < 0.5 or (len(found) > 1 and found[1].whole == found[0].whole):
        return None
    return found[0]


def reading_codec(name: str, schema: Schema, answers: Iterable[str]) -> Codec:
    """The codec that reads these answers to questions about the types of `schema`.

    A type that a model invents is an error of the model, and not text that nobody could read: the types
    that answers in `compact` name are added to the schema's. ConfigError where the format cannot hold
    the schema's types, or has another name.
    """
    if name == CompactCodec.name:
        schema = _with_further_types(schema, answers)
    return make_codec(name, schema)


def holds_items(annotation: Annotation) -> bool:
    """Whether there is an entity or a relation; strings that are blank are none."""
    return bool(
        annotation.mentions
        or any(item.text.strip() for item in annotation.unaligned)
        or holds_relations(annotation)
    )


def holds_relations(annotation: Annotation) -> bool:
    """Whether there is a relation with a string at one end at least."""
    return any(map(_is_told, annotation.relations))


def _is_told(relation: Relation) -> bool:
    return any(isinstance(end, Concept) or end.text.strip() for end in (relation.head, relation.tail))


def _with_further_types(schema: Schema, answers: Iterable[str]) -> Schema:
    """The schema with the types that only the answers name.

    None are added where the answers name no type of the schema: those are in another wording, such as
    `Diseases: a, b`, and a schema without types reads every label as it is. A line names a type where
    it ends as the format ends an item, or where nothing ever follows the label (the model was asked for
    the type, and nobody found one); `Note: nothing else was found.` does not.
    """
    known = set(schema.labels())
    if not known:
        return schema
    heard = False
    empty: set[str] = set()
    prose: set[str] = set()
    items: Counter[str] = Counter()
    pairs: Counter[str] = Counter()
    for label, rest in _labelled(answers):
        if label in known:
            heard = True
        elif set(label) & set(";|"):
            continue
        elif not rest.endswith(";"):
            (prose if rest else empty).add(label)
        else:
            found = rest.removesuffix(";").split(";")
            items[label] += len(found)
            pairs[label] += sum("|" in item for item in found)
    if not heard:
        return schema
    relations = sorted(label for label in items if 2 * pairs[label] >= items[label])
    entities = sorted((set(items) | (empty - prose)) - set(relations))
    return Schema(
        (*schema.entity_types, *entities),
        (*schema.relation_types, *map(RelationType, relations)),
        schema.tasks,
    )


def _labelled(answers: Iterable[str]) -> Iterator[tuple[str, str]]:
    for text in answers:
        for line in lines_of(text):
            label, colon, rest = line.partition(":")
            if colon and label.strip():
                yield label.strip(), rest.strip()
