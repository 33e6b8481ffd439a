"""A lab whose model is two functions: what it answers to a text, and what a reference answer costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from medspan.core import Example, Schema
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.teacher import Losses
from medspan.evaluate.curves import Curves, F1Curve, Point
from medspan.extract import DecodingOptions
from medspan.format import Template, make_codec

from .planted_cases import Named, PlantedLab, annotation

SCHEMA = Schema.from_json(
    {
        "entity_types": ["Disease", "Drug", "Symptom"],
        "relation_types": [{"name": "treats", "pairs": [["Drug", "Symptom"]]}],
        "tasks": {},
    }
)
ADAPTER = Path("adapter")
NO_MODEL = "no model"
MENDED = Conditions(
    Template("plain", (), (), 2), make_codec("compact", SCHEMA), DecodingOptions(), "base", ADAPTER
)


@dataclass(frozen=True)
class Explained:
    causes: tuple[str, ...] = ()
    final: float | None = 1.0


@dataclass
class ModelLab(PlantedLab):
    """`says`: strings and types that the model finds in a text under conditions. `costs`: nats a token."""

    says: Callable[[Conditions, Example], Named] = lambda conditions, one: {}
    costs: Callable[[Conditions, Example], float] = lambda conditions, one: 0.05
    explanation: Explained = field(default_factory=Explained)  # type: ignore[assignment]
    mended: Conditions = MENDED
    device: str = "cpu"
    decoded: list[Example] = field(default_factory=list)

    def answers(self, conditions: Conditions, examples: Sequence[Example] | None = None) -> list[Example]:
        assert examples is not None
        self.asked.append(conditions)
        self.decoded += examples
        return [
            one.with_prediction(annotation(one.document.text, self.says(conditions, one)), "answer", False)
            for one in examples
        ]

    def targets(self, conditions: Conditions, examples: Sequence[Example]) -> list[Losses]:
        return [Losses((self.costs(conditions, one),) * 10, (True,) * 10, (0.0,) * 10) for one in examples]


def curves(
    loss: Sequence[float] = (),
    *,
    every: int = 10,
    validation: Sequence[float] = (),
    f1: Sequence[float] = (),
    rate: float = 2e-4,
    epochs: float | None = 3.0,
    planned: int | None = None,
) -> Curves:
    """Curves with a training loss each `every` steps, and as many evaluations as given, evenly spread."""
    last = every * len(loss)

    def spread(values: Sequence[float]) -> tuple[Point, ...]:
        return tuple(
            Point(round(last * (place + 1) / len(values)), value) for place, value in enumerate(values)
        )

    return Curves(
        "log.jsonl",
        "medspan",
        loss=tuple(Point(every * (place + 1), value) for place, value in enumerate(loss)),
        validation_loss=spread(validation),
        learning_rate=tuple(Point(every * (place + 1), rate) for place in range(len(loss))),
        f1=(F1Curve("all", "f1", spread(f1)),) if f1 else (),
        epochs=(Point(last, epochs),) if epochs is not None and last else (),
        planned_steps=planned,
    )


def without_model() -> ModelLab:
    """A lab that knows the files alone."""
    return ModelLab(problem=NO_MODEL)


def as_read(examples: Sequence[Example]) -> list[Example]:
    """Predictions whose texts are not known, so that nobody reads them again."""
    return [replace(one, raw=None) for one in examples]
