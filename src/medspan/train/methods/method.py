"""What a training method is: how examples become tensors, tensors a loss, and a model an extractor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, Protocol

from medspan.core import Example
from medspan.extract import Extractor
from medspan.models import BaseModel
from medspan.train.config import TrainConfig
from medspan.train.data import EncodedData
from medspan.train.facts import Forced, Supervision


class Card(Protocol):
    """What stands in `format.json` beside an adapter."""

    @property
    def base_model_hash(self) -> str: ...

    def to_json(self) -> dict[str, Any]: ...

    def save(self, folder: Path) -> None: ...


class Method(ABC):
    """One way to train and to extract. Nothing outside of `methods/` knows which one runs.

    Made from a configuration, the training examples and a loaded base model, which `attach` changes.
    """

    name: ClassVar[str]
    eval_samples: ClassVar[int]
    """Validation documents that are extracted at each evaluation, where the configuration says nothing."""

    card: Card
    tokenizer: Any

    @abstractmethod
    def __init__(self, config: TrainConfig, train: Sequence[Example], base: BaseModel) -> None: ...

    @abstractmethod
    def encode(
        self, examples: Sequence[Example], max_length: int, on_too_long: Literal["refuse", "skip"] = "refuse"
    ) -> EncodedData[Any]:
        """The examples as `collate` wants them, with what was left out."""

    @abstractmethod
    def attach(self) -> Any:
        """The base model with fresh trainable weights, in training mode."""

    @abstractmethod
    def make_loss(self, model: Any) -> Any:
        """A torch module from the tensors of `collate` to the sum of the losses of all target tokens."""

    @abstractmethod
    def collate(self, batch: Sequence[Any], device: Any) -> tuple[Any, ...]:
        """The tensors of a batch of encoded examples, on `device`."""

    @abstractmethod
    def extractor(self, model: Any, made_by: str) -> Extractor:
        """An extractor of the model as it is now."""

    def validate(
        self, model: Any, made_by: str, sample: Sequence[Example]
    ) -> tuple[list[Example], dict[str, Any]]:
        """The sample with predictions of the model as it is now, and what the log is to say of them.

        A method that gives probabilities calibrates them here, in its card.
        """
        return list(self.extractor(model, made_by).extract(sample)), {}

    def supervision(self, examples: Sequence[Example], encoded: Sequence[Any]) -> list[Supervision]:
        """What the loss falls on, as `collate` gives it; `encoded` was made of some of `examples`.

        The alarms ask it before the first step. Empty where a method cannot tell.
        """
        return []

    def forced(self, model: Any, examples: Sequence[Example]) -> Forced | None:
        """What the model expects of the reference answers; None for a method that writes no answers.

        The alarms ask it at evaluations. It draws no random numbers, and leaves the model in training mode.
        """
        return None

    @abstractmethod
    def save(self, model: Any, folder: Path) -> None:
        """Write the trained weights in peft's layout; whatever else the method trains, as safetensors."""

    @abstractmethod
    def restore(self, model: Any, folder: Path) -> None:
        """Put saved weights back into the model."""
