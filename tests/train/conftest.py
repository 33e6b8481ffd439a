"""A tiny random base model, twenty rows that it can learn, and a configuration of a run on them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from medspan.train import make_config

DRUGS = ("aspirin", "lithium", "naloxone", "clozapine", "captopril")
SYMPTOMS = ("fever", "rash", "nausea", "tremor")


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> str:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    from medspan.models import load_tokenizer

    tokenizer = load_tokenizer("default")
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            initializer_range=0.05,
            tie_word_embeddings=True,
        )
    )
    with torch.no_grad():
        # The output layer is frozen: with small rows its logits could never single out a token.
        model.get_input_embeddings().weight *= 10
    folder = tmp_path_factory.mktemp("base")
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> str:
    made = [
        {
            "instruction": "Extract.",
            "input": f"After {drug} came {symptom}.",
            "output": f"### Entities:\n1. [Drug] {drug}\n2. [Symptom] {symptom}\n\n### Relations:\n"
            f"1. {drug} --[causes]--> {symptom}\n",
        }
        for drug in DRUGS
        for symptom in SYMPTOMS
    ]
    path = tmp_path_factory.mktemp("data") / "train.json"
    path.write_text(json.dumps(made))
    return str(path)


def configured(folder: Path, base: str, rows: str, **more: Any) -> Any:
    data = {"train": rows, **more.pop("data", {})}
    return make_config(
        {
            "output_dir": str(folder),
            "data": data,
            "base_model": base,
            "template": "plain",
            "device": "cpu",
            "bf16": False,
            "per_device_train_batch_size": 4,
            "learning_rate": 1e-2,
            "logging_steps": 1,
            "max_steps": 6,
            "eval_steps": 2,
            **more,
        }
    )


def quiet(line: str) -> None:
    return
