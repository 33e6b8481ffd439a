"""Documents in, grounded annotations out: a loaded adapter with its format, base model and options."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from medspan.core import Document, Example, ModelError
from medspan.extract.engines.local import LocalEngine
from medspan.extract.options import DecodingOptions
from medspan.format import FormatCard, Renderer


class Extractor:
    """Extracts with a model that is already in memory; `load` reads one from a run or adapter folder."""

    def __init__(self, model: Any, renderer: Renderer, options: DecodingOptions, made_by: str):
        self.renderer = renderer
        self.options = options
        self.made_by = made_by
        self.model = model
        self._engine = LocalEngine(model, renderer, options)

    @classmethod
    def load(
        cls,
        folder: Path,
        options: DecodingOptions | None = None,
        *,
        device: str = "auto",
        dtype: str = "auto",
        base_model: str | None = None,
    ) -> Extractor:
        """The extractor of a run folder (its chosen adapter) or of an adapter folder.

        `base_model` replaces the recorded path of the base model, not its content: another model's
        weights are refused by their hash. ModelError where anything does not fit.
        """
        from medspan.models import load_base, model_hash

        adapter = adapter_folder(folder)
        card = FormatCard.load(adapter)
        base = load_base(base_model or card.base_model, device=device, dtype=dtype)
        found = model_hash(base.model)
        if card.base_model_hash and card.base_model_hash != found:
            raise ModelError(
                f"base model {base.name} is not the one that {adapter} was trained on",
                cause="another model, another revision, or weights that were changed in place",
                remedy="give the base model of the run: "
                f"{card.base_model} (sha256 {card.base_model_hash[:12]})",
            )
        model = with_adapter(base.model, adapter)
        return cls(model, card.renderer(base.tokenizer), options or DecodingOptions(), str(folder))

    def extract(
        self, examples: Sequence[Example], progress: Callable[[int], None] | None = None
    ) -> Iterator[Example]:
        """Each example with its prediction, in the order given; `progress` hears how many are done."""
        done: dict[int, Example] = {}
        for index, generated in self._engine.generate([example.document for example in examples]):
            done[index] = self._read(examples[index], generated.text, generated.truncated)
            if progress:
                progress(len(done))
        for index in range(len(examples)):
            yield done[index]

    def check(self, examples: Sequence[Example]) -> None:
        """InputError where a document is longer than the model can read, before anything is generated."""
        self._engine.check_lengths([example.document for example in examples])

    def extract_text(self, text: str, *, task: str | None = None) -> Example:
        """The annotation of one text."""
        document = Document("text", text, task=task)
        return next(self.extract([Example(document, source="text")]))

    def _read(self, example: Example, raw: str, truncated: bool) -> Example:
        predicted = self.renderer.codec.parse(example.document, raw)
        return example.with_prediction(replace(predicted, made_by=self.made_by), raw, truncated)


def adapter_folder(folder: Path) -> Path:
    """The adapter of a run folder, or the folder itself where it is an adapter."""
    for candidate in (folder / "adapter", folder):
        if (candidate / "adapter_config.json").is_file():
            return candidate
    raise ModelError(
        f"{folder} holds no adapter",
        cause="the training has not finished its first evaluation, or this is not a run folder"
        if folder.is_dir()
        else "the folder does not exist",
        remedy="medspan train CONFIG makes a run; name its output_dir, or one of its checkpoints/step-N",
    )


def with_adapter(model: Any, adapter: Path) -> Any:
    """The base model with the adapter in it, in the base model's precision.

    LoRA is merged into the weights, where these are not quantized: apart from it, its two thin
    products a layer would be a third of the time of a decoding step.
    """
    from peft import PeftModel

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
