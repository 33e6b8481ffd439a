"""Models that something is put on are copies: what was loaded stays as it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from medspan.diagnose import weights as module
from medspan.diagnose.conditions import Rounding
from medspan.diagnose.rounding import rounded
from medspan.diagnose.weights import PARTS, Weights

from .tiny_model import tiny_llama

pytestmark = pytest.mark.model
ADAPTER = Path("adapter")


class Loads(Weights):
    """Weights that load small random models: `loaded` says which, in order."""

    def __init__(self) -> None:
        super().__init__("cpu")
        self.loaded: list[Path | None] = []

    def _loaded(self, base: str, adapter: Path | None, dtype: str) -> Any:
        import torch

        self.loaded.append(adapter)
        torch.manual_seed(0 if adapter is None else 1)
        return tiny_llama(32)


def one_of(model: Any, name: str = "mlp.up_proj.weight", layer: int = 1) -> Any:
    return dict(model.named_parameters())[f"model.layers.{layer}.{name}"].detach().clone()


def test_a_part_of_an_adapter_is_a_copy_of_the_whole() -> None:
    weights = Loads()
    whole, plain = one_of(weights.model("base", ADAPTER)), one_of(weights.model("base", None))
    lower = weights.model("base", ADAPTER, part="its lower layers")
    half = weights.model("base", ADAPTER, part="half of its strength")
    assert one_of(lower).equal(plain)
    assert one_of(lower, layer=0).equal(one_of(weights.model("base", ADAPTER), layer=0))
    assert one_of(half).allclose((whole + plain) / 2)
    assert one_of(weights.model("base", ADAPTER)).equal(whole)
    assert weights.loaded == [ADAPTER, None]


def test_rounding_is_put_on_a_copy_of_a_part_too() -> None:
    weights = Loads()
    rounded = one_of(weights.model("base", ADAPTER, rounding=Rounding(3), part="its upper layers"))
    upper = one_of(weights.model("base", ADAPTER, part="its upper layers"))
    assert not rounded.equal(upper)
    assert rounded.allclose(upper, atol=float(upper.abs().max()) / 6 + 1e-6)
    assert len(rounded.view(-1, 64)[0].unique()) <= 7


def test_under_an_adapter_the_base_is_rounded_and_the_change_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    def with_adapter(model: Any, adapter: Path) -> Any:
        with torch.no_grad():
            model.model.layers[1].mlp.up_proj.weight += 0.01
        return model

    monkeypatch.setattr("medspan.extract.loading.with_adapter", with_adapter)
    weights = Loads()
    plain = one_of(weights.model("base", None))
    kind = Rounding(4, 64, "nf4", under=True)
    assert one_of(weights.model("base", ADAPTER, rounding=kind)).allclose(rounded(plain, kind) + 0.01)
    assert one_of(weights.model("base", None)).equal(plain)
    assert weights.loaded == [None]


def test_large_models_are_changed_in_place_and_loaded_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SMALL", 0)
    weights = Loads()
    whole = one_of(weights.model("base", ADAPTER))
    for part in PARTS:
        weights.model("base", ADAPTER, part=part)
    weights.model("base", ADAPTER, rounding=Rounding(4))
    assert len(weights._held) == 1
    assert one_of(weights.model("base", ADAPTER)).equal(whole)
