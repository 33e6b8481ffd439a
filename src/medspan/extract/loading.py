"""From a run or adapter folder to an extractor, whichever method trained it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from medspan.core import ConfigError, ModelError
from medspan.extract.extractor import Extractor
from medspan.extract.generation import GenerateExtractor
from medspan.extract.options import DecodingOptions
from medspan.extract.tagging import TagExtractor, make_reader
from medspan.format import FormatCard, TagCard, load_card

ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = ("adapter_model.safetensors", "adapter_model.bin")


def load_extractor(
    folder: Path,
    options: DecodingOptions | None = None,
    *,
    device: str = "auto",
    dtype: str = "auto",
    base_model: str | None = None,
    min_confidence: float | None = None,
    int8: bool = False,
) -> Extractor:
    """The extractor of a run folder (its chosen adapter) or of an adapter folder.

    `base_model` replaces the recorded path of the base model, not its content: another model's
    weights are refused by their hash. `min_confidence` (0 to 1) is for methods that know how sure
    they are, `int8` (eight-bit products on a processor) for those that read a text at once.
    ModelError or ConfigError where anything does not fit.
    """
    from medspan.models import load_base, model_hash
    from medspan.models.depth import keep_first_layers
    from medspan.models.eight_bit import use_eight_bits

    adapter = adapter_folder(folder)
    card = load_card(adapter)
    check_adapter(adapter)
    if isinstance(card, FormatCard) and min_confidence is not None:
        raise ConfigError(
            f"--min-confidence {min_confidence}: this adapter generates, and gives no probabilities",
            remedy="leave it out, or train with method: tag",
        )
    if isinstance(card, FormatCard) and int8:
        raise ConfigError(
            "--int8: this adapter generates",
            cause="word by word, a model waits for its weights and not for its products",
            remedy="leave it out, or train with method: tag",
        )
    if isinstance(card, TagCard):
        _check_no_decoding(options)
    if min_confidence is not None and not 0 <= min_confidence <= 1:
        raise ConfigError(
            f"--min-confidence {min_confidence}: a probability is wanted", remedy="give a number from 0 to 1"
        )
    base = load_base(base_model or card.base_model, device=device, dtype=dtype)
    found = model_hash(base.model)
    if card.base_model_hash and card.base_model_hash != found:
        raise ModelError(
            f"base model {base.name} is not the one that {adapter} was trained on",
            cause="another model, another revision, or weights that were changed in place",
            remedy=f"give the base model of the run: {card.base_model} (sha256 {card.base_model_hash[:12]})",
        )
    if isinstance(card, TagCard) and card.num_hidden_layers is not None:
        keep_first_layers(base.model, card.num_hidden_layers)
    model = with_adapter(base.model, adapter)
    if isinstance(card, TagCard):
        card.check_tokenizer(base.tokenizer)
        tagger = _tagger(model, card, adapter)
        if int8:
            use_eight_bits(tagger.reader.body)
        return TagExtractor(tagger, card, base.tokenizer, str(folder), min_confidence)
    renderer = card.renderer(base.tokenizer)
    return GenerateExtractor(model, renderer, options or DecodingOptions(), str(folder))


def _check_no_decoding(options: DecodingOptions | None) -> None:
    """ConfigError where an option asks for something that only generation has; batch_size is ignored."""
    plain = DecodingOptions()
    for field, value in (options or plain).to_json().items():
        if field != "batch_size" and value != getattr(plain, field):
            name = "--free" if field == "grammar" else f"{field}={value}"
            raise ConfigError(
                f"{name}: this adapter tags, and generates nothing",
                cause="decoding options belong to runs of method: generate",
                remedy="leave it out; --min-confidence chooses between precision and recall",
            )


def _tagger(model: Any, card: TagCard, adapter: Path) -> Any:
    from medspan.models import is_encoder
    from medspan.models.attention import use_fused_attention
    from medspan.models.heads import TagHeads
    from medspan.models.tagger import Tagger

    if str(model.device) == "cpu" and not is_encoder(model.config):
        use_fused_attention(model, reading=True)
    reader = make_reader(model, card)
    heads = TagHeads(card.head_shape(reader.width))
    heads.read(adapter)
    return Tagger(reader, heads.to(model.device)).eval()


def adapter_folder(folder: Path) -> Path:
    """The adapter of a run folder, or the folder itself where it is an adapter."""
    for candidate in (folder / "adapter", folder):
        if (candidate / ADAPTER_CONFIG).is_file():
            return candidate
    inner = folder / "run"
    if (inner / "adapter").is_dir():
        raise ModelError(
            f"{folder} holds no adapter, and the folder run in it does",
            cause="medspan demo keeps its run beside its data",
            remedy=f"name {inner}",
        )
    raise ModelError(
        f"{folder} holds no adapter",
        cause="the training has not finished its first evaluation, or this is not a run folder"
        if folder.is_dir()
        else "the folder does not exist",
        remedy="medspan train CONFIG makes a run; name its output_dir, or one of its checkpoints/step-N",
    )


def check_adapter(adapter: Path) -> None:
    """ModelError that names the file of an adapter folder which is missing, empty or unreadable.

    Told from the files alone: peft takes a folder without weights for the id of a repository, and looks
    for it on the Hub.
    """
    config = adapter / ADAPTER_CONFIG
    again = "copy the whole adapter folder again, or use another checkpoint of the run (RUN/checkpoints)"
    if not config.is_file():
        raise ModelError(
            f"{adapter} holds no {ADAPTER_CONFIG}",
            cause="the folder was copied in part, or it is no adapter of peft",
            remedy=again,
        )
    try:
        stated = json.loads(config.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(
            f"{config} cannot be read ({error})",
            cause="the file is cut off, empty, or was edited by hand",
            remedy=again,
        ) from error
    if not isinstance(stated, dict) or not stated.get("peft_type"):
        raise ModelError(
            f"{config} states no peft_type, so it describes no adapter",
            cause="another file has its name, or it was edited by hand",
            remedy=again,
        )
    if not any((adapter / name).is_file() for name in ADAPTER_WEIGHTS):
        raise ModelError(
            f"{adapter} holds no {ADAPTER_WEIGHTS[0]} (nor {ADAPTER_WEIGHTS[1]}): the adapter's weights are "
            "missing",
            cause="the folder was copied in part, or large files were left out (git without git-lfs)",
            remedy=again,
        )


def with_adapter(model: Any, adapter: Path) -> Any:
    """The base model with the adapter in it, in the base model's precision.

    LoRA is merged into the weights, where these are not quantized: apart from it, its two thin
    products a layer would be a third of the time of a decoding step.
    """
    from peft import PeftModel

    check_adapter(adapter)
    try:
        attached = PeftModel.from_pretrained(model, str(adapter), autocast_adapter_dtype=False)
    except Exception as error:  # peft and safetensors raise a dozen kinds here
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        raise ModelError(
            f"adapter {adapter} cannot be loaded ({reason})",
            cause="adapter_model.safetensors is cut off, or it belongs to another base model",
            remedy="copy the adapter again, or use another checkpoint of the run",
        ) from error
    if _mergeable(attached):
        attached = attached.merge_and_unload()
    return attached.to(model.dtype).eval()


def _mergeable(attached: Any) -> bool:
    """Whether the adapters are LoRA on plain weights that nothing else uses."""
    base = attached.get_base_model()
    if any(config.peft_type != "LORA" for config in attached.peft_config.values()):
        return False
    if getattr(base, "is_quantized", False):
        return False
    # Merged into an output layer that is tied to the embeddings, LoRA would change both.
    embeddings = base.get_input_embeddings()
    weight = getattr(embeddings, "weight", None)
    adapted = (layer for layer in attached.modules() if hasattr(layer, "lora_A"))
    return weight is not None and all(
        layer.get_base_layer().weight.data_ptr() != weight.data_ptr() for layer in adapted
    )
