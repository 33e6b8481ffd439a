"""Two or more systems on one part: all scores, each against the first, and what became of each document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from medspan.core import Example, Schema
from medspan.evaluate.comparison.part import System, same_part
from medspan.evaluate.comparison.significance import PairedTest, Sampling, holm, paired_test
from medspan.evaluate.comparison.transitions import Outcomes, Transitions, transitions
from medspan.evaluate.match import (
    KINDS,
    Counts,
    Directions,
    How,
    Kind,
    links_concepts,
    match_mentions,
    match_relations,
)
from medspan.evaluate.score import Evaluation, evaluate

TESTED: tuple[How, ...] = ("text", "strict")
"""The matches whose F1 is tested."""

SHOWN: dict[Kind, How] = {"entities": "strict", "relations": "text"}
"""The match by which items are said to be found: mentions by place, relations by their strings."""


@dataclass(frozen=True, slots=True)
class Against:
    """One system against the first: a test for each match and kind, and what became of the documents.

    `adjusted` holds Holm's p-values over the tests of all systems; None where only two are compared.
    """

    system: int
    tests: Mapping[tuple[How, Kind], PairedTest]
    adjusted: Mapping[tuple[How, Kind], float | None]
    transitions: Transitions

    def to_json(self) -> dict[str, Any]:
        tests: dict[str, dict[str, Any]] = {}
        for (how, kind), test in self.tests.items():
            told = {**test.to_json(), "p_value_holm": self.adjusted.get((how, kind))}
            tests.setdefault(how, {})[kind] = told
        return {"tests": tests, "transitions": self.transitions.to_json()}


@dataclass(frozen=True, slots=True)
class Comparison:
    """The systems on one part, in one order of documents, with their scores; `against` the first, in order.

    `outcomes`: for each system and document, what was found, missed and spurious (see `SHOWN`).
    """

    systems: tuple[System, ...]
    evaluations: tuple[Evaluation, ...]
    against: tuple[Against, ...]
    outcomes: tuple[tuple[Outcomes, ...], ...]
    sampling: Sampling

    @property
    def documents(self) -> int:
        return len(self.systems[0].examples)

    @property
    def groups(self) -> int | None:
        """How many groups the documents are exchanged and drawn by; None where each is by itself."""
        units = next(iter(self.against[0].tests.values())).units
        return None if units == self.documents else units

    def to_json(self) -> dict[str, Any]:
        names = [system.name for system in self.systems]
        return {
            "documents": self.documents,
            "groups": self.groups,
            "scores": [
                {"name": name, **found.to_json()} for name, found in zip(names, self.evaluations, strict=True)
            ],
            "sampling": self.sampling.to_json(),
            "comparisons": [
                {"first": names[0], "second": names[one.system], **one.to_json()} for one in self.against
            ],
        }


def compare(
    systems: Sequence[System],
    *,
    schema: Schema | None = None,
    sampling: Sampling | None = None,
    allow_empty: bool = False,
) -> Comparison:
    """Compare two or more systems. InputError where they were not scored on the same documents.

    `schema` and `allow_empty` as for `evaluate`: symmetric and inverse types count as such, and a system
    that predicts nothing is refused. Documents of one group (`document.group`, an article) are no
    independent evidence: the tests exchange and draw them together.
    """
    drawn = sampling or Sampling()
    placed = same_part(systems)
    evaluations = tuple(
        evaluate(
            one.examples,
            bootstrap_samples=drawn.resamples,
            seed=drawn.seed,
            allow_empty=allow_empty,
            schema=schema,
        )
        for one in placed
    )
    outcomes = [_outcomes(one.examples, schema) for one in placed]
    counts = [_counts(found) for found in evaluations]
    groups = [one.document.group for one in placed[0].examples]
    tests = [
        {key: paired_test(counts[0][key], counts[place][key], drawn, groups) for key in counts[0]}
        for place in range(1, len(placed))
    ]
    adjusted = _adjusted(tests)
    against = tuple(
        Against(
            place,
            tests[place - 1],
            adjusted[place - 1],
            transitions(placed[0].examples, outcomes[0], outcomes[place]),
        )
        for place in range(1, len(placed))
    )
    return Comparison(tuple(placed), evaluations, against, tuple(outcomes), drawn)


def _outcomes(examples: Sequence[Example], schema: Schema | None) -> tuple[Outcomes, ...]:
    """For each document what was found, missed and spurious, as it is shown."""
    directions = Directions.of(schema)
    return tuple(
        {
            "entities": match_mentions(example, SHOWN["entities"]),
            "relations": match_relations(example, SHOWN["relations"], linked=linked, directions=directions),
        }
        for example, linked in zip(examples, links_concepts(examples), strict=True)
    )


def _counts(found: Evaluation) -> dict[tuple[How, Kind], list[Counts]]:
    """For each tested match and kind, the counts of each document over all types."""
    counts: dict[tuple[How, Kind], list[Counts]] = {(how, kind): [] for kind in KINDS for how in TESTED}
    for row in found.per_document:
        sums = {key: [0.0, 0.0, 0.0] for key in counts}
        for (how, kind, _), cell in row.counts.items():
            if (how, kind) in sums:
                for column, value in enumerate(cell):
                    sums[how, kind][column] += value
        for key, (right, spurious, missed) in sums.items():
            counts[key].append((right, spurious, missed))
    return counts


def _adjusted(
    tests: Sequence[Mapping[tuple[How, Kind], PairedTest]],
) -> list[dict[tuple[How, Kind], float | None]]:
    """Holm's p-values over all tests of all systems; nothing where there is only one pair."""
    if len(tests) < 2:
        return [{} for _ in tests]
    values = iter(holm([test.p_value for found in tests for test in found.values()]))
    return [{key: next(values) for key in found} for found in tests]
