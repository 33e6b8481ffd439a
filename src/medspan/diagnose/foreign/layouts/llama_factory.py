"""LLaMA-Factory: training and prediction as runs of one program, each with an output_dir of its own.

hiyouga/LLaMA-Factory: `src/llamafactory/train/callbacks.py` writes trainer_log.jsonl;
`src/llamafactory/train/sft/workflow.py` all_results.json and train_results.json or predict_results.json;
`save_predictions` in `src/llamafactory/train/sft/trainer.py` generated_predictions.jsonl (prompt, predict,
label). A run from its web interface has training_args.yaml as well, what `save_cmd` in
`src/llamafactory/webui/common.py` makes of the arguments without those that are false, and
llamaboard_config.yaml, the fields of the page (`train.cutoff_len`). Of a run from the command line the
YAML file stays with the user. `create_modelcard_and_push` in `src/llamafactory/train/trainer_utils.py` tags
README.md `llama-factory`. Defaults: `src/llamafactory/hparams/{generating,data}_args.py`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from medspan.diagnose.foreign.base import Facts, Layout, dtype, flag, local_folder, names, number, register
from medspan.diagnose.foreign.folder import Folder
from medspan.diagnose.foreign.generation import Generation, read_generation
from medspan.diagnose.foreign.run import Stated

ARGUMENTS, BOARD = "training_args.yaml", "llamaboard_config.yaml"
PREDICTIONS = "generated_predictions.jsonl"
GENERATION_DEFAULTS = {
    "do_sample": True,
    "temperature": 0.95,
    "top_p": 0.7,
    "top_k": 50,
    "num_beams": 1,
    "max_new_tokens": 1024,
    "repetition_penalty": 1.0,
    "length_penalty": 1.0,
}
_NUMBERS = {
    "max_length": "cutoff_len",
    "num_train_epochs": "num_train_epochs",
    "learning_rate": "learning_rate",
    "seed": "seed",
    "per_device_train_batch_size": "per_device_train_batch_size",
    "gradient_accumulation_steps": "gradient_accumulation_steps",
    "lora_r": "lora_rank",
    "lora_alpha": "lora_alpha",
    "lora_dropout": "lora_dropout",
}
_FLAGS = {"loss_on_prompt": "train_on_prompt", "mask_history": "mask_history", "packing": "packing"}
_BOARD_NAMES = {"batch_size": "per_device_train_batch_size"}
_DEFAULTS: dict[str, Any] = {"loss_on_prompt": False, "mask_history": False, "load_in_4bit": False}


@register
class LlamaFactory(Layout):
    trainer = "llama-factory"
    rank = 10
    tells: ClassVar[Mapping[str, str]] = dict.fromkeys(
        [*_NUMBERS, *_FLAGS, "template", "dtype", "load_in_4bit", "target_modules"],
        f"{ARGUMENTS}, which runs from the web interface have; else the YAML file of the training",
    )

    without = ("train_on_eos",)

    def signs(self, folder: Folder, adapter: Mapping[str, Any]) -> Iterator[str]:
        if "llama-factory" in folder.card.tags:
            yield "README.md has the tag llama-factory"
        for name in (BOARD, "trainer_log.jsonl", PREDICTIONS):
            if folder.has(name):
                yield f"it has {name}"
        if folder.arguments and folder.arguments.kind.startswith("llamafactory."):
            yield f"training_args.bin holds {folder.arguments.kind}"
        for name, _ in _configs(folder):
            if name != BOARD:
                yield f"{name} has the keys of LLaMA-Factory"

    def facts(self, folder: Folder) -> Facts:
        for source, config in _of_training(_configs(folder)):
            for name, key in _NUMBERS.items():
                value = number(config.get(key))
                if value is not None:
                    yield name, Stated(value, source)
            for name, key in _FLAGS.items():
                value = flag(config.get(key))
                if value is not None:
                    yield name, Stated(value, source)
            yield from _further_facts(source, config)
            for name, value in _DEFAULTS.items():
                yield name, Stated(value, source, default=True)

    def base_model(self, folder: Folder) -> Iterator[Stated]:
        for source, config in _configs(folder):
            if isinstance(config.get("model_name_or_path"), str):
                yield Stated(config["model_name_or_path"], source)

    def adapter(self, folder: Folder) -> Iterator[str]:
        for _, config in _configs(folder):
            yield from names(config.get("adapter_name_or_path"))

    def data(self, folder: Folder) -> Iterator[str]:
        for _, config in _configs(folder):
            stated = config.get("dataset_dir")
            home = local_folder(stated if isinstance(stated, str) else "data", folder.path)
            for key in ("dataset", "eval_dataset"):
                for name in names(config.get(key)):
                    yield _file_of(name, home, folder) or name

    def generation(self, folder: Folder) -> Generation | None:
        """What a prediction was decoded with: its own arguments, and the defaults for the rest.

        Only where these are the arguments of a prediction; a training states no decoding. The template
        that was asked in is in `further`.
        """
        wanted = (*GENERATION_DEFAULTS, "max_length", "eval_num_beams", "template")
        for source, config in _configs(folder):
            if _predicts(config):
                given = {name: _value(config[name]) for name in wanted if name in config}
                return read_generation(given, source, GENERATION_DEFAULTS)
        return None

    def notes(self, folder: Folder) -> Iterator[str]:
        if folder.has(PREDICTIONS) and self.generation(folder) is None:
            yield (
                f"{PREDICTIONS}: no file says how it was decoded; LLaMA-Factory samples (temperature 0.95, "
                "top_p 0.7, top_k 50) unless do_sample: false is set"
            )


def _configs(folder: Folder) -> list[tuple[str, dict[str, Any]]]:
    """The arguments of a folder with their files: the web interface's, the user's YAML, the page's fields."""
    found = folder.configs(
        ("model_name_or_path",), ("stage", "finetuning_type", "cutoff_len", "do_predict", "do_train")
    )
    found.sort(key=lambda one: one[0] != ARGUMENTS)
    board = folder.mapping(BOARD)
    if board is None:
        return found
    fields = {}
    for key, value in board.items():
        page, _, name = key.partition(".")
        if page in ("top", "train"):
            fields[_BOARD_NAMES.get(name, name)] = value
    return [*found, (BOARD, _page_values(fields))]


def _page_values(fields: dict[str, Any]) -> dict[str, Any]:
    """The fields of the web page in the names and types of the arguments."""
    compute = fields.get("compute_type")
    if compute is not None:
        fields |= {"bf16": compute in ("bf16", "pure_bf16"), "fp16": compute == "fp16"}
    bit = number(fields.get("quantization_bit"))
    return fields | {"quantization_bit": bit}


def _predicts(config: Mapping[str, Any]) -> bool:
    return config.get("do_predict") is True or config.get("predict_with_generate") is True


def _of_training(configs: list[tuple[str, dict[str, Any]]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Those that are of a training: the arguments of a prediction give its own cutoff and batch size.

    The page keeps the fields of both, whatever was started from it.
    """
    trains = not any(_predicts(config) for _, config in configs)
    for source, config in configs:
        own = config.get("do_train") is True or "num_train_epochs" in config
        if trains if source == BOARD else own:
            yield source, config


def _further_facts(source: str, config: Mapping[str, Any]) -> Facts:
    if isinstance(config.get("template"), str):
        yield "template", Stated(config["template"], source)
    precision = "bfloat16" if config.get("pure_bf16") is True else dtype(config)
    if precision:
        yield "dtype", Stated(precision, source)
    bits = number(config.get("quantization_bit"))
    if bits is not None:
        yield "load_in_4bit", Stated(bits == 4, source)
        yield "load_in_8bit", Stated(bits == 8, source)
    modules = names(config.get("lora_target"))
    if modules:
        yield "target_modules", Stated(modules[0] if len(modules) == 1 else modules, source)


def _value(value: Any) -> Any:
    """A value of an argument file; YAML reads `5e-1` as text."""
    read = number(value) if isinstance(value, str) else None
    return value if read is None else read


def _file_of(name: str, home: Path | None, folder: Folder) -> str | None:
    """The file of a data set as dataset_info.json gives it, where that lies here."""
    info = (
        folder.mapping(home / "dataset_info.json")
        if home and (home / "dataset_info.json").is_file()
        else None
    )
    entry = (info or {}).get(name)
    file = entry.get("file_name") if isinstance(entry, dict) else None
    return str(home / file) if home and isinstance(file, str) else None
