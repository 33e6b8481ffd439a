"""Examples, cases and a lab with planted answers, without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from medspan.core import Annotation, Document, Example, Mention, Relation
from medspan.diagnose.base import Cleared, Effect, Probe, Suspicion, Untold
from medspan.diagnose.case import Case
from medspan.diagnose.lab import Lab, effect_of

Named = Mapping[str, str]
"""Strings of a text with their types."""
Joined = Sequence[tuple[str, str, str]]
"""Relations as (head, type, tail)."""


def annotation(text: str, named: Named, joined: Joined = ()) -> Annotation:
    """Each string at its first place in the text."""
    mentions = {
        string: Mention.at(text, text.index(string), text.index(string) + len(string), type_)
        for string, type_ in named.items()
    }
    relations = tuple(Relation(mentions[head], mentions[tail], type_) for head, type_, tail in joined)
    return Annotation(tuple(mentions.values()), (), relations)


def row(
    identity: str,
    text: str,
    named: Named,
    joined: Joined = (),
    *,
    task: str | None = None,
    group: str | None = None,
) -> Example:
    """A document with its reference."""
    return Example(Document(identity, text, group, task), annotation(text, named, joined))


def answered(example: Example, named: Named | None = None, joined: Joined = (), raw: str = "") -> Example:
    """The example with a prediction; the reference itself where none is given."""
    predicted = example.reference if named is None else annotation(example.document.text, named, joined)
    assert predicted is not None
    return example.with_prediction(predicted, raw or f"answer to {example.id}", False)


def note(identity: str, *, task: str | None = None, group: str | None = None) -> Example:
    """A document whose words are nobody else's."""
    words = " ".join(f"{identity}word{number}" for number in range(8))
    text = f"Mr {words} had pain-{identity} and was given drug-{identity}."
    named = {f"pain-{identity}": "Symptom", f"drug-{identity}": "Drug"}
    joined = [(f"drug-{identity}", "treats", f"pain-{identity}")]
    return row(identity, text, named, joined, task=task, group=group)


def notes(prefix: str, count: int, **more: Any) -> list[Example]:
    return [note(f"{prefix}{number}", **more) for number in range(count)]


def right(examples: Sequence[Example]) -> list[Example]:
    return [answered(one) for one in examples]


def wrong(examples: Sequence[Example]) -> list[Example]:
    """Predictions that find one mention of the two, and no relation."""
    return [answered(one, {f"drug-{one.id}": "Drug"}) for one in examples]


def case(**known: Any) -> Case:
    """A case of these parts and predictions; sequences are made tuples."""
    known = {name: tuple(value) if isinstance(value, list) else value for name, value in known.items()}
    if "parts" in known:
        known["parts"] = {name: tuple(rows) for name, rows in known["parts"].items()}
    return Case(Path("run"), **known)


@dataclass(frozen=True)
class PlantedExplanation:
    """What a lab says of stored answers."""

    final: float | None = 1.0
    temperature: float | None = None
    conditions: Any = None
    steps: tuple[Any, ...] = ()


@dataclass
class PlantedLab:
    """A lab whose model gives the answers that are planted, by document id."""

    problem: str | None = None
    explanation: PlantedExplanation = field(default_factory=PlantedExplanation)
    given: Mapping[str, Example] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    stored: Sequence[Example] = ()

    mended: Any = "as trained"

    def answers(self, conditions: Any, examples: Sequence[Example] | None = None) -> list[Example]:
        self.asked.append(conditions)
        examples = self.stored if examples is None else examples
        return [
            replace(one, predicted=self.given[one.id].predicted, raw=self.given[one.id].raw)
            for one in examples
        ]

    def effect(self, before: Sequence[Example], after: Sequence[Example]) -> Effect:
        return effect_of(before, after, "entities")


def examine(probe: Probe, of: Case, lab: PlantedLab | None = None) -> Suspicion | Cleared | Untold:
    """The one thing that a probe of one cause says."""
    lab = lab or PlantedLab()
    lab.stored = of.sample
    (said,) = probe.examine(of, cast(Lab, lab))
    assert said.cause in probe.causes
    return said


def suspected(probe: Probe, of: Case, lab: PlantedLab | None = None) -> Suspicion:
    said = examine(probe, of, lab)
    assert isinstance(said, Suspicion), said
    return said


def cleared(probe: Probe, of: Case, lab: PlantedLab | None = None) -> Cleared:
    said = examine(probe, of, lab)
    assert isinstance(said, Cleared), said
    return said


def untold(probe: Probe, of: Case, lab: PlantedLab | None = None) -> Untold:
    said = examine(probe, of, lab)
    assert isinstance(said, Untold), said
    return said
