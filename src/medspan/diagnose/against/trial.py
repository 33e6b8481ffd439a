"""What is being tried: RUN's answers with more and more of GOOD's ways in place of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from medspan.core import Example, ModelError
from medspan.diagnose.against.aspect import Aspect
from medspan.diagnose.rescoring import interval_in_words, shown
from medspan.evaluate.outcome import KINDS

if TYPE_CHECKING:
    from medspan.diagnose.against.pair import Pair
    from medspan.diagnose.base import Effect
    from medspan.diagnose.conditions import Conditions


@dataclass(frozen=True, eq=False)
class Swap:
    """A way of asking in which the runs differ: `change` puts GOOD's in place of RUN's.

    `name`, `values`, `cause`: as in `Aspect`. `label`: what is put in place, in words.
    """

    name: str
    values: tuple[Any, Any]
    cause: str | None
    label: str
    change: Callable[[Conditions], Conditions]


@dataclass
class Trial:
    """The state of a comparison. `answers`: RUN's on the sample, with `mended` mended so far.

    `mended` names the aspects whose swap separated. `conditions`: those of `answers`, None where the stored
    ones stand. `start`: RUN's answers as they were stored. `again`: `answers` are made here from the start.
    """

    pair: Pair
    answers: Sequence[Example]
    start: Sequence[Example]
    mended: list[str] = field(default_factory=list)
    conditions: Conditions | None = None
    again: bool = False
    _closed: tuple[Sequence[Example], bool] | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing sure is left of the gap."""
        if self._closed is None or self._closed[0] is not self.answers:
            self._closed = self.answers, self.pair.closed(self.start, self.answers)
        return self._closed[1]

    def decoded(self, conditions: Conditions) -> Sequence[Example]:
        """RUN's answers on the sample under these conditions."""
        return self.pair.run.lab.answers(conditions, self.pair.sample)

    @property
    def mended_words(self) -> str:
        if self.mended:
            return f"with {' and '.join(self.mended)} mended"
        return "with its answers made again here" if self.again else "as it is"

    def left_words(self) -> str:
        """What is left of the gap, in words: the evidence that clears what was not tried."""
        told = []
        for kind in KINDS:
            left = self.pair.left(self.answers, kind)
            if left.run is None or left.good is None or left.interval is None:
                continue
            name = "entity" if kind == "entities" else "relation"
            low, high = left.interval
            scores = f"{name} F1 {shown(left.run)} and GOOD {shown(left.good)}"
            told.append(f"{scores} (difference {low:+.3f} to {high:+.3f})")
        where = "" if self.pair.same_part or not self.pair.shared else " on the documents of both"
        return f"{self.mended_words} RUN reaches {'; '.join(told) or 'a score that is undefined'}{where}"


class Comparer(ABC):
    """Compares one aspect, or a few of one kind. `place`: its place in the order, cheapest first."""

    name: ClassVar[str]
    place: ClassVar[int]

    @abstractmethod
    def compare(self, trial: Trial) -> Iterator[Aspect]:
        """The aspects, in their order; what separates is put into the trial."""


def told(label: str, effect: Effect) -> str:
    """What a swap does, in words."""
    return (
        f"{label}: {effect.metric} {shown(effect.before)} as it is, {shown(effect.after)} with GOOD's "
        f"({interval_in_words(effect)})"
    )


def helps(effect: Effect) -> bool:
    """Whether a change surely raises F1."""
    return effect.sure and (effect.difference or 0.0) > 0


def harms(effect: Effect) -> bool:
    """Whether a change surely lowers F1."""
    return effect.sure and (effect.difference or 0.0) < 0


def reason(error: ModelError) -> str:
    """Why something cannot be tried."""
    return error.what
