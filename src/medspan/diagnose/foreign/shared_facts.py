"""Facts in files that the Hugging Face Trainer writes for every trainer built on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from medspan.diagnose.foreign.adapters import trainer_states
from medspan.diagnose.foreign.base import Facts, dtype, flag, number
from medspan.diagnose.foreign.folder import CARD, TRAINING_ARGS, Folder
from medspan.diagnose.foreign.run import Stated

SAVED = (
    "training_args.json",
    "sft_config.json",
    "training_config.json",
    "sft_config.yaml",
    "sft_config.yml",
    "config.yaml",
    "config.yml",
)
"""Names under which scripts save the arguments that they were called with."""

_NUMBERS = (
    "num_train_epochs",
    "learning_rate",
    "seed",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
)
_MAX_LENGTHS = ("max_length", "max_seq_length")
_IN_CARDS = {
    "learning_rate": "learning_rate",
    "seed": "seed",
    "num_train_epochs": "num_epochs",
    "per_device_train_batch_size": "train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
}
_IN_STATES = {"num_train_epochs": "num_train_epochs", "per_device_train_batch_size": "train_batch_size"}


def shared_facts(folder: Folder) -> Facts:
    """Facts from saved arguments, training_args.bin, the model card and trainer_state.json, in this order."""
    for name in SAVED:
        values = folder.mapping(name) if folder.has(name) else None
        if values is not None:
            yield from _of_arguments(values, name)
    if folder.arguments is not None:
        yield from _of_arguments(folder.arguments.values, TRAINING_ARGS)
    yield from _numbers(folder.card.hyperparameters, _IN_CARDS, CARD)
    for name in ("load_in_4bit", "load_in_8bit"):
        if folder.card.quantization.get(name) in ("True", "False"):
            yield name, Stated(folder.card.quantization[name] == "True", CARD)
    for state, name in trainer_states(folder)[:1]:
        yield from _numbers(state, _IN_STATES, name)


def _of_arguments(values: Mapping[str, Any], source: str) -> Facts:
    """Facts under the names of TrainingArguments and SFTConfig."""
    yield from _numbers(values, {name: name for name in _NUMBERS}, source)
    for name in _MAX_LENGTHS:
        # TRL 0.x: max_seq_length; a null max_length is no truncation, and nothing is known of an absent one.
        if number(values.get(name)) is not None:
            yield "max_length", Stated(number(values[name]), source)
            break
    for name in ("packing", "load_in_4bit", "load_in_8bit"):
        if flag(values.get(name)) is not None:
            yield name, Stated(values[name], source)
    precision = dtype(values)
    if precision is not None:
        yield "dtype", Stated(precision, source)
    if values.get("assistant_only_loss") is True:
        yield "loss_on_prompt", Stated(False, source)
    elif flag(values.get("completion_only_loss")) is not None:
        yield "loss_on_prompt", Stated(not values["completion_only_loss"], source)


def _numbers(values: Mapping[str, Any], names: Mapping[str, str], source: str) -> Facts:
    for name, key in names.items():
        value = number(values.get(key))
        if value is not None:
            yield name, Stated(value, source)
