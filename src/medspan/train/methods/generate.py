"""The method `generate`: the answer is written token by token; the loss counts its tokens only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from medspan.core import ConfigError, Example
from medspan.extract import DecodingOptions, GenerateExtractor
from medspan.format import OPTIONS, FormatCard, Renderer, make_codec, make_template
from medspan.models import BaseModel, is_encoder, model_hash, tokenizer_hash
from medspan.train.config import TrainConfig
from medspan.train.data import Collector, EncodedData, reference_of
from medspan.train.facts import Forced, Supervision
from medspan.train.forcing import forced, supervision
from medspan.train.lora import add_lora
from medspan.train.methods.method import Method
from medspan.train.schema import infer_schema

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True, slots=True)
class Answer:
    """Token ids of prompt and target; the loss counts from `target_start` to the end."""

    ids: tuple[int, ...]
    target_start: int
    task: str | None
    id: str

    @property
    def tokens(self) -> int:
        return len(self.ids)

    @property
    def target_tokens(self) -> int:
        return len(self.ids) - self.target_start


class Generate(Method):
    """Prompt in, text out, grounded by the grammar of the format."""

    name: ClassVar[str] = "generate"
    eval_samples: ClassVar[int] = 48

    def __init__(self, config: TrainConfig, train: Sequence[Example], base: BaseModel) -> None:
        if is_encoder(base.model.config):
            raise ConfigError(
                f"base_model: {config.base_model} is an encoder, and writes no text",
                cause="models of the BERT kind fill masks in",
                remedy="set method: tag, or choose a causal language model",
            )
        self.config = config
        self.base = base
        self.tokenizer = base.tokenizer
        self.card: FormatCard = make_card(config, train, base)
        self.renderer = Renderer(base.tokenizer, self.card.codec(), self.card.template)

    def encode(
        self, examples: Sequence[Example], max_length: int, on_too_long: Literal["refuse", "skip"] = "refuse"
    ) -> EncodedData[Answer]:
        return encode(examples, self.renderer, max_length, on_too_long)

    def attach(self) -> Any:
        return add_lora(self.base, self.config)

    def make_loss(self, model: Any) -> Any:
        return make_target_loss(model)

    def collate(self, batch: Sequence[Answer], device: Any) -> tuple[Any, ...]:
        return padded(batch, device)

    def extractor(self, model: Any, made_by: str) -> GenerateExtractor:
        return GenerateExtractor(model, self.renderer, self._decoding, made_by)

    def supervision(self, examples: Sequence[Example], encoded: Sequence[Answer]) -> list[Supervision]:
        size = self.config.per_device_train_batch_size
        batches = [encoded[first : first + size] for first in range(0, len(encoded), size)]
        marks = (mark for batch in batches for mark in self.collate(batch, "cpu")[1])
        return supervision(self.renderer, examples, encoded, marks)

    def forced(self, model: Any, examples: Sequence[Example]) -> Forced | None:
        return forced(self.renderer, model, examples)

    @property
    def _decoding(self) -> DecodingOptions:
        return self.config.decoding_options

    def save(self, model: Any, folder: Path) -> None:
        model.save_pretrained(folder)

    def restore(self, model: Any, folder: Path) -> None:
        from peft import set_peft_model_state_dict
        from safetensors.torch import load_file

        set_peft_model_state_dict(model, load_file(folder / "adapter_model.safetensors"))


def make_card(config: TrainConfig, train: Sequence[Example], base: BaseModel) -> FormatCard:
    """The format card of a run: schema from the data, template from the tokenizer."""
    schema = infer_schema(config.schema_file, train)
    own = {name: getattr(config, name) for name, owner in OPTIONS.items() if owner == config.format}
    codec = make_codec(config.format, schema, config.endpoints, **own)
    return FormatCard(
        format=config.format,
        schema=codec.schema,
        template=make_template(base.tokenizer, config.template),
        endpoints=codec.endpoints,
        base_model=config.base_model,
        # 4-bit weights are packed: their hash says nothing about the same model in another precision.
        base_model_hash="" if config.load_in_4bit else model_hash(base.model),
        tokenizer_hash=tokenizer_hash(base.tokenizer),
        instruction=getattr(codec, "instruction", None),
        read_twice=config.read_twice,
    )


def encode(
    examples: Sequence[Example],
    renderer: Renderer,
    max_length: int,
    on_too_long: Literal["refuse", "skip"] = "refuse",
) -> EncodedData[Answer]:
    """Encode examples; what the format cannot hold is counted in `lost`, by kind."""
    collector: Collector[Answer] = Collector(max_length, on_too_long)
    for example in examples:
        annotation = reference_of(example)
        prompt = renderer.prompt_ids(example.document)
        ids = (*prompt, *renderer.target_ids(example.document, annotation))
        lost = renderer.codec.project(example.document, annotation).lost
        collector.add(example, Answer(ids, len(prompt), example.task, example.id), lost)
    return collector.data()


def make_target_loss(model: Any) -> Any:
    """A torch module that maps a padded batch to the sum of the target tokens' losses.

    Only target positions go through the output layer, which is a third of a small model's work.
    Models that change logits after that layer (soft caps, scales) are found by comparing the two
    ways once, and take the long way.
    """
    import torch
    from torch import nn
    from torch.nn.functional import cross_entropy

    from medspan.train.fused import linear_cross_entropy

    class TargetLoss(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model
            self.short_way: bool | None = None

        def forward(self, ids: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
            """`ids` (rows, width) padded on the right; `target` (rows, width) marks tokens with loss."""
            # Padding on the right is never seen by causal attention, so no mask is needed.
            predicting = target[:, 1:]
            wanted = ids[:, 1:][predicting]
            if self.short_way is None:
                self.short_way = self._same_both_ways(ids[:1], target[:1, 1:])
            if self.short_way:
                weight = self.model.get_base_model().get_output_embeddings().weight
                short: torch.Tensor = linear_cross_entropy(self._hidden(ids, predicting), weight, wanted)
                return short
            logits = self.model(input_ids=ids, use_cache=False).logits[:, :-1][predicting]
            return cross_entropy(logits.float(), wanted, reduction="sum")

        def _hidden(self, ids: torch.Tensor, predicting: torch.Tensor) -> torch.Tensor:
            decoder = self.model.get_base_model().get_decoder()
            hidden: torch.Tensor = decoder(input_ids=ids, use_cache=False).last_hidden_state
            return hidden[:, :-1][predicting]

        @torch.no_grad()
        def _same_both_ways(self, ids: torch.Tensor, predicting: torch.Tensor) -> bool:
            head = self.model.get_base_model().get_output_embeddings()
            if type(head) is not nn.Linear or head.bias is not None or head.weight.requires_grad:
                return False
            training = self.model.training
            self.model.eval()  # dropout would make the two ways differ, and draw from the generator
            short = head(self._hidden(ids, predicting)).float()
            whole = self.model(input_ids=ids, use_cache=False).logits[:, :-1][predicting].float()
            self.model.train(training)
            return torch.allclose(short, whole, rtol=0.05, atol=0.25)

    return TargetLoss()


def padded(batch: Sequence[Answer], device: Any) -> tuple[Any, Any]:
    """(ids, target) of a batch, padded on the right; shapes (rows, longest)."""
    import torch

    width = max(len(example.ids) for example in batch)
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    target = torch.zeros((len(batch), width), dtype=torch.bool)
    for row, example in enumerate(batch):
        ids[row, : len(example.ids)] = torch.tensor(example.ids)
        target[row, example.target_start : len(example.ids)] = True
    return ids.to(device), target.to(device)
