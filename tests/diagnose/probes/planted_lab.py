"""Planted cases and a lab that answers as it is told to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Document, Example, Mention, Schema
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.explanation import Explanation
from medspan.diagnose.lab import Lab
from medspan.diagnose.reading import edges_of
from medspan.diagnose.teacher import Losses
from medspan.extract import DecodingOptions
from medspan.format import Template, make_codec

SCHEMA = Schema(("Drug", "Symptom"))
CODEC = make_codec("compact", SCHEMA)
DRUGS = ("metformin", "naloxone", "lithium", "warfarin", "aspirin", "digoxin", "insulin", "heparin")
SYMPTOMS = ("fever", "cough", "rash", "nausea", "vertigo", "tremor", "itching", "fatigue")


def documents(count: int, prefix: str = "d") -> tuple[Example, ...]:
    """Sentences with a drug and a symptom each, annotated."""
    found = []
    for n in range(count):
        drug, symptom = DRUGS[n % 8], SYMPTOMS[(n * 3 + n // 8) % 8]
        text = f"Case {prefix}{n}: {symptom} began after {drug}."
        mentions = (
            Mention.at(text, text.index(drug), text.index(drug) + len(drug), "Drug"),
            Mention.at(text, text.index(symptom), text.index(symptom) + len(symptom), "Symptom"),
        )
        found.append(Example(Document(f"{prefix}{n}", text), Annotation(mentions)))
    return tuple(found)


def answered(examples: Sequence[Example], answer: Callable[[Example], str]) -> tuple[Example, ...]:
    """The examples with these texts as their answers, read as `compact`."""
    found = []
    for one in examples:
        raw = answer(one)
        found.append(one.with_prediction(CODEC.parse(one.document, raw), raw, False))
    return tuple(found)


def right(example: Example) -> str:
    """The reference as an answer."""
    assert example.reference is not None
    return "".join(CODEC.target(example.document, example.reference))


CONDITIONS = Conditions(
    Template("chat", (1,), (2,), 3), CODEC, DecodingOptions(grammar=False), "base", Path("adapter")
)


@dataclass
class PlantedLab(Lab):
    """A lab without a model: losses and answers by conditions, as planted."""

    planted_losses: dict[bool, Losses] = field(default_factory=dict)
    exchanged: Losses | None = None
    planted_answers: Callable[[Conditions, Example], str] = lambda conditions, example: right(example)
    endless: bool = False
    explained: float = 0.5
    planted_hits: Sequence[Sequence[bool]] = ()

    def __post_init__(self) -> None:
        self.__dict__["problem"] = None
        self.__dict__["worsened"] = False
        self.__dict__["edges"] = edges_of(self.planted_hits)
        self.__dict__["explanation"] = Explanation(self.explained, self.explained, (), CONDITIONS)

    @property
    def mended(self) -> Conditions:
        return CONDITIONS

    def targets(self, conditions: Conditions, examples: Any, *, prompts: bool = False) -> list[Losses]:
        return [self.planted_losses[conditions.adapter is not None]] * len(examples)

    def forced(self, conditions: Conditions, rows: Any, *, prompts: bool = False) -> list[Losses]:
        assert self.exchanged is not None
        return [self.exchanged] * len(rows)

    def renderer(self, conditions: Conditions) -> Any:
        return PlantedRenderer()

    def tokenizer(self, conditions: Conditions) -> Any:
        return PlantedRenderer()

    def answers(self, conditions: Conditions, examples: Sequence[Example] | None = None) -> list[Example]:
        found = []
        for one in self.case.sample if examples is None else examples:
            raw = self.planted_answers(conditions, one)
            found.append(one.with_prediction(CODEC.parse(one.document, raw), raw, self.endless))
        return found


class PlantedRenderer:
    """Characters as tokens."""

    input_ids: list[int]

    def prompt_ids(self, document: Document) -> list[int]:
        return [ord(letter) for letter in document.text]

    def target_ids(self, document: Document, annotation: Annotation) -> list[int]:
        return [ord(letter) for letter in "".join(CODEC.target(document, annotation))]

    def __call__(self, text: str) -> PlantedRenderer:
        self.input_ids = [ord(letter) for letter in text]
        return self


def losses(mean: float, *, stop: float = 0.01, prompt: float = 4.0) -> Losses:
    """Ten tokens of an answer at `mean` nats, the stop token at `stop`, five of a prompt at `prompt`."""
    return Losses((mean,) * 9 + (stop,), (True,) * 10, (0.1,) * 10, (prompt,) * 5)


def a_case(**more: Any) -> Case:
    """A run with training and test rows and an adapter."""
    return Case(
        Path("run"),
        **{
            "parts": {"train": documents(24, "t"), "test": documents(16)},
            "adapter": Path("adapter"),
            "base_model": "base",
            **more,
        },
    )
