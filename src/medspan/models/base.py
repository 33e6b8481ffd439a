"""Base models and tokenizers: the embedded default, a local folder or a Hub id, through one call."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from medspan.core import ModelError
from medspan.models.embedded import NAME, embedded_model
from medspan.models.precision import choose_device, choose_dtype

EMBEDDED_NAMES = ("default", NAME)


@dataclass(slots=True)
class BaseModel:
    """A language model with its tokenizer; `name` as the user gave it, `path` where it was read."""

    name: str
    path: str
    model: Any
    tokenizer: Any


def resolve(name: str) -> str:
    """The folder of a base model that is local or embedded; a Hub id unchanged. ModelError otherwise."""
    if name in EMBEDDED_NAMES:
        return str(embedded_model())
    folder = Path(name).expanduser()
    if folder.is_dir():
        if not (folder / "config.json").is_file():
            raise ModelError(
                f"{name} holds no config.json",
                cause="the folder is an adapter or a run, not a base model",
                remedy="give the folder that transformers' save_pretrained wrote, a Hub id, or `default`",
            )
        return str(folder)
    if name.startswith((".", "/", "~")) or name.count("/") > 1:
        raise ModelError(
            f"base model {name} does not exist",
            cause="the path is misspelt or relative to another folder",
            remedy="check it with ls, or use `default`, the model that comes with medspan",
        )
    return name


def is_encoder(config: Any) -> bool:
    """Whether a configuration is that of an encoder (BERT and its kin), which fills masks in."""
    from transformers import MODEL_FOR_MASKED_LM_MAPPING

    return type(config) in MODEL_FOR_MASKED_LM_MAPPING


def load_tokenizer(name: str) -> Any:
    """The fast tokenizer of a base model."""
    from transformers import AutoTokenizer

    return _loaded(name, lambda path: AutoTokenizer.from_pretrained(path))


def load_base(
    name: str, *, device: str = "auto", dtype: str = "auto", load_in_4bit: bool = False
) -> BaseModel:
    """Load a base model for training or extraction: a decoder with its output layer, an encoder without.

    `device`: auto (a GPU if there is one), cpu, cuda, mps. `dtype`: auto (bf16 where the processor
    is fast at it), float32, bfloat16. `load_in_4bit` needs a GPU and the extra `gpu`.
    """
    import torch
    from transformers import AutoConfig, AutoModel, AutoModelForCausalLM

    where = choose_device(device)
    options: dict[str, Any] = {
        "dtype": getattr(torch, choose_dtype(dtype, where)),
    }
    if load_in_4bit:
        options["quantization_config"] = _four_bits(where)
        options["device_map"] = {"": where}
    config = _loaded(name, AutoConfig.from_pretrained)
    if getattr(config, "is_encoder_decoder", False):
        raise ModelError(
            f"base model {name} is an encoder with a decoder ({config.model_type})",
            cause="medspan trains models that are one of both",
            remedy="use a causal language model, an encoder such as BERT, or `default`",
        )
    kind = AutoModel if is_encoder(config) else AutoModelForCausalLM
    if kind is AutoModelForCausalLM:
        options["attn_implementation"] = "sdpa"
    model = _loaded(name, lambda path: kind.from_pretrained(path, **options))
    if not load_in_4bit:
        model = model.to(where)
    model.eval()
    head = model.get_output_embeddings()
    if isinstance(head, torch.nn.Linear):
        # transformers hands over a strided slice of the last positions; torch then multiplies with a
        # copy of the output layer for each row: a second a step instead of ten milliseconds.
        head.register_forward_pre_hook(lambda _, inputs: (inputs[0].contiguous(), *inputs[1:]))
    return BaseModel(name, resolve(name), model, load_tokenizer(name))


def _loaded(name: str, load: Any) -> Any:
    from transformers.utils import logging

    path = resolve(name)
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        return load(path)
    except ModelError:
        raise
    except Exception as error:  # transformers, safetensors and the Hub raise a dozen kinds here
        raise _load_error(name, path, error) from error
    finally:
        if shown:
            logging.enable_progress_bar()


def _load_error(name: str, path: str, error: Exception) -> ModelError:
    reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    if Path(path).is_dir():
        return ModelError(
            f"base model {name} cannot be loaded ({type(error).__name__}: {reason})",
            cause="a file of the model is missing, cut off or of another architecture",
            remedy=f"copy or download {path} again, or use `default`, the model that comes with medspan",
        )
    return ModelError(
        f"base model {name} cannot be loaded from the Hugging Face Hub ({reason})",
        cause="the id is misspelt, the model is gated, or this machine has no network",
        remedy="check the id, run `hf auth login` for gated models, give a local folder, or use `default`",
    )


def _four_bits(device: str) -> Any:
    import torch
    from transformers import BitsAndBytesConfig

    if not device.startswith("cuda"):
        raise ModelError(
            f"load_in_4bit: true on {device}",
            cause="4-bit weights need an NVIDIA GPU",
            remedy="set load_in_4bit: false",
        )
    try:
        import bitsandbytes  # noqa: F401
    except ImportError as error:
        raise ModelError(
            "load_in_4bit: bitsandbytes is not installed",
            cause="it belongs to the extra `gpu`",
            remedy="pip install 'medspan[gpu]'",
        ) from error
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )
