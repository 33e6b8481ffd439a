"""Models for the lab: the base, the base with an adapter, in a precision; the last few stay in memory."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from medspan.diagnose.conditions import Rounding
from medspan.diagnose.rounding import round_weights

SMALL = 2 * 2**30
"""Bytes of weights up to which several models are kept at once."""
KEPT = 4


@dataclass
class Weights:
    """Loads models on demand. `device` and `dtype` as `load_base` takes them."""

    device: str = "auto"
    _held: OrderedDict[tuple[Any, ...], Any] = field(default_factory=OrderedDict)
    _tokenizers: dict[str, Any] = field(default_factory=dict)

    def model(
        self,
        base: str,
        adapter: Path | None,
        dtype: str = "auto",
        rounding: Rounding | None = None,
        part: str | None = None,
    ) -> Any:
        """The model in evaluation mode; ModelError where it cannot be loaded or the adapter does not fit.

        `rounding` rounds the weights, `part` applies only a part of the adapter (see `PARTS`).
        """
        key = (base, adapter, dtype, rounding, part)
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        if rounding is not None:
            model = self._rounded(base, adapter, dtype, rounding, part)
        elif part is not None:
            plain = self.model(base, None, dtype)
            model = self._to_change(self.model(base, adapter, dtype))
            keep_part(model, plain, PARTS[part])
        else:
            model = self._loaded(base, adapter, dtype)
        while self._held and len(self._held) >= (KEPT if _size(model) <= SMALL else 1):
            self._held.popitem(last=False)
        self._held[key] = model
        return model

    def _loaded(self, base: str, adapter: Path | None, dtype: str) -> Any:
        from medspan.extract.loading import with_adapter
        from medspan.models import load_base

        if any(_size(one) > SMALL for one in self._held.values()):
            # There may be no room for two of these.
            self._held.clear()
        loaded = load_base(base, device=self.device, dtype=dtype)
        self._tokenizers.setdefault(base, loaded.tokenizer)
        model = loaded.model if adapter is None else with_adapter(loaded.model, adapter)
        return model.eval()

    def _rounded(
        self, base: str, adapter: Path | None, dtype: str, rounding: Rounding, part: str | None
    ) -> Any:
        from medspan.extract.loading import with_adapter

        under = rounding.under and adapter is not None
        model = self._to_change(self.model(base, None if under else adapter, dtype, None, part))
        round_weights(model, rounding)
        return with_adapter(model, adapter).eval() if under and adapter is not None else model

    def _to_change(self, model: Any) -> Any:
        """A copy of a held model, which takes far less time than loading it; of a large one itself."""
        if _size(model) <= SMALL:
            return deepcopy(model)
        self._held.clear()
        return model

    def tokenizer(self, name: str) -> Any:
        """The tokenizer of a base model or of a folder with tokenizer files."""
        if name not in self._tokenizers:
            from medspan.models import load_tokenizer

            if (Path(name) / "tokenizer_config.json").is_file() and not (
                Path(name) / "config.json"
            ).is_file():
                from transformers import AutoTokenizer

                self._tokenizers[name] = AutoTokenizer.from_pretrained(name)
            else:
                self._tokenizers[name] = load_tokenizer(name)
        return self._tokenizers[name]


def _size(model: Any) -> int:
    """Bytes of a model's weights."""
    return sum(parameter.numel() * parameter.element_size() for parameter in model.parameters())


def keep_part(model: Any, base: Any, keeps: Callable[[str, float], float]) -> None:
    """Take what an adapter changed back in place, but for the share that `keeps` gives by name and depth."""
    import torch

    plain = dict(base.named_parameters())
    layers = base.config.get_text_config().num_hidden_layers
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            found = _LAYER.search(name)
            before = plain.get(name)
            if before is None or found is None:
                continue
            share = keeps(name, int(found.group(1)) / layers)
            if share != 1.0:
                parameter.copy_(before + share * (parameter - before))


_LAYER = re.compile(r"layers\.(\d+)\.")
PARTS: dict[str, Callable[[str, float], float]] = {
    "half of its strength": lambda name, depth: 0.5,
    "twice its strength": lambda name, depth: 2.0,
    "its attention layers": lambda name, depth: float("attn" in name),
    "its feed-forward layers": lambda name, depth: float("mlp" in name),
    "its lower layers": lambda name, depth: float(depth < 0.5),
    "its upper layers": lambda name, depth: float(depth >= 0.5),
}
"""What of an adapter may have been applied: the share of each weight's change, by its name and depth."""
