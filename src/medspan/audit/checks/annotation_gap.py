"""Sources whose relations nobody annotated, among others that have them."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import ClassVar

from medspan.audit.base import Check, register
from medspan.audit.data import Data, Part, Row
from medspan.core import Case, Finding, Severity

KEYS = ("source", "dataset", "corpus", "source_dataset", "data_source", "origin")
"""Keys of a row that name where it comes from, the first that it has."""
FEWEST = 10
"""Rows of a source below which nothing is said about it."""
CERTAIN = 0.01
"""The probability of one false alarm over all sources."""


@dataclass
class _Source:
    rows: int = 0
    related: int = 0
    by_part: defaultdict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))


@register
class AnnotationGap(Check):
    """Told by chance: were a source annotated like the others, its rows would not all be without relations.

    Fisher's exact test, one-sided: the probability that none of the rows with relations falls among the
    source's is to be below 0.01 divided by the number of sources (Bonferroni).
    """

    id: ClassVar[str] = "annotation-gap"
    severity: ClassVar[Severity] = "warning"
    meaning: ClassVar[str] = (
        "All rows of one source are without a relation, while the other sources have them: nobody annotated "
        "relations there. A model learns that such texts say none, and in an evaluated split each true "
        "relation that it finds counts as wrong."
    )
    counted: ClassVar[str] = (
        f"Rows of sources without any relation in any split, with at least {FEWEST} rows and more than "
        "chance explains (Fisher's exact test, p < 0.01 over all sources), of all rows of the split "
        f"that are asked for relations. A source is what a row names under {', '.join(KEYS[:-1])} or "
        f"{KEYS[-1]}; else its file."
    )
    remedy: ClassVar[str] = (
        "train entities and relations on the sources that have both annotated, and keep the others for a "
        "model of entities alone, or annotate them"
    )

    def run(self, data: Data) -> Iterator[Finding]:
        sources = _sources(data)
        gaps = _gaps(sources)
        for part in data.parts:
            rows = [(name, row) for name in gaps for row in sources[name].by_part[part.name]]
            if rows:
                yield self._finding(part, rows, sources)

    def _finding(
        self, part: Part, rows: Sequence[tuple[str, Row]], sources: Mapping[str, _Source]
    ) -> Finding:
        asked = sum(len(source.by_part[part.name]) for source in sources.values())
        by_source = Counter(name for name, _ in rows)
        told = ", ".join(f"{_short(name, sources)} {count:,}" for name, count in sorted(by_source.items()))
        other = sum(source.rows for name, source in sources.items() if name not in by_source)
        related = sum(source.related for name, source in sources.items() if name not in by_source)
        return self.finding(
            f"{len(rows):,} of {asked:,} rows of {part.name} come from sources without any relation "
            f"({told}), while {related / other:.1%} of the rows of the others have some",
            len(rows),
            asked,
            split=part.name,
            cases=(Case(f"no relation, as in all rows of {name}", row.place, row.text) for name, row in rows),
        )


def _sources(data: Data) -> dict[str, _Source]:
    """The rows that are asked for relations, by source."""
    asked = {row.task for row in data.rows if row.reference.relations} | {None}
    found: defaultdict[str, _Source] = defaultdict(_Source)
    for part in data.parts:
        for row in part.rows:
            if row.task in asked and row.example.reference is not None:
                source = found[_source_of(row, part)]
                source.rows += 1
                source.related += bool(row.reference.relations)
                source.by_part[part.name].append(row)
    return dict(found)


def _gaps(sources: Mapping[str, _Source]) -> list[str]:
    """The names of those without relations that chance does not explain, sorted."""
    with_relations = [source for source in sources.values() if source.related]
    rows = sum(source.rows for source in with_relations)
    related = sum(source.related for source in with_relations)
    if not related:
        return []
    return sorted(
        name
        for name, source in sources.items()
        if not source.related
        and source.rows >= FEWEST
        and _chance(source.rows, rows, related) < CERTAIN / len(sources)
    )


def _chance(own: int, other: int, related: int) -> float:
    """The probability that `related` of all rows, drawn at random, are all among the `other` ones."""
    return math.exp(
        math.lgamma(other + 1)
        - math.lgamma(other - related + 1)
        - math.lgamma(own + other + 1)
        + math.lgamma(own + other - related + 1)
    )


def _source_of(row: Row, part: Part) -> str:
    metadata = row.example.document.metadata
    for key in KEYS:
        named = metadata.get(f"row.{key}")
        if named is not None:
            value = json.loads(named)
            if isinstance(value, str) and value.strip():
                return value.strip()
    place = row.example.place
    if place is None:
        return part.name
    # A document of a folder has files of its own: the folder is its source.
    path = PurePath(place.file)
    return next((file for file in part.files if path.is_relative_to(file)), place.file)


def _short(name: str, names: Iterable[str]) -> str:
    """A file without its folder, if no other source has that name."""
    last = PurePath(name).name or name
    return last if sum(PurePath(other).name == last for other in names) == 1 else name
