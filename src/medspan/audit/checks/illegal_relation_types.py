"""Relations between types that their relation type does not join."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.chance import CERTAIN, at_most
from medspan.audit.data import Data, Row, string_of
from medspan.audit.ends import marks_of, name_of
from medspan.core import UNKNOWN_TYPE, Case, Concept, Endpoint, Finding, Relation, Schema, Severity
from medspan.text import bare_id, fold

RARE = 0.01
"""Pairs of types that make up less than this share of a relation type are taken for exceptions."""

TypePair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Typed:
    """A relation with every pair of types that its ends may have."""

    row: Row
    relation: Relation
    pairs: tuple[TypePair, ...]


@register
class IllegalRelationTypes(Check):
    """Against the schema; without one, exceptions to what a relation type joins otherwise.

    A pair of types is an exception where its share of the relation type is below 1% with 99% certainty
    (exact binomial), which takes 459 relations for a pair that is never seen and 662 for one seen once,
    and where all such pairs together are below 1% as well: a relation type with a long tail of rare pairs
    joins anything.
    """

    id: ClassVar[str] = "illegal-relation-types"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "Relations join entity types that their relation type does not join: head and tail are swapped, an "
        "entity has the wrong type, or the schema forgets a pair. Training leaves such relations out and the "
        "grammar forbids them, so that they count against the recall."
    )
    counted: ClassVar[str] = (
        "Relations whose (head type, tail type) the stated schema does not allow for any of the types that "
        "the ends are listed under, of all relations of known types. Without a schema (for information): "
        f"relations of pairs of types that make up less than {RARE:.0%} of their relation type, for certain "
        f"(p < {CERTAIN}) and all together."
    )
    remedy: ClassVar[str] = (
        "correct these relations, or add the pairs to the schema file; swapped ends have to change places"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        schema = data.stated_schema
        typed = {part.name: [one for row in part.rows for one in _typed(row)] for part in data.parts}
        usual = (
            _usual(one for found in typed.values() for one in found) if schema is None else _allowed(schema)
        )
        for part in data.parts:
            judged = [one for one in typed[part.name] if one.pairs and one.relation.type in usual]
            wrong = [one for one in judged if not usual[one.relation.type].holds_any(one.pairs)]
            if not wrong:
                continue
            counts = Counter((one.relation.type, one.pairs[0]) for one in wrong)
            told = ", ".join(
                f"{name} of {head} and {tail} ({count})"
                for (name, (head, tail)), count in sorted(counts.items(), key=lambda it: (-it[1], it[0]))
            )
            swapped = sum(usual[one.relation.type].holds_any(_turned(one.pairs)) for one in wrong)
            turned = f"; {swapped} would be usual with head and tail swapped" if swapped else ""
            why = (
                "types that the schema does not allow for them"
                if schema is not None
                else f"types that their relation type joins in less than {RARE:.0%} of all cases"
            )
            yield self.finding(
                f"{len(wrong)} of {len(judged)} relations of {part.name} join {why}: {told}{turned}",
                len(wrong),
                len(judged),
                split=part.name,
                cases=map(_case, wrong),
                severity="info" if schema is None else None,
                remedy=None
                if schema is not None
                else "read them: an end may have the wrong type, or head and tail be swapped; a schema file "
                "(--schema FILE) says which pairs are legal",
            )


@dataclass(frozen=True, slots=True)
class _Legal:
    """The pairs that a relation type may join; None allows any."""

    pairs: frozenset[TypePair] | None

    def holds_any(self, pairs: tuple[TypePair, ...]) -> bool:
        return self.pairs is None or not self.pairs.isdisjoint(pairs)


def _allowed(schema: Schema) -> dict[str, _Legal]:
    found = {}
    for relation in schema.relation_types:
        turned = _turned(relation.pairs) if relation.symmetric else ()
        found[relation.name] = _Legal(frozenset((*relation.pairs, *turned)) or None)
    return found


def _usual(relations: Iterator[_Typed]) -> dict[str, _Legal]:
    """Every relation type of the data with the pairs that it joins but for exceptions."""
    counts: defaultdict[str, Counter[TypePair]] = defaultdict(Counter)
    totals: Counter[str] = Counter()
    for one in relations:
        if one.pairs:
            totals[one.relation.type] += 1
            counts[one.relation.type].update(one.pairs)
    found = {}
    for name, total in totals.items():
        rare = {pair for pair, count in counts[name].items() if at_most(count, total, RARE) < CERTAIN}
        together = sum(counts[name][pair] for pair in rare)
        exceptions = rare if at_most(together, total, RARE) < CERTAIN else set()
        found[name] = _Legal(frozenset(set(counts[name]) - exceptions))
    return found


def _typed(row: Row) -> Iterator[_Typed]:
    by_string: defaultdict[str, set[str]] = defaultdict(set)
    by_concept: defaultdict[str, set[str]] = defaultdict(set)
    for item in row.listed:
        by_string[fold(string_of(item))].add(item.type)
        for concept in item.concepts:
            by_concept[bare_id(concept)].add(item.type)

    def types(end: Endpoint) -> list[str]:
        found = {end.type} if end.type else set()
        if isinstance(end, Concept):
            found = found or by_concept[bare_id(end.id)]
        elif row.reference.scope == "string":
            # A list does not say which of a string's types a relation means.
            found = found | by_string[fold(string_of(end))]
        return sorted(found - {UNKNOWN_TYPE})

    for relation in row.reference.relations:
        heads, tails = types(relation.head), types(relation.tail)
        yield _Typed(row, relation, tuple((head, tail) for head in heads for tail in tails))


def _turned(pairs: tuple[TypePair, ...]) -> tuple[TypePair, ...]:
    return tuple((tail, head) for head, tail in pairs)


def _case(one: _Typed) -> Case:
    relation, (head, tail) = one.relation, one.pairs[0]
    what = f"{name_of(relation.head)} ({head}) --[{relation.type}]--> {name_of(relation.tail)} ({tail})"
    return Case(what, one.row.place, one.row.text, marks_of(relation.head, relation.tail))
