"""Evaluated strings that training has all shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data
from medspan.audit.targets import strings, triples
from medspan.core import Case, Finding, Severity

NEARLY_ALL = 0.95
FEWEST = 10
"""Fewer distinct strings than this tell nothing."""


@register
class ClosedVocabulary(Check):
    """Strings with their types, and relations as triples of strings."""

    id: ClassVar[str] = "closed-vocabulary"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "Nearly every string of this split was seen in training. A list of known strings scores as well as a "
        "model that reads, so the score says nothing about new drugs or diseases."
    )
    counted: ClassVar[str] = (
        "Distinct (type, string) of the evaluated split, letter case aside, that occur in training under the "
        f"same type, of all of them: reported from {NEARLY_ALL:.0%} on, and from {FEWEST} strings on; an "
        "error where it is all of them and no other evaluated split has a new one."
    )
    remedy: ClassVar[str] = (
        "evaluate on other strings too: medspan split DIR --out NEW --unseen 0.3 keeps a share of the test's "
        "strings out of training; where the set has too few strings for that, it needs other ones"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        if data.train is None:
            return
        known, known_triples = strings(data.train.rows), triples(data.train.rows)
        evaluated = [(part, strings(part.rows)) for part in data.parts if part is not data.train]
        open_ = any(here - known for _, here in evaluated)
        for part, here in evaluated:
            here_triples = triples(part.rows)
            seen = here & known
            if len(here) < FEWEST or len(seen) < NEARLY_ALL * len(here):
                continue
            of_triples = (
                f"; of its {len(here_triples)} relations (head, type, tail) "
                f"{len(here_triples & known_triples)}"
                if here_triples
                else ""
            )
            yield self.finding(
                f"{len(seen)} of {len(here)} distinct strings of {part.name} occur in {data.train.name} "
                f"({len(known)} strings){of_triples}",
                len(seen),
                len(here),
                split=part.name,
                against=data.train.name,
                cases=(Case(f"[{type_}] {string}") for type_, string in sorted(seen)),
                severity=None if open_ else "error",
            )
