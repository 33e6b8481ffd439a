"""Examples as token ids: loss on the target only, checked for length, counted, batched by length."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from medspan.core import Example, InputError
from medspan.format import Renderer


@dataclass(frozen=True, slots=True)
class Encoded:
    """Token ids of prompt and target; the loss counts from `target_start` to the end."""

    ids: tuple[int, ...]
    target_start: int
    task: str | None
    id: str


@dataclass(frozen=True, slots=True)
class EncodedData:
    """Examples ready for training, with what was left out on the way."""

    examples: tuple[Encoded, ...]
    lost: Counter[str] = field(default_factory=Counter)
    too_long: Counter[str] = field(default_factory=Counter)

    @property
    def tokens(self) -> int:
        return sum(len(example.ids) for example in self.examples)

    @property
    def target_tokens(self) -> int:
        return sum(len(example.ids) - example.target_start for example in self.examples)


def encode(
    examples: Sequence[Example],
    renderer: Renderer,
    max_length: int,
    on_too_long: Literal["refuse", "skip"] = "refuse",
) -> EncodedData:
    """Encode examples; what the format cannot hold is counted in `lost`, by kind.

    Examples longer than `max_length` tokens are counted by task. With `refuse` they stop the run,
    since a cut target teaches the model to leave labels out; with `skip` they are left out whole.
    """
    encoded: list[Encoded] = []
    lost: Counter[str] = Counter()
    too_long: Counter[str] = Counter()
    longest = 0
    for example in examples:
        if example.reference is None:
            raise InputError(
                f"document {example.id} has no reference annotation",
                cause="plain texts or a file of predictions stand where training data should",
                remedy="give annotated documents; one without any entity needs an empty annotation",
                place=example.place,
            )
        annotation = example.reference
        prompt = renderer.prompt_ids(example.document)
        ids = [*prompt, *renderer.target_ids(example.document, annotation)]
        if len(ids) > max_length:
            too_long[example.task or "all"] += 1
            longest = max(longest, len(ids))
            continue
        lost += renderer.codec.project(example.document, annotation).lost
        encoded.append(Encoded(tuple(ids), len(prompt), example.task, example.id))
    if too_long and on_too_long == "refuse":
        counts = ", ".join(f"{task}: {count}" for task, count in sorted(too_long.items()))
        raise InputError(
            f"{sum(too_long.values())} of {len(examples)} examples are longer than "
            f"max_length={max_length} tokens ({counts}; the longest has {longest})",
            cause="texts are longer than the limit, and a cut target teaches the model to leave labels out",
            remedy=f"set max_length={longest} (more memory), or on_too_long=skip to leave these examples out",
        )
    if not encoded:
        raise InputError(
            "no example is left for training",
            cause=f"all are longer than max_length={max_length}" if too_long else "the data is empty",
            remedy=f"set max_length={longest}" if too_long else "check data.train",
        )
    return EncodedData(tuple(encoded), lost, too_long)


def batches(
    examples: Sequence[Encoded], batch_size: int, *, seed: int, epoch: int
) -> Iterator[list[Encoded]]:
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
        chosen = sorted(shuffled[first : first + run], key=lambda example: len(example.ids))
        made += [chosen[start : start + batch_size] for start in range(0, len(chosen), batch_size)]
    order.shuffle(made)
    yield from made
