"""Adapter folders that lack a file or hold a broken one: told before any model is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

from medspan.core import ModelError, Schema
from medspan.extract.loading import check_adapter, load_extractor, with_adapter
from medspan.format import FormatCard, Template

CARD = FormatCard(
    "compact", Schema(("Drug",)), Template("chat", (1,), (2,), 3), "mentions", "no such base model", "", ""
)
CONFIG = '{"peft_type": "LORA", "base_model_name_or_path": "no such base model"}'


def adapter_in(folder: Path, weights: str | None = "adapter_model.safetensors") -> Path:
    """A folder with all files of an adapter, of which nothing reads the weights."""
    adapter = folder / "run" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text(CONFIG, "utf-8")
    if weights is not None:
        (adapter / weights).write_bytes(b"weights")
    CARD.save(adapter)
    return adapter


@pytest.mark.parametrize("weights", ["adapter_model.safetensors", "adapter_model.bin"])
def test_a_whole_adapter_folder_passes(weights: str, tmp_path: Path) -> None:
    check_adapter(adapter_in(tmp_path, weights))


def test_missing_weights_are_named_and_not_looked_for_elsewhere(tmp_path: Path) -> None:
    adapter = adapter_in(tmp_path, None)
    for call in (lambda: load_extractor(adapter.parent), lambda: with_adapter(object(), adapter)):
        with pytest.raises(ModelError, match=r"holds no adapter_model\.safetensors") as told:
            call()
        assert str(adapter) in told.value.what
        assert "copied in part" in told.value.cause
        assert "copy the whole adapter folder again" in told.value.remedy


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"peft_type": "LO', "cannot be read"),
        ("", "cannot be read"),
        ("[]", "states no peft_type"),
        ("{}", "states no peft_type"),
    ],
)
def test_a_broken_adapter_config_is_named(content: str, said: str, tmp_path: Path) -> None:
    adapter = adapter_in(tmp_path)
    config = adapter / "adapter_config.json"
    config.write_text(content, "utf-8")
    with pytest.raises(ModelError, match=said) as told:
        load_extractor(adapter.parent)
    assert told.value.what.startswith(str(config))
    config.unlink()
    with pytest.raises(ModelError, match=r"holds no adapter_config\.json"):
        check_adapter(adapter)
