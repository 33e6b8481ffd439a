"""The parts of a report beside causes: answers to a text, health, and what differs from another run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from medspan.diagnose.base import Effect
from medspan.diagnose.diagnosis import Diagnosis
from medspan.diagnose.report.words import KINDS, between, effect_words, figure, signed


@dataclass(frozen=True, slots=True)
class Answer:
    """What the model said to a text under some conditions.

    `raw`: its words, None where it wrote none. `items`: (type, string), `relations`: (head, type, tail), each
    with whether its strings stand in the text, letter case aside.
    """

    conditions: str
    raw: str | None
    items: tuple[tuple[str, str, bool], ...]
    relations: tuple[tuple[str, str, str, bool], ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A text, the task where the model was trained on several, and the answers."""

    text: str
    task: str | None
    answers: tuple[Answer, ...]


def shown(found: Diagnosis) -> list[Asked]:
    """The texts that were asked under several conditions, in the order given."""
    groups: dict[tuple[str, str | None], list[Answer]] = {}
    for one in found.shown:
        groups.setdefault((str(one["text"]), one.get("task")), []).append(_answer(one))
    return [Asked(text, task, tuple(answers)) for (text, task), answers in groups.items()]


def _answer(one: Mapping[str, Any]) -> Answer:
    text = str(one["text"]).lower()
    items = [(str(item["type"]), str(item["text"])) for item in one.get("mentions") or ()]
    pairs = [(str(item["head"]), str(item["type"]), str(item["tail"])) for item in one.get("relations") or ()]
    return Answer(
        str(one["conditions"]),
        one.get("answer"),
        tuple((*item, item[1].lower() in text) for item in items),
        tuple((*pair, all(end.lower() in text for end in (pair[0], pair[2]))) for pair in pairs),
    )


HEALTHY_LIMIT = 0.05
"""A rate of health beyond which it deserves a look, as in the report of an evaluation."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate of the stored predictions' health: its name, what it counts, its value, whether it is high."""

    name: str
    meaning: str
    value: float | None

    @property
    def high(self) -> bool:
        return self.value is not None and self.value > HEALTHY_LIMIT


def rates(found: Diagnosis) -> list[Rate]:
    """The health of the stored predictions."""
    from medspan.evaluate.health import RATES

    given = found.scores.get("health") or {}
    return [
        Rate(name.removesuffix("_rate").replace("_", " "), RATES.get(name, ""), value)
        for name, value in given.items()
    ]


VERDICTS = {
    "separates": "separates them",
    "cleared": "separates nothing",
    "only-a-training-tells": "only a training tells (--retrain)",
    "not-testable": "cannot be tested",
}
"""What is said of an aspect in which two runs differ, by its verdict."""


@dataclass(frozen=True, slots=True)
class Difference:
    """An aspect in which a run differs from another: its values, and lines on what swapping it does."""

    what: str
    here: str
    there: str
    verdict: str
    told: tuple[str, ...]


def differences(found: Diagnosis) -> list[Difference]:
    """What differs, or may differ, from the run that was compared with."""
    return [
        Difference(
            str(one["aspect"]),
            _value(one["values"][1]),
            _value(one["values"][0]),
            VERDICTS.get(one["verdict"], str(one["verdict"])),
            _told(one),
        )
        for one in _aspects(found)
        if one["same"] is not True
    ]


def alike(found: Diagnosis) -> list[str]:
    """The aspects that are the same in both runs."""
    return [str(one["aspect"]) for one in _aspects(found) if one["same"] is True]


def beside(found: Diagnosis) -> list[str]:
    """What the comparison comes to, the scores of both runs, what remains between them once mended."""
    given = found.against or {}
    lines = [str(given["sentence"])] if given.get("sentence") else []
    for key, name in (("gap", "as they are"), ("remaining", "once what separates them is mended")):
        for kind, gap in (given.get(key) or {}).items():
            told = (
                f"{KINDS.get(kind, kind)} F1 {name}: {figure(gap['run'])} here, {figure(gap['good'])} there"
            )
            if gap["interval"] is not None:
                limits = between(gap["interval"], "+.3f")
                told += f" ({signed(gap['difference'])}, 95% interval {limits})"
            lines.append(told)
    return lines + [str(note) for note in given.get("notes") or ()]


def _aspects(found: Diagnosis) -> list[Mapping[str, Any]]:
    return list((found.against or {}).get("aspects") or ())


def _value(value: object) -> str:
    return "not stated" if value is None else str(value)


def _told(aspect: Mapping[str, Any]) -> tuple[str, ...]:
    """The effect, and the evidence, which mostly states the effect in words of its own."""
    evidence = tuple(str(line) for line in aspect.get("evidence") or ())
    given = aspect.get("effect")
    if evidence or given is None:
        return evidence
    interval = given.get("interval")
    effect = Effect(
        str(given["metric"]), given.get("before"), given.get("after"), tuple(interval) if interval else None
    )
    return (effect_words(effect),)
