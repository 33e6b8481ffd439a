"""A run of another trainer, as far as the files of its folder state it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medspan.diagnose.foreign.generation import Generation

FACTS = (
    "loss_on_prompt",
    "train_on_eos",
    "mask_history",
    "template",
    "max_length",
    "packing",
    "num_train_epochs",
    "learning_rate",
    "seed",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "dtype",
    "load_in_4bit",
    "load_in_8bit",
    "lora_r",
    "lora_alpha",
    "lora_dropout",
    "target_modules",
)
"""Names of what is asked of a training. `loss_on_prompt`: whether prompt tokens have labels. `train_on_eos`:
which end-of-turn tokens have labels, in the words of the trainer. `mask_history`: whether only the last turn
has labels. `max_length` in tokens. `dtype`: bfloat16, float16 or float32, of the computation."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A value and the file that states it, relative to the run's folder.

    `default`: the file states nothing, and what it leaves out is the trainer's default.
    """

    value: Any
    source: str
    default: bool = False


@dataclass(frozen=True)
class ForeignRun:
    """What is known of a run. Whatever no file states is None, or missing from a mapping.

    `trainer`: trl, unsloth, axolotl, llama-factory or peft, and `told_by` the signs of it. `adapter`: the
    folder with the adapter's weights, and `adapter_from` why that one. `checkpoints`: (step, folder) in the
    order of their steps. `log`: the folder in which `evaluate.curves` finds the training's log.
    `tokenizer`: the folder with tokenizer files. `facts`: by the names of `FACTS`. `data_named`: files and
    data sets that configurations name, as written. `data_files`: those found, by part. `generated`: files of
    generated texts. `generation`: the decoding options that lie beside the run, `base_generation` those of
    the base model's folder. `missing`: for what is not stated, which file would tell. `notes`: what was odd.
    """

    folder: Path
    trainer: str
    told_by: tuple[str, ...] = ()
    adapter: Path | None = None
    adapter_from: str = ""
    checkpoints: tuple[tuple[int, Path], ...] = ()
    best_step: int | None = None
    base_model: str | None = None
    base_model_from: str = ""
    log: Path | None = None
    tokenizer: Path | None = None
    chat_template: str | None = None
    chat_template_from: str = ""
    generation: Generation | None = None
    base_generation: Generation | None = None
    facts: Mapping[str, Stated] = field(default_factory=dict)
    packages: Mapping[str, str] = field(default_factory=dict)
    data_named: tuple[str, ...] = ()
    data_files: Mapping[str, Path] = field(default_factory=dict)
    generated: tuple[Path, ...] = ()
    missing: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def stated(self) -> dict[str, Any]:
        """The facts without their sources."""
        return {name: fact.value for name, fact in self.facts.items()}

    def fact(self, name: str) -> Any:
        """The value of a fact, or None. KeyError for a name that is none of `FACTS`."""
        if name not in FACTS:
            raise KeyError(name)
        found = self.facts.get(name)
        return None if found is None else found.value
