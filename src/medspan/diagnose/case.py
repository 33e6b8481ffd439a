"""What is known of a run before anything is tried on it, whoever trained it."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.core import Example, Schema
from medspan.format import FormatCard, TagCard

if TYPE_CHECKING:
    from medspan.diagnose.base import Need
    from medspan.evaluate.curves import Curves

SAMPLE = 48
"""How many documents of the scored part are decoded again, and how many rows are read under their targets."""


@dataclass(frozen=True, eq=False)
class Case:
    """A run to be examined.

    `trainer`: medspan, trl, unsloth, axolotl, llama-factory or peft. `parts`: annotated examples by part;
    `scored` names the one that predictions are for. `predictions`: stored examples of it with predicted
    annotations and, where a model wrote text, `raw`, beside the references of now; `as_stored`: the same with
    the references that were stored with them. `made`: what is recorded of how they were made (its
    `decoding` above all). `record`: medspan's record.json. `config`: how it was trained, as far as files
    say, with dotted keys. `stated`: facts of other trainers by name (`loss_on_prompt`, `max_length`, ...).
    `rules`: decoding options that would apply to a new extraction, by name. `base_named`: the user named
    `base_model`, so that none is taken in its place where it cannot be loaded.
    `refusal`: why the stored predictions cannot be scored. `notes`: what was odd in the folder.
    """

    folder: Path
    trainer: str = "medspan"
    parts: Mapping[str, tuple[Example, ...]] = field(default_factory=dict)
    scored: str = "test"
    predictions: tuple[Example, ...] = ()
    as_stored: tuple[Example, ...] = ()
    made: Mapping[str, Any] | None = None
    record: Mapping[str, Any] | None = None
    config: Mapping[str, Any] = field(default_factory=dict)
    stated: Mapping[str, Any] = field(default_factory=dict)
    rules: Mapping[str, Any] = field(default_factory=dict)
    curves: Curves | None = None
    adapter: Path | None = None
    checkpoints: tuple[tuple[int, Path], ...] = ()
    card: FormatCard | TagCard | None = None
    base_model: str | None = None
    base_named: bool = False
    row_hashes: Mapping[str, tuple[str, ...]] | None = None
    files: Mapping[str, str] = field(default_factory=dict)
    refusal: str | None = None
    notes: tuple[str, ...] = ()
    seed: int = 0

    @property
    def tags(self) -> bool:
        """Whether the model tags, so that there is no generated text."""
        return isinstance(self.card, TagCard)

    @property
    def reference(self) -> tuple[Example, ...]:
        """The annotated examples of the scored part."""
        return self.parts.get(self.scored, ())

    @property
    def train(self) -> tuple[Example, ...]:
        return self.parts.get("train", ())

    @cached_property
    def schema(self) -> Schema:
        """The schema of the card, else that of the data."""
        if isinstance(self.card, FormatCard | TagCard):
            return self.card.schema
        known = self.train or self.reference
        return Schema.infer((one.task, one.reference) for one in known if one.reference is not None)

    @cached_property
    def sample(self) -> tuple[Example, ...]:
        """At most `SAMPLE` documents of the scored part, with stored predictions where there are any."""
        return sampled(self.predictions or self.reference, SAMPLE, self.seed)

    @cached_property
    def train_sample(self) -> tuple[Example, ...]:
        """As many rows of the training part."""
        return sampled(self.train, SAMPLE, self.seed)

    def lacks(self, needs: tuple[Need, ...]) -> str | None:
        """The first thing of `needs` that is not there, in words; None where all is."""
        broken = (self.folder / "record.json").is_file()
        have = {
            "record": (self.record is not None, "record.json is broken" if broken else "no record.json"),
            "data": (bool(self.reference), "no annotated data of the scored part (--data)"),
            "predictions": (bool(self.predictions), "no stored predictions (--predicted)"),
            "texts": (any(one.raw is not None for one in self.predictions), "no generated texts"),
            "curves": (self.curves is not None, "no training log"),
            "adapter": (self.adapter is not None, "no adapter"),
            "model": (self.adapter is not None and self.base_model is not None, "no model"),
        }
        return next((missing for name, (there, missing) in have.items() if name in needs and not there), None)


def sampled(examples: tuple[Example, ...], size: int, seed: int) -> tuple[Example, ...]:
    """A seeded sample in the order of the data, tasks as even as they allow."""
    if len(examples) <= size:
        return examples
    queues: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        queues.setdefault(example.task or "", []).append(index)
    order = random.Random(seed)
    drawn = [order.sample(indices, len(indices)) for _, indices in sorted(queues.items())]
    chosen: list[int] = []
    while len(chosen) < size:
        for queue in drawn:
            if queue and len(chosen) < size:
                chosen.append(queue.pop())
    return tuple(examples[index] for index in sorted(chosen))
