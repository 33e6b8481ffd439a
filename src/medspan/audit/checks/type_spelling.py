"""One type under several spellings, or perhaps under several names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import combinations
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.chance import CERTAIN, at_most
from medspan.audit.coincidence import LARGELY, Seen, coincidence
from medspan.audit.data import Data, Row, string_of
from medspan.audit.spelling import respellings
from medspan.core import Case, Finding, Severity
from medspan.text import fold

_AVOIDS = 0.1
"""Two names of one type stand in one document at most in this share of the cases that chance gives."""


@register
class TypeSpelling(Check):
    """Names of types that differ in case, `_`, `-`, blanks or the plural only.

    Two names that spelling cannot bring together, such as `Drug` and `Medication`, are perhaps the same
    where they largely name the same strings (see `coincidence`) and yet avoid each other's documents:
    types that only the context tells apart share strings and documents.
    """

    id: ClassVar[str] = "type-spelling"
    severity: ClassVar[Severity] = "error"
    meaning: ClassVar[str] = (
        "One type goes by several names. A model learns two types that are one, and everything that asks "
        "for the one name - a schema, a score - silently loses what goes by the other."
    )
    counted: ClassVar[str] = (
        "Listed mentions and relations whose type differs from the schema's spelling, or from the most "
        "frequent one of the data, in letter case, '_', '-', blanks or the plural only, of all listed "
        "mentions and relations. Perhaps the same: mentions of strings that go by both of two types, of all "
        f"mentions of the two; the types share strings at least {LARGELY:g} times as well as one of them "
        "shares strings with itself in other documents, and meet in a document at most "
        f"{_AVOIDS:.0%} as often as chance alone gives."
    )
    remedy: ClassVar[str] = (
        "medspan audit PATH --fix --out DIR brings each type to one spelling; where two spellings are two "
        "types, state both in a schema file (--schema FILE)"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        entities, relations = _respelt(data)
        for part in data.parts:
            cases, wrong, of = [], Counter[tuple[str, str]](), 0
            for row in part.rows:
                named = [(item.type, string_of(item), entities) for item in row.listed]
                named += [(one.type, "a relation", relations) for one in row.reference.relations]
                of += len(named)
                for name, string, right in named:
                    if name in right:
                        wrong[(name, right[name])] += 1
                        what = f"{string!r}" if right is entities else string
                        cases.append(Case(f"{what} has the type {name}, not {right[name]}", row.place))
            if wrong:
                told = ", ".join(
                    f"{name} for {right} ({count})"
                    for (name, right), count in sorted(wrong.items(), key=lambda entry: (-entry[1], entry[0]))
                )
                yield self.finding(
                    f"{wrong.total()} of {of} items of {part.name} have a type that is spelt otherwise "
                    f"elsewhere: {told}",
                    wrong.total(),
                    of,
                    split=part.name,
                    cases=cases,
                )
        yield from self._perhaps_the_same(data, entities)

    def _perhaps_the_same(self, data: Data, right: dict[str, str]) -> Iterator[Finding]:
        named = _named(data, right)
        stated = set(data.stated_schema.entity_types) if data.stated_schema else set()
        documents = len({row.text_key for row in data.rows})
        told, cases, count, of = [], [], 0, 0
        for one, other in combinations(sorted(named), 2):
            # Whoever states both in a schema has told them apart.
            if {one, other} <= stated or not _avoid(named[one], named[other], documents):
                continue
            shared = coincidence(_seen(named[one]), _seen(named[other]))
            if shared is not None and shared >= LARGELY:
                told.append(f"{one} and {other}")
                strings = sorted(set(named[one]) & set(named[other]))
                cases += [_both(string, one, other, named) for string in strings]
                count += sum(len(named[name][string]) for name in (one, other) for string in strings)
                of += sum(len(rows) for name in (one, other) for rows in named[name].values())
        if told:
            yield self.finding(
                f"perhaps the same: {'; '.join(told)} hardly ever stand in one document, and {count} of "
                f"their {of} mentions ({count / of:.0%}) are of strings that go by both: one type under two "
                "names, or sources with rules of their own",
                count,
                of,
                cases=cases,
                severity="info",
                remedy="compare a few of them; medspan convert IN OUT --to FORMAT --rename OLD=NEW makes two "
                "names one; stating both in a schema file (--schema FILE) says that they are two",
            )


_Named = dict[str, dict[str, list[Row]]]
"""By type and folded string the rows of the mentions."""


def _named(data: Data, right: dict[str, str]) -> _Named:
    named: _Named = {}
    for row in data.rows:
        for item in row.listed:
            if string := fold(string_of(item)):
                named.setdefault(right.get(item.type, item.type), {}).setdefault(string, []).append(row)
    return named


def _seen(strings: dict[str, list[Row]]) -> Iterator[Seen]:
    return ((row.text_key, string) for string, rows in strings.items() for row in rows)


def _avoid(one: dict[str, list[Row]], other: dict[str, list[Row]], documents: int) -> bool:
    """Whether two types meet in far fewer documents than chance alone gives."""
    here, there = {key for key, _ in _seen(one)}, {key for key, _ in _seen(other)}
    both, rate = len(here & there), len(there) / documents
    return rate < 1 and both <= _AVOIDS * len(here) * rate and at_most(both, len(here), rate) < CERTAIN


def _both(string: str, one: str, other: str, named: _Named) -> Case:
    first, second = named[one][string][0], named[other][string][0]
    what = f"{string!r} is a {one} here and a {other} in {second.place}"
    return Case(what, first.place, first.text, (), second.place, second.text)


def _respelt(data: Data) -> tuple[dict[str, str], dict[str, str]]:
    """Of entity and of relation types the wrong spellings with the right ones."""
    schema = data.stated_schema
    entities = Counter(item.type for row in data.rows for item in row.listed)
    relations = Counter(one.type for row in data.rows for one in row.reference.relations)
    return (
        respellings(entities, schema.entity_types if schema else ()),
        respellings(relations, [one.name for one in schema.relation_types] if schema else ()),
    )
