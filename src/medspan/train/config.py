"""The training configuration: YAML with Hugging Face names, dotted overrides, unknown keys refused."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from medspan.core import ConfigError
from medspan.core.errors import missing_file
from medspan.extract.options import DecodingOptions
from medspan.format import OPTIONS

ONLY = {
    "generate": ("format", "endpoints", "instruction", "read_twice", "template", "decoding", "on_too_long"),
    "tag": ("attention", "num_hidden_layers", "window_overlap"),
}
"""Keys that one method alone has."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=(), allow_inf_nan=False)


class DataConfig(_Strict):
    """Files or folders of the parts. Relative paths are read from the folder medspan is started in."""

    train: str
    validation: str | None = None
    test: str | None = None
    format: str = "auto"
    on_error: Literal["stop", "skip"] = "stop"
    max_train_samples: int | None = Field(None, ge=1)
    max_validation_samples: int | None = Field(None, ge=1)
    max_test_samples: int | None = Field(None, ge=1)


class TrainConfig(_Strict):
    """Everything that decides a run. Names as in Hugging Face's TrainingArguments and LoraConfig."""

    output_dir: str
    data: DataConfig
    base_model: str = "default"
    method: Literal["generate", "tag"] = "generate"
    attention: Literal["both", "causal"] = "both"
    num_hidden_layers: int | None = Field(None, ge=1)
    window_overlap: int = Field(128, ge=0)

    format: Literal["compact", "sections", "tasks"] = "compact"
    endpoints: Literal["mentions", "document"] | None = None
    instruction: str | None = None
    read_twice: bool = False
    template: Literal["auto", "chat", "plain"] = "auto"
    schema_file: str | None = None

    max_length: int = Field(1024, ge=8)
    on_too_long: Literal["refuse", "skip"] = "refuse"

    lora_r: int = Field(32, ge=1)
    lora_alpha: int = Field(64, gt=0)
    lora_dropout: float = Field(0.0, ge=0, lt=1)
    target_modules: str | list[str] = "all-linear"
    load_in_4bit: bool = False

    learning_rate: float = Field(5e-4, gt=0)
    lr_scheduler_type: Literal["linear", "cosine", "constant"] = "linear"
    warmup_ratio: float = Field(0.05, ge=0, lt=1)
    weight_decay: float = Field(0.0, ge=0)
    max_grad_norm: float = Field(1.0, gt=0)
    num_train_epochs: float = Field(3, gt=0)
    max_steps: int = Field(-1, ge=-1)
    per_device_train_batch_size: int = Field(16, ge=1)
    gradient_accumulation_steps: int = Field(1, ge=1)
    gradient_checkpointing: bool = False
    seed: int = Field(42, ge=0)

    device: str = "auto"
    bf16: bool | Literal["auto"] = "auto"

    logging_steps: int = Field(10, ge=1)
    eval_steps: int | None = Field(None, ge=1)
    eval_samples: int | None = Field(None, ge=1)
    save_total_limit: int = Field(2, ge=1)
    metric_for_best_model: Literal["f1", "entity_f1", "relation_f1", "loss"] = "f1"
    decoding: dict[str, Any] = Field(default_factory=dict)

    @property
    def decoding_options(self) -> DecodingOptions:
        return DecodingOptions().changed(self.decoding)

    @property
    def dtype(self) -> str:
        return "auto" if self.bf16 == "auto" else "bfloat16" if self.bf16 else "float32"


def load_config(path: Path, overrides: Sequence[str] = ()) -> TrainConfig:
    """Read a YAML file and apply `key=value` overrides (dotted keys; values as YAML).

    ConfigError names the failing key path; for an unknown key, the nearest right one.
    """
    if not path.is_file():
        raise missing_file(path, "the configuration")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{path} is no YAML: {' '.join(str(error).split())[:200]}",
            cause="an indentation or a colon is missing",
            remedy="compare it with configs/ade.yaml",
        ) from error
    if not isinstance(data, dict):
        raise ConfigError(
            f"{path} holds no keys",
            cause="the file is empty or a list",
            remedy="compare it with configs/ade.yaml",
        )
    for override in overrides:
        set_dotted(data, override)
    return make_config(data)


def set_dotted(data: dict[str, Any], override: str) -> None:
    """Set `a.b=value` in nested mappings; the value is read as YAML, so that 3 is a number."""
    key, equals, value = override.partition("=")
    if not equals or not key:
        raise ConfigError(
            f"{override!r} is no override",
            cause="key=value is wanted",
            remedy="for instance learning_rate=3e-4",
        )
    *path, last = key.split(".")
    for part in path:
        inner = data.setdefault(part, {})
        if not isinstance(inner, dict):
            raise ConfigError(
                f"{key}: {part} holds no further keys",
                cause="the path is too long",
                remedy="leave out a part",
            )
        data = inner
    data[last] = read_value(value)


def read_value(value: str) -> Any:
    """A value of an override as YAML reads it; `3e-4` too is a number."""
    try:
        read = yaml.safe_load(value)
    except yaml.YAMLError:
        return value
    if isinstance(read, str):
        try:
            return float(read)  # YAML 1.1 takes 3e-4 (no point) for a string
        except ValueError:
            return read
    return read


def make_config(data: dict[str, Any]) -> TrainConfig:
    """A checked configuration of plain data."""
    try:
        config = TrainConfig.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        raise _config_error(first["loc"], first["type"], first["msg"], first.get("input")) from error
    config.decoding_options  # noqa: B018  checked here, before a model is loaded
    _check_method(config)
    for name, owner in OPTIONS.items():
        if getattr(config, name) and config.format != owner:
            raise ConfigError(
                f"{name}: has no meaning in format: {config.format}",
                cause=f"only the format `{owner}` has it",
                remedy=f"leave {name} out, or set format: {owner}",
            )
    return config


def _check_method(config: TrainConfig) -> None:
    """ConfigError for a key that only another method has."""
    for owner, keys in ONLY.items():
        for key in keys if owner != config.method else ():
            if getattr(config, key) != TrainConfig.model_fields[key].get_default(call_default_factory=True):
                raise ConfigError(
                    f"{key}: has no meaning in method: {config.method}",
                    cause=f"only the method `{owner}` has it",
                    remedy=f"leave {key} out, or set method: {owner}",
                )
    if config.method == "tag" and config.window_overlap >= config.max_length // 2:
        raise ConfigError(
            f"window_overlap: {config.window_overlap} in windows of max_length={config.max_length} tokens",
            cause="windows that share half of their tokens read everything twice",
            remedy=f"set window_overlap={config.max_length // 4}",
        )


def _config_error(path: tuple[int | str, ...], kind: str, message: str, value: Any) -> ConfigError:
    key = ".".join(str(part) for part in path)
    if kind == "extra_forbidden":
        in_data = [f"data.{name}" for name in DataConfig.model_fields]
        known = in_data if path[0] == "data" else [*TrainConfig.model_fields, *in_data]
        bare = {name.removeprefix("data."): name for name in reversed(known)}
        near = difflib.get_close_matches(str(path[-1]), bare, n=1)
        hint = bare[near[0]] if near else None
        return ConfigError(
            f"{key}: no such key",
            cause=f"did you mean {hint}?" if hint else "it is no option of medspan train",
            remedy="the keys are: " + ", ".join(known) if not hint else f"use {hint}",
        )
    if kind == "missing":
        return ConfigError(
            f"{key}: missing", cause="a run cannot do without it", remedy=f"add `{key}: ...` to the config"
        )
    return ConfigError(
        f"{key}: {value!r}", cause=message, remedy="correct the value in the config or the override"
    )
