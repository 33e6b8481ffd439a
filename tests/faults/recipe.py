"""What a training of the bench is made of, before any fault: notes and configuration."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from medspan.core import Example

from .notes import Notes, Plan, make_notes, with_id

CONFIG: Mapping[str, Any] = {
    "num_train_epochs": 1,
    "learning_rate": 2.0e-3,
    "per_device_train_batch_size": 4,
    "lora_r": 16,
    "lora_alpha": 32,
    "read_twice": True,
    "eval_steps": 1000,
    "eval_samples": 12,
    "logging_steps": 2,
    "save_total_limit": 20,
}
"""The healthy training: 130 notes, once, half a minute on two cores."""

Source = Literal["notes", "tasks", "synth", "ade"]


@dataclass(frozen=True, slots=True)
class Recipe:
    """A corpus and a configuration. `grammar`: whether the test part is decoded under the grammar."""

    name: str = "notes"
    source: Source = "notes"
    plan: Plan = field(default_factory=Plan)
    config: Mapping[str, Any] = field(default_factory=dict)
    grammar: bool = False
    shares: str | None = None
    """The name of the recipe whose training this one is, too."""

    @property
    def training(self) -> str:
        return self.shares or self.name

    def notes(self, seed: int) -> Notes:
        if self.source == "synth":
            return _synthetic(seed, self.plan)
        if self.source == "ade":
            return _sentences(seed, self.plan)
        made = make_notes(seed, self.plan)
        return _as_tasks(made) if self.source == "tasks" else made

    def settings(self, seed: int) -> dict[str, Any]:
        """The keys of the configuration but for paths; None takes one of CONFIG out."""
        whole = {**CONFIG, "seed": seed, **self.config}
        return {key: value for key, value in whole.items() if value is not None}


def _synthetic(seed: int, plan: Plan) -> Notes:
    """The built-in synthetic notes of the clinic, with a quarter of their ways to say a thing."""
    from medspan.synth import generate

    count = plan.train + plan.validation + plan.test
    notes = generate(count, seed=seed, held_out_documents=plan.test / count, variety=0.25)
    return _parts(notes[: -plan.test], notes[-plan.test :], plan)


def _sentences(seed: int, plan: Plan) -> Notes:
    """Sentences of the ADE corpus, in the folder that MEDSPAN_CORPORA names."""
    from medspan.read import load

    folder = Path(os.environ["MEDSPAN_CORPORA"]) / "ade"
    rng = random.Random(seed)
    parts = []
    for name, count in (("train", plan.train + plan.validation), ("val", plan.test)):
        examples = [one for one in load(folder / f"{name}.json").examples if len(one.document.text) <= 160]
        unique = {one.document.text: one for one in examples}
        parts.append(rng.sample(list(unique.values()), count))
    known = {one.document.text for one in parts[0]}
    return _parts(parts[0], [one for one in parts[1] if one.document.text not in known], plan)


def _parts(learnt: list[Example], test: list[Example], plan: Plan) -> Notes:
    return Notes(
        train=tuple(replace(one, split="train") for one in learnt[: plan.train]),
        validation=tuple(replace(one, split="validation") for one in learnt[plan.train :]),
        test=tuple(replace(one, split="test") for one in test),
        known={},
        unseen={},
    )


_QUESTIONS = {"chemicals": ("chemical",), "diseases": ("disease",), "influences": ()}
_TYPES = {"Drug": "chemical", "Disease": "disease", "Symptom": "disease"}


def _as_tasks(notes: Notes) -> Notes:
    """The three questions of the format `tasks` on each note, which of a note are in one part."""

    def asked(note: Example, task: str) -> Example:
        assert note.reference is not None
        reference = note.reference
        renamed = {mention: replace(mention, type=_TYPES[mention.type]) for mention in reference.mentions}
        relations = tuple(
            replace(one, head=renamed[one.head], tail=renamed[one.tail], type="influences")  # type: ignore[index]
            for one in reference.relations
        )
        mentions = tuple(one for one in renamed.values() if one.type in _QUESTIONS[task])
        kept = relations if task == "influences" else ()
        row = replace(note, reference=replace(reference, mentions=mentions, relations=kept))
        return with_id(replace(row, document=replace(row.document, task=task)), f"{note.id}-{task}")

    parts = {
        part: tuple(asked(note, task) for note in getattr(notes, part) for task in _QUESTIONS)
        for part in ("train", "validation", "test")
    }
    return replace(notes, **parts)


_NOTES = Recipe()
_ADE = Recipe("ade", "ade", Plan(300, 24, 48), {"template": "plain"}, grammar=True)
_MORE = Recipe("more-notes", plan=Plan(260, 24, 80, terms=150))


def healthy_recipes() -> list[tuple[Recipe, int]]:
    """Twelve healthy runs of different data, format, method, size, decoding and seed."""
    twice_no = {"read_twice": None}
    return [
        (_NOTES, 1),
        (_NOTES, 2),
        (_NOTES, 3),
        (Recipe("notes-grammar", grammar=True, shares="notes"), 1),
        (Recipe("plain", config={"template": "plain"}), 4),
        (
            Recipe(
                "sections",
                config={**twice_no, "format": "sections", "instruction": "List entities and relations."},
            ),
            5,
        ),
        (Recipe("tasks", "tasks", Plan(80, 8, 20), {**twice_no, "format": "tasks"}, grammar=True), 6),
        (
            Recipe(
                "tag",
                plan=Plan(300, 40, 56),
                config={**twice_no, "method": "tag", "num_train_epochs": 2, "learning_rate": 1.0e-3},
                grammar=True,
            ),
            7,
        ),
        (Recipe("clinic", "synth", Plan(200, 16, 40), grammar=True), 8),
        (_MORE, 9),
        (
            Recipe("long-notes", plan=Plan(120, 16, 40, sentences=(3, 4)), config={"num_train_epochs": 1.2}),
            10,
        ),
        (_ADE, 11) if os.environ.get("MEDSPAN_CORPORA") else (_NOTES, 12),
    ]


HEALTHY = healthy_recipes()
