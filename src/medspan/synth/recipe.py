"""What notes are made from: types with their terms, relations with their sentences, openings and closings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from medspan.core import ConfigError, Schema
from medspan.synth.pattern import REGISTERS, Kind, Pattern, Register
from medspan.synth.terms import Finder, Lexicon, Term

SEVERAL = "several"
"""The name of the pool of sentences that are about several relations."""

Pools = Mapping[Kind, Mapping[str, tuple[Pattern, ...]]]
"""Patterns by kind, and by relation type or `SEVERAL`."""


@dataclass(frozen=True)
class Recipe:
    """Schema, lexicons by entity type, and sentences by register.

    `left_out` are the sentences that were not taken, with the reason: their own words hold a term.
    """

    schema: Schema
    lexicons: Mapping[str, Lexicon]
    pools: Mapping[Register, Pools]
    openings: Mapping[Register, tuple[Pattern, ...]]
    closings: Mapping[Register, tuple[Pattern, ...]]
    left_out: tuple[tuple[str, str], ...] = ()

    @cached_property
    def finder(self) -> Finder:
        return Finder(self.lexicons)

    @cached_property
    def terms(self) -> dict[str, Term]:
        """Every term by its text."""
        return {text: term for lexicon in self.lexicons.values() for text, term in lexicon.terms.items()}

    def patterns(self, register: Register) -> Iterator[Pattern]:
        """All sentences about relations of one register."""
        for by_relation in self.pools[register].values():
            for patterns in by_relation.values():
                yield from patterns

    def stated(self, register: Register) -> set[str]:
        """The relation types that some sentence of the register states."""
        pool = self.pools[register].get("statement", {})
        return {joined[1] for patterns in pool.values() for pattern in patterns for joined in pattern.joins}

    @cached_property
    def registers(self) -> tuple[Register, ...]:
        """The registers in which notes can be written: those that can state every relation type."""
        wanted = {relation.name for relation in self.schema.relation_types}
        return tuple(
            register
            for register in REGISTERS
            if wanted <= self.stated(register) and self.openings[register] and self.closings[register]
        )

    def kinds(self, register: Register) -> Counter[Kind]:
        """How many sentences there are of each kind."""
        return Counter(pattern.kind for pattern in self.patterns(register))


def pooled(patterns: Sequence[Pattern]) -> Pools:
    """The patterns by kind and relation type, in the order given."""
    found: dict[Kind, dict[str, list[Pattern]]] = {}
    for pattern in patterns:
        relations = {relation for _, relation, _ in pattern.joins}
        # Sentences on one relation type that state it twice are rarer than those that state it once.
        bucket = next(iter(relations)) if len(pattern.joins) == 1 else SEVERAL
        found.setdefault(pattern.kind, {}).setdefault(bucket, []).append(pattern)
    return {
        kind: {bucket: tuple(its) for bucket, its in by_relation.items()}
        for kind, by_relation in found.items()
    }


def without_terms(
    patterns: Sequence[Pattern], finder: Finder, left_out: list[tuple[str, str]]
) -> tuple[Pattern, ...]:
    """The patterns whose own words hold no term, which would be unlabelled; the others to `left_out`."""
    kept = []
    for pattern in patterns:
        # A slot is no word, so words on its two sides do not make a term together.
        words = " ~ ".join(
            "".join(piece if isinstance(piece, str) else "~" for piece in part) for part in pattern.parts
        )
        term = next((term for _, _, term in finder.find(words)), None)
        if term is None:
            kept.append(pattern)
        else:
            left_out.append((pattern.text, term))
    return tuple(kept)


def check_complete(recipe: Recipe) -> None:
    """ConfigError where a relation type cannot be stated, or a sentence states what the schema forbids."""
    for register in REGISTERS:
        for pattern in recipe.patterns(register):
            _check_types(pattern, recipe.schema)
    for relation in recipe.schema.relation_types:
        if not any(relation.name in recipe.stated(register) for register in REGISTERS):
            raise ConfigError(
                f"relation_types.{relation.name} has no sentence that states it",
                cause=_cause("it has neither a `verb` nor sentences of its own", recipe.left_out),
                remedy="add `verb:` with an infinitive, or sentences under prose.statement",
            )
    if not recipe.registers:
        raise ConfigError(
            "there is no register in which every relation type can be stated, and notes be begun and ended",
            cause=_cause("one has prose sentences only, another terse ones only", recipe.left_out),
            remedy="add `verb:` to each relation type",
        )


def _cause(likely: str, left_out: Sequence[tuple[str, str]]) -> str:
    if not left_out:
        return likely
    text, term = left_out[0]
    return f"{likely}; or they hold terms, as {len(left_out)} sentences do: {term!r} stands in {text!r}"


def _check_types(pattern: Pattern, schema: Schema) -> None:
    types = {slot.key: slot.type for slot in pattern.slots}
    for head, name, tail in pattern.joins:
        try:
            legal = schema.relation(name).allows(types[head], types[tail])
        except KeyError:
            raise ConfigError(
                f"the sentence {pattern.text!r} states {name!r}, which is no relation type",
                remedy=f"use {', '.join(relation.name for relation in schema.relation_types)}",
            ) from None
        if not legal:
            raise ConfigError(
                f"the sentence {pattern.text!r} joins {types[head]} and {types[tail]} by {name}",
                cause="the pairs of that relation type do not allow it",
                remedy="exchange the two slots, or add the pair",
            )
