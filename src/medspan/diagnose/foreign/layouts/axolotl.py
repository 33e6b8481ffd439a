"""Axolotl: the Hugging Face Trainer's files, with the whole configuration in the model card.

`src/axolotl/train.py` of axolotl-ai-cloud/axolotl: `setup_model_card` puts the YAML file, as the user wrote
it, into README.md between `<details><summary>See axolotl config</summary>` and `</details>` with the version;
`save_initial_configs` writes adapter_config.json, tokenizer and config.json into output_dir before the
training begins, so that an adapter_config.json without weights is a training that did not end;
`save_trained_model` writes the adapter into output_dir itself. No YAML lies beside them unless the user
put it there. Defaults: `src/axolotl/utils/schemas/{config,training}.py` (train_on_inputs false,
sequence_len 512, micro_batch_size 1, gradient_accumulation_steps 1).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from medspan.diagnose.foreign.base import Facts, Layout, dtype, flag, names, number, register
from medspan.diagnose.foreign.folder import CARD, Folder
from medspan.diagnose.foreign.run import Stated

_KEYS = {
    "template": "chat_template",
    "max_length": "sequence_len",
    "packing": "sample_packing",
    "num_train_epochs": "num_epochs",
    "learning_rate": "learning_rate",
    "seed": "seed",
    "per_device_train_batch_size": "micro_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "load_in_4bit": "load_in_4bit",
    "load_in_8bit": "load_in_8bit",
    "loss_on_prompt": "train_on_inputs",
    "lora_r": "lora_r",
    "lora_alpha": "lora_alpha",
    "lora_dropout": "lora_dropout",
    "target_modules": "lora_target_modules",
}
_NUMBERS = {
    "max_length",
    "num_train_epochs",
    "learning_rate",
    "seed",
    "per_device_train_batch_size",
    "gradient_accumulation_steps",
    "lora_r",
    "lora_alpha",
    "lora_dropout",
}
_FLAGS = {"packing", "load_in_4bit", "load_in_8bit", "loss_on_prompt"}
_DEFAULTS: dict[str, Any] = {
    "loss_on_prompt": False,
    "packing": False,
    "max_length": 512,
    "per_device_train_batch_size": 1,
    "gradient_accumulation_steps": 1,
    "load_in_4bit": False,
    "load_in_8bit": False,
}


@register
class Axolotl(Layout):
    trainer = "axolotl"
    rank = 20
    tells: ClassVar[Mapping[str, str]] = {
        **dict.fromkeys(_KEYS, "README.md (the axolotl config in it), or the YAML file of the training"),
        "train_on_eos": "the YAML file of the training: train_on_eos of its data sets",
    }

    without = ("mask_history",)

    def signs(self, folder: Folder, adapter: Mapping[str, Any]) -> Iterator[str]:
        card = folder.card
        if card.axolotl is not None or "See axolotl config" in card.text:
            yield "README.md holds an axolotl config"
        elif "axolotl" in card.tags:
            yield "README.md has the tag axolotl"
        if folder.arguments and folder.arguments.kind.startswith("axolotl."):
            yield f"training_args.bin holds {folder.arguments.kind}"
        for name, _ in _own_configs(folder):
            yield f"{name} has the keys of an axolotl config"

    def facts(self, folder: Folder) -> Facts:
        for source, config in _configs(folder):
            for name, key in _KEYS.items():
                value = _typed(name, config.get(key))
                if value is not None:
                    yield name, Stated(value, source)
                elif name in _DEFAULTS and config.get(key) is None:
                    yield name, Stated(_DEFAULTS[name], source, default=True)
            precision = dtype(config)
            if precision:
                yield "dtype", Stated(precision, source)
            eos = {name for one in _datasets(config) for name in names(one.get("train_on_eos"))}
            if eos:
                yield "train_on_eos", Stated(", ".join(sorted(eos)), source)

    def base_model(self, folder: Folder) -> Iterator[Stated]:
        for source, config in _configs(folder):
            if isinstance(config.get("base_model"), str):
                yield Stated(config["base_model"], source)

    def data(self, folder: Folder) -> Iterator[str]:
        for _, config in _configs(folder):
            for one in _datasets(config):
                yield from names(one.get("data_files")) or names(one.get("path"))

    def chat_template(self, folder: Folder) -> Iterator[Stated]:
        for source, config in _configs(folder):
            if isinstance(config.get("chat_template_jinja"), str):
                yield Stated(config["chat_template_jinja"], f"{source} (chat_template_jinja)")


def _configs(folder: Folder) -> list[tuple[str, Mapping[str, Any]]]:
    """The configs of a folder with where they stand, that of the model card first: it is of this run."""
    written = [(CARD, folder.card.axolotl)] if folder.card.axolotl is not None else []
    return [*written, *_own_configs(folder)]


def _own_configs(folder: Folder) -> list[tuple[str, dict[str, Any]]]:
    return folder.configs(("base_model",), ("datasets", "sequence_len", "micro_batch_size"))


def _datasets(config: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for key in ("datasets", "test_datasets"):
        listed = config.get(key)
        yield from (one for one in listed if isinstance(one, dict)) if isinstance(listed, list) else ()


def _typed(name: str, value: Any) -> Any:
    if name in _NUMBERS:
        return number(value)
    if name in _FLAGS:
        return flag(value)
    return names(value) or None if isinstance(value, list) else value if isinstance(value, str) else None
