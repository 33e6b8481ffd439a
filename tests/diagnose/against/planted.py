"""Two runs without a model: how well either answers is planted by the conditions that it is asked under."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from medspan.core import Annotation, Document, Example, Mention, Schema
from medspan.diagnose.against import Against, Aspect, Pair, Side, compare_runs
from medspan.diagnose.asked import Asking
from medspan.diagnose.bases import FoundBase
from medspan.diagnose.case import Case
from medspan.diagnose.conditions import Conditions
from medspan.diagnose.explanation import Explanation
from medspan.diagnose.lab import Lab
from medspan.diagnose.reading import edges_of
from medspan.extract import DecodingOptions
from medspan.format import FormatCard, Template, make_codec

SCHEMA = Schema(("Drug", "Symptom"))
CODEC = make_codec("compact", SCHEMA)
CHAT = Template("chat", (1,), (2,), 3)
PLAIN = Template("plain", (), (), 3)
BLOCKED = {"repetition_penalty": 1.5, "no_repeat_ngram_size": 3}
CONFIG = {
    "output_dir": "run",
    "data.train": "train.jsonl",
    "num_train_epochs": 3,
    "max_steps": -1,
    "learning_rate": 0.0005,
    "seed": 42,
    "template": "auto",
}
Quality = Callable[[Conditions], float]
"""The share of the documents that are answered rightly."""


def documents(count: int, prefix: str = "d") -> tuple[Example, ...]:
    """Sentences with a drug and a symptom each, annotated."""
    found = []
    for number in range(count):
        drug, symptom = f"drug{prefix}{number}", f"pain{prefix}{number}"
        text = f"Case {prefix}{number}: {symptom} began after {drug}."
        mentions = tuple(
            Mention.at(text, text.index(string), text.index(string) + len(string), type_)
            for string, type_ in ((drug, "Drug"), (symptom, "Symptom"))
        )
        found.append(Example(Document(f"{prefix}{number}", text), Annotation(mentions)))
    return tuple(found)


DOCUMENTS = documents(40)
TRAIN = documents(30, "t")


def answered(examples: Sequence[Example], share: float) -> tuple[Example, ...]:
    """The examples, of which the first `share` are answered rightly and the others not at all."""
    found = []
    for place, one in enumerate(examples):
        assert one.reference is not None
        right = place < round(share * len(examples))
        raw = "".join(CODEC.target(one.document, one.reference)) if right else ""
        found.append(one.with_prediction(CODEC.parse(one.document, raw), raw, False))
    return tuple(found)


@dataclass
class PlantedLab(Lab):
    """A lab whose model answers as `quality` says. `asked`: how the stored answers were made."""

    quality: Quality = lambda conditions: 1.0
    asked_as: Conditions | None = None
    trained: Conditions | None = None
    share: float | None = 1.0
    stated: Conditions | None = None
    asked_under: list[Conditions] = field(default_factory=list)
    problem_: str | None = None

    def __post_init__(self) -> None:
        trained = self.trained or conditions()
        asked = self.asked_as or trained
        self.__dict__["problem"] = self.problem_
        self.__dict__["edges"] = edges_of(())
        self.__dict__["explanation"] = Explanation(self.share, self.share, (), asked)
        self.__dict__["asking"] = Asking(trained, "chat", "card", {}, {}, {}, {}, self.stated)
        self.__dict__["base"] = FoundBase("base", "weights", {"base": "weights"}, {})
        self.__dict__["tokenizers"] = {"base": "tokens"}

    def answers(self, conditions: Conditions, examples: Sequence[Example] | None = None) -> list[Example]:
        wanted = self.case.sample if examples is None else examples
        self.asked_under.append(conditions)
        return list(answered(wanted, self.quality(conditions)))


def conditions(template: Template = CHAT, adapter: str = "run/adapter", **options: Any) -> Conditions:
    return Conditions(template, CODEC, DecodingOptions(grammar=False, **options), "base", Path(adapter))


def card(template: Template = CHAT, **more: Any) -> FormatCard:
    return FormatCard("compact", SCHEMA, template, "mentions", "base", "weights", "tokens", **more)


def record(decoding: Mapping[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    options = DecodingOptions(grammar=False).to_json() | dict(decoding or {})
    return {
        "decoding": options,
        "packages": {"torch": "2.13"},
        "hardware": {"processor": "x"},
        "code": {"sha256": "c"},
        "trained": {"seconds": 600.0, "best_step": 30, "total_steps": 30},
        "data": {"train": {"examples": 30}},
        **more,
    }


def case(name: str, share: float, **more: Any) -> Case:
    """A run of medspan with these stored answers; `more` as for `Case`, `part` in place of its documents."""
    part = more.pop("part", DOCUMENTS)
    stored = more.pop("predictions", answered(part, share))
    given: dict[str, Any] = {
        "folder": Path(name),
        "parts": {"train": TRAIN, "test": part},
        "predictions": stored,
        "record": record(),
        "config": CONFIG,
        "adapter": Path(name) / "adapter",
        "card": card(),
        "base_model": "base",
    }
    return Case(**(given | more))


def pair(run: Case, good: Case, quality: Quality = lambda asked: 1.0, **lab: Any) -> Pair:
    """RUN with a lab, GOOD with one that nothing may ask."""
    silent = PlantedLab(good, quality=_never, share=1.0)
    return Pair(Side(run, PlantedLab(run, quality=quality, **lab)), Side(good, silent))


def _never(asked: Conditions) -> float:
    raise AssertionError("GOOD's model is asked, though its predictions are stored")


def changed(**values: Any) -> dict[str, Any]:
    """RUN's configuration with other values."""
    return CONFIG | values


def other_labels(examples: Sequence[Example]) -> tuple[Example, ...]:
    """The same documents, with the first half of the references empty."""
    half = len(examples) // 2
    return tuple(
        replace(one, reference=Annotation()) if place < half else one for place, one in enumerate(examples)
    )


GOOD = case("good", 0.9)


def compared(of: Pair) -> tuple[Against, dict[str, Aspect]]:
    found, _ = compare_runs(of)
    return found, {one.name: one for one in found.aspects}


def blocked(asked: Conditions) -> float:
    """A model that answers well unless a penalty keeps it from copying."""
    return 0.1 if asked.options.repetition_penalty != 1.0 else 0.9


def blocked_pair(**run: Any) -> Pair:
    made = {"decoding": record(BLOCKED)["decoding"]}
    return pair(case("run", 0.1, made=made, **run), GOOD, blocked, asked_as=conditions(**BLOCKED))
