"""The cases of the bench: single faults, pairs of faults, runs without their record, healthy runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from . import injectors  # noqa: F401  registers them
from .injector import REGISTER
from .recipe import HEALTHY, Recipe

SEEDS = (1, 2, 3)
Kind = Literal["single", "pair", "healthy", "varied"]


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in a dose."""

    id: str
    dose: str = "strong"

    def __str__(self) -> str:
        return f"{self.id}.{self.dose}"


@dataclass(frozen=True, slots=True)
class Case:
    """A run to be diagnosed: a recipe, a seed, and no, one or two faults."""

    seed: int
    faults: tuple[Fault, ...] = ()
    recipe: Recipe = field(default_factory=Recipe)
    without_record: bool = False

    @property
    def kind(self) -> Kind:
        """`varied`: a single fault in a run of another recipe than most."""
        kinds: tuple[Kind, ...] = ("healthy", "single", "pair")
        found = kinds[len(self.faults)]
        return "varied" if found == "single" and self.recipe != Recipe() else found

    @property
    def causes(self) -> tuple[str, ...]:
        return tuple(fault.id for fault in self.faults)

    @property
    def strong(self) -> bool:
        return all(fault.dose == "strong" for fault in self.faults)

    @property
    def name(self) -> str:
        """A name fit for a folder, under which results are kept."""
        what = "+".join(map(str, self.faults)) or f"healthy-{self.recipe.name}"
        made = f"-{self.recipe.name}" if self.kind == "varied" else ""
        return f"{what}{made}-s{self.seed}" + ("-without-record" if self.without_record else "")

    @property
    def training(self) -> str:
        """The name of the training: cases whose faults come after the training share it."""
        spoilt = "".join(f"+{fault}" for fault in self.faults_of_training)
        return f"{self.recipe.training}{spoilt}-s{self.seed}"

    @property
    def faults_of_training(self) -> tuple[Fault, ...]:
        """The faults that come in before the training ends."""
        return tuple(fault for fault in self.faults if REGISTER[fault.id].trains)

    @property
    def healthy(self) -> Case:
        """The healthy run of the same seed, against which a fault's loss is measured."""
        return Case(self.seed, (), self.recipe)


WITHOUT_RECORD = (
    Fault("decoding-blocks-copying", "strong"),
    Fault("decoding-blocks-copying", "mild"),
    Fault("template-mismatch", "strong"),
    Fault("parser-mismatch", "mild"),
)
"""Decoding, template and parser faults must be found with `record.json` deleted, too."""

PAIRS = tuple(
    tuple(Fault(id, dose) for id, dose in pair)
    for pair in (
        (("decoding-blocks-copying", "strong"), ("labels-not-inferable", "strong")),
        (("leak-inflated-score", "strong"), ("decoding-blocks-copying", "strong")),
        (("undertrained", "mild"), ("decoding-samples", "strong")),
        (("adapter-not-applied", "mild"), ("output-truncated", "strong")),
        (("type-confusion", "strong"), ("decoding-blocks-copying", "mild")),
        (("boundary-errors", "mild"), ("output-truncated", "strong")),
        (("type-confusion", "strong"), ("decoding-samples", "mild")),
        (("memorised", "strong"), ("decoding-blocks-copying", "mild")),
        (("precision-mismatch", "strong"), ("parser-mismatch", "mild")),
        (("undertrained", "mild"), ("parser-mismatch", "mild")),
        (("labels-not-inferable", "strong"), ("leak-inflated-score", "strong")),
        (("data-changed", "strong"), ("decoding-samples", "mild")),
    )
)


VARIED = tuple(
    (recipe, Fault(id, dose))
    for recipe, id, dose in (
        ("notes-grammar", "decoding-blocks-copying", "mild"),
        ("notes-grammar", "decoding-blocks-copying", "strong"),
        ("notes-grammar", "decoding-samples", "mild"),
        ("notes-grammar", "adapter-not-applied", "strong"),
        ("notes-grammar", "template-mismatch", "strong"),
        ("notes-grammar", "output-truncated", "strong"),
        ("clinic", "decoding-blocks-copying", "strong"),
        ("clinic", "undertrained", "strong"),
        ("tasks", "decoding-blocks-copying", "strong"),
        ("tasks", "parser-mismatch", "strong"),
        ("sections", "decoding-blocks-copying", "mild"),
        ("sections", "adapter-not-applied", "strong"),
        ("sections", "template-mismatch", "strong"),
        ("ade", "decoding-blocks-copying", "mild"),
        ("ade", "leak-inflated-score", "strong"),
        ("ade", "type-confusion", "strong"),
        ("tag", "undertrained", "strong"),
        ("tag", "type-confusion", "strong"),
        ("tag", "boundary-errors", "strong"),
        ("tag", "diverged", "strong"),
        ("tag", "split-imbalance", "strong"),
        ("tag", "data-changed", "strong"),
        ("tag", "leak-inflated-score", "strong"),
    )
)
"""Faults in runs of another format, decoding, method or corpus: those of the healthy runs, by name."""


def every_case(seeds: Sequence[int] = SEEDS) -> list[Case]:
    """All cases: healthy runs first, then single faults, runs without records, varied ones, and pairs."""
    return [*_healthy(), *_singles(seeds), *_without_record(seeds), *_varied(), *_pairs(seeds)]


def chosen(cases: Iterable[Case], only: Sequence[str]) -> list[Case]:
    """The cases whose name or one of whose causes is among `only`; all without any."""
    return [case for case in cases if not only or {case.name, case.kind, *case.causes} & set(only)]


def _healthy() -> Iterator[Case]:
    for recipe, seed in HEALTHY:
        yield Case(seed, (), recipe)


def _singles(seeds: Sequence[int]) -> Iterator[Case]:
    for id, injector in REGISTER.items():
        for dose in injector.doses:
            for seed in seeds:
                yield Case(seed, (Fault(id, dose),))


def _without_record(seeds: Sequence[int]) -> Iterator[Case]:
    for fault in WITHOUT_RECORD:
        yield Case(seeds[0], (fault,), without_record=True)


def _varied() -> Iterator[Case]:
    """In the seeds of the healthy runs."""
    known = {recipe.name: (recipe, seed) for recipe, seed in HEALTHY}
    for name, fault in VARIED:
        if name in known:
            recipe, seed = known[name]
            yield Case(seed, (fault,), recipe)


def _pairs(seeds: Sequence[int]) -> Iterator[Case]:
    """Each pair in one seed, the seeds in turn."""
    for at, pair in enumerate(PAIRS):
        yield Case(seeds[at % len(seeds)], pair)
