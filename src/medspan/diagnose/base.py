"""What a probe is and what it says, and the register of probes.

To add one, put a file into `probes/` that holds a `Probe` under `@register`: it is then run by
`medspan diagnose` and listed in docs/diagnose.md.
"""

from __future__ import annotations

import importlib
import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeVar

from medspan.diagnose.catalogue import CAUSES

if TYPE_CHECKING:
    from medspan.diagnose.case import Case
    from medspan.diagnose.lab import Lab

Need = Literal["record", "data", "predictions", "texts", "curves", "adapter", "model"]
"""What a probe cannot do without: the record, annotated data, predictions, the generated texts behind
them, a training log, the adapter's files, a model that can be loaded."""

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Effect:
    """What mending a cause does: a metric before and after, and the 95% interval of after less before."""

    metric: str
    before: float | None
    after: float | None
    interval: Interval | None = None

    @property
    def difference(self) -> float | None:
        return None if self.before is None or self.after is None else self.after - self.before

    @property
    def sure(self) -> bool:
        """Whether the interval of the difference excludes zero."""
        return self.interval is not None and (self.interval[0] > 0 or self.interval[1] < 0)

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "interval": None if self.interval is None else list(self.interval)}


def said_of(effect: Effect) -> str:
    """An effect in words."""
    if effect.before is None or effect.after is None:
        return f"{effect.metric} is undefined"
    low, high = effect.interval or (None, None)
    interval = "" if low is None or high is None else f" (difference {low:+.3f} to {high:+.3f})"
    return f"{effect.metric}: {effect.before:.3f} as it is, {effect.after:.3f} mended{interval}"


@dataclass(frozen=True, slots=True)
class Suspicion:
    """A cause that a probe suspects: `confidence` 0 to 1, the evidence a line each, and what to do.

    `confirmed`: an intervention was made and moved the metric. `share`: how much of the loss it carries,
    in points of F1 from 0 to 1, where that is not the effect's own difference. `explains`: further causes
    whose signs this one brings about by itself.
    """

    cause: str
    confidence: float
    evidence: tuple[str, ...]
    remedy: str = ""
    effect: Effect | None = None
    confirmed: bool = False
    share: float | None = None
    explains: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.cause not in CAUSES:
            raise ValueError(f"{self.cause!r} is no cause of the catalogue")
        if not 0 <= self.confidence <= 1:
            raise ValueError(f"{self.cause}: confidence {self.confidence}")


@dataclass(frozen=True, slots=True)
class Cleared:
    """A cause that a probe excludes, with the evidence."""

    cause: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Untold:
    """A cause of which a probe cannot tell, and what is missing for that."""

    cause: str
    missing: str


Said = Suspicion | Cleared | Untold


@dataclass(frozen=True, slots=True)
class Examination:
    """What came of a probe: what it said, or why it did not run; seconds that it took."""

    probe: str
    said: tuple[Said, ...] = ()
    skipped: str | None = None
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        kinds = {Suspicion: "suspected", Cleared: "cleared", Untold: "untold"}
        told: dict[str, list[Any]] = {name: [] for name in kinds.values()}
        for one in self.said:
            line: dict[str, Any] = {"cause": one.cause}
            if isinstance(one, Untold):
                line["missing"] = one.missing
            else:
                line["evidence"] = list(one.evidence)
            if isinstance(one, Suspicion):
                line["confidence"] = one.confidence
            told[kinds[type(one)]].append(line)
        return {"probe": self.probe, **told, "skipped": self.skipped, "seconds": round(self.seconds, 2)}


class Probe(ABC):
    """Tests one hypothesis about a run. `name` is that of its file, with hyphens.

    `hypothesis`: a sentence. `causes`: the ids it speaks for. `needs`: see `Need`. `cost`: about how many
    seconds it takes with a 135M model on two cores; cheap ones run first, those of one cost by name.
    """

    name: ClassVar[str]
    hypothesis: ClassVar[str]
    causes: ClassVar[tuple[str, ...]]
    needs: ClassVar[tuple[Need, ...]]
    cost: ClassVar[float]

    @abstractmethod
    def examine(self, case: Case, lab: Lab) -> Iterator[Said]:
        """What the probe has to say: at most one thing for each of its causes."""


_PROBES: dict[str, Probe] = {}
ProbeClass = TypeVar("ProbeClass", bound=type[Probe])


def register(probe_class: ProbeClass) -> ProbeClass:
    """Class decorator: make a probe known by its name."""
    if probe_class.name in _PROBES:
        raise ValueError(f"the probe {probe_class.name!r} is registered twice")
    unknown = [cause for cause in probe_class.causes if cause not in CAUSES]
    if unknown:
        raise ValueError(f"the probe {probe_class.name!r} speaks for {unknown[0]!r}, which is no cause")
    _PROBES[probe_class.name] = probe_class()
    return probe_class


@lru_cache(maxsize=1)
def _import_all() -> None:
    import medspan.diagnose.probes as room

    for module in pkgutil.iter_modules(room.__path__):
        importlib.import_module(f"{room.__name__}.{module.name}")


def all_probes() -> tuple[Probe, ...]:
    """Every registered probe, cheapest first, those of one cost by name."""
    _import_all()
    return tuple(sorted(_PROBES.values(), key=lambda probe: (probe.cost, probe.name)))


def suspected(said: Iterable[Said], cause: str) -> Suspicion | None:
    """The suspicion of a cause among what was said, or None."""
    return next((one for one in said if isinstance(one, Suspicion) and one.cause == cause), None)
