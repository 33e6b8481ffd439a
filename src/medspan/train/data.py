"""Examples ready for training: checked for length, counted, batched by length."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, Literal, Protocol, TypeVar

from medspan.core import Annotation, Example, InputError


class Encoded(Protocol):
    """An example as a method trains on it: how many tokens it reads, and how many of them have a loss."""

    @property
    def tokens(self) -> int: ...

    @property
    def target_tokens(self) -> int: ...


Item = TypeVar("Item", bound=Encoded)


@dataclass(frozen=True, slots=True)
class EncodedData(Generic[Item]):
    """Examples ready for training, with what was left out on the way."""

    examples: tuple[Item, ...]
    lost: Counter[str] = field(default_factory=Counter)
    too_long: Counter[str] = field(default_factory=Counter)

    @property
    def tokens(self) -> int:
        return sum(example.tokens for example in self.examples)

    @property
    def target_tokens(self) -> int:
        return sum(example.target_tokens for example in self.examples)


class Collector(Generic[Item]):
    """Gathers encoded examples, leaves out those over the length limit, and sums up."""

    def __init__(self, max_length: int, on_too_long: Literal["refuse", "skip"]):
        self._max_length = max_length
        self._on_too_long = on_too_long
        self._kept: list[Item] = []
        self._lost: Counter[str] = Counter()
        self._too_long: Counter[str] = Counter()
        self._longest = 0
        self._seen = 0

    def add(self, example: Example, encoded: Item, lost: Counter[str]) -> None:
        """Keep `encoded` unless it is too long; `lost` counts what it cannot hold of the example."""
        self._seen += 1
        if encoded.tokens > self._max_length:
            self._too_long[example.task or "all"] += 1
            self._longest = max(self._longest, encoded.tokens)
            return
        self._lost += lost
        self._kept.append(encoded)

    def data(self) -> EncodedData[Item]:
        """What was gathered.

        Examples that are too long are counted by task. With `refuse` they stop the run, since a cut
        target teaches the model to leave labels out; with `skip` they are left out whole.
        """
        limit, longest = self._max_length, self._longest
        if self._too_long and self._on_too_long == "refuse":
            counts = ", ".join(f"{task}: {count}" for task, count in sorted(self._too_long.items()))
            raise InputError(
                f"{sum(self._too_long.values())} of {self._seen} examples are longer than "
                f"max_length={limit} tokens ({counts}; the longest has {longest})",
                cause="texts are longer than the limit, "
                "and a cut target teaches the model to leave labels out",
                remedy=f"set max_length={longest} (more memory), "
                "or on_too_long=skip to leave these examples out",
            )
        if not self._kept:
            raise InputError(
                "no example is left for training",
                cause=f"all are longer than max_length={limit}" if self._too_long else "the data is empty",
                remedy=f"set max_length={longest}" if self._too_long else "check data.train",
            )
        return EncodedData(tuple(self._kept), self._lost, self._too_long)


def reference_of(example: Example) -> Annotation:
    """The annotation to train on; InputError where there is none."""
    if example.reference is None:
        raise InputError(
            f"document {example.id} has no reference annotation",
            cause="plain texts or a file of predictions stand where training data should",
            remedy="give annotated documents; one without any entity needs an empty annotation",
            place=example.place,
        )
    return example.reference


def batches(examples: Sequence[Item], batch_size: int, *, seed: int, epoch: int) -> Iterator[list[Item]]:
    """The batches of an epoch in an order that depends on seed and epoch only.

    Examples are shuffled, and within runs of 32 batches sorted by length, so that little is padded
    while every batch still mixes tasks and texts; then the batches are shuffled.
    """
    order = random.Random(f"{seed}-{epoch}")
    shuffled = list(examples)
    order.shuffle(shuffled)
    run = batch_size * 32
    made = []
    for first in range(0, len(shuffled), run):
        chosen = sorted(shuffled[first : first + run], key=lambda example: example.tokens)
        made += [chosen[start : start + batch_size] for start in range(0, len(chosen), batch_size)]
    order.shuffle(made)
    yield from made
