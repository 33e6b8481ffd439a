"""Tokens per second of LoRA training: medspan beside TRL's SFTTrainer with PEFT, same data, same machine.

Both train the embedded base model in bf16 with rank 32 on all linear layers on the same synthetic
notes, batch 8, loss on the target only. Runs are interleaved; the median of the ratios counts.

    python benchmarks/train_throughput.py [--steps 12] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from limits import machine

BATCH = 8
SKIPPED = 2
"""First steps that are not counted: kernels are chosen then."""


def examples(count: int) -> Any:
    """Encoded notes and the renderer that made them."""
    from medspan.core import Schema
    from medspan.format import Renderer, make_codec, make_template
    from medspan.models import load_tokenizer
    from medspan.synth import generate, schema
    from medspan.train.methods.generate import encode

    tokenizer = load_tokenizer("default")
    found: Schema = schema()
    renderer = Renderer(tokenizer, make_codec("compact", found), make_template(tokenizer))
    notes = generate(count, seed=1, held_out_documents=0.0)
    return encode(notes, renderer, 1024).examples, tokenizer


def ours(data: Any, steps: int) -> float:
    """Tokens per second of medspan's loop: batches in a row, loss, backward, clip, step."""
    import torch

    from medspan.models import keep_freed_memory, load_base
    from medspan.train.config import make_config
    from medspan.train.data import batches
    from medspan.train.lora import MasterAdamW, add_lora
    from medspan.train.methods.generate import make_target_loss, padded

    keep_freed_memory()
    config = make_config({"output_dir": "unused", "data": {"train": "unused"}})
    model = add_lora(load_base("default", dtype="bfloat16"), config)
    loss_of = make_target_loss(model)
    optimizer = MasterAdamW([p for p in model.parameters() if p.requires_grad], 5e-4, 0.0)
    tokens, start = 0, 0.0
    for step, batch in enumerate(list(batches(data, BATCH, seed=0, epoch=0))[:steps]):
        if step == SKIPPED:
            tokens, start = 0, time.perf_counter()
        ids, target = padded(batch, "cpu")
        (loss_of(ids, target) / int(target.sum())).backward()
        torch.nn.utils.clip_grad_norm_(optimizer.parameters, 1.0)
        optimizer.step()
        tokens += sum(len(example.ids) for example in batch)
    return tokens / (time.perf_counter() - start)


def trl(data: Any, tokenizer: Any, steps: int) -> float:
    """Tokens per second of TRL's SFTTrainer as its documentation sets it up."""
    import torch
    from datasets import Dataset
    from peft import LoraConfig
    from transformers import AutoModelForCausalLM, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from medspan.models import resolve

    rows = [
        {
            "input_ids": list(example.ids),
            "completion_mask": [0] * example.target_start + [1] * (len(example.ids) - example.target_start),
        }
        for example in data[: steps * BATCH]
    ]
    clock: dict[str, Any] = {"tokens": 0}

    class Clock(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == SKIPPED:
                clock["start"] = time.perf_counter()
            clock["end"] = time.perf_counter()

    with tempfile.TemporaryDirectory() as folder:
        trainer = SFTTrainer(
            model=AutoModelForCausalLM.from_pretrained(resolve("default"), dtype=torch.bfloat16),
            args=SFTConfig(
                output_dir=folder,
                per_device_train_batch_size=BATCH,
                max_steps=steps,
                bf16=True,
                use_cpu=True,
                logging_strategy="no",
                save_strategy="no",
                report_to=[],
                gradient_checkpointing=False,
                completion_only_loss=True,
                disable_tqdm=True,
                max_length=1024,
            ),
            train_dataset=Dataset.from_list(rows),
            processing_class=tokenizer,
            peft_config=LoraConfig(r=32, lora_alpha=64, target_modules="all-linear", task_type="CAUSAL_LM"),
            callbacks=[Clock()],
        )
        trainer.train()
    mean = sum(len(row["input_ids"]) for row in rows) / len(rows)
    return mean * BATCH * (steps - SKIPPED) / (clock["end"] - clock["start"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    data, tokenizer = examples(BATCH * (options.steps + 1))
    pairs = [(ours(data, options.steps), trl(data, tokenizer, options.steps)) for _ in range(options.repeats)]
    result = {
        "benchmark": "train_throughput",
        "medspan_tokens_per_second": round(statistics.median(ours for ours, _ in pairs), 1),
        "trl_tokens_per_second": round(statistics.median(theirs for _, theirs in pairs), 1),
        "median_ratio": round(statistics.median(ours / theirs for ours, theirs in pairs), 2),
        "repeats": options.repeats,
        **machine(),
    }
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
