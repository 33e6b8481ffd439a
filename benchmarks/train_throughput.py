"""Examples per second of LoRA training: both methods beside TRL's SFTTrainer with PEFT, on the same rows.

All train the embedded base model with rank 32 on all linear layers, batch 8, loss on the target only.
TRL twice: as its defaults are, and tuned (no gradient checkpointing, rows of like length together, LoRA
weights in bf16). Runs are interleaved; the median of the ratios counts.

    python benchmarks/train_throughput.py [--corpus ade/train.json] [--rows 96] [--repeats 3]

Without --corpus, synthetic notes.
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

COMMON = {
    "output_dir": "unused",
    "data": {"train": "unused"},
    "per_device_train_batch_size": BATCH,
    "lora_r": 32,
    "lora_alpha": 64,
}


def read(corpus: Path | None, count: int) -> tuple[Any, ...]:
    """The rows: evenly spaced over the corpus, or synthetic notes."""
    if corpus is None:
        from medspan.synth import generate

        return tuple(generate(count, seed=1, held_out_documents=0.0, variety=0.25))
    from medspan.read import load

    examples = load(corpus).examples
    count = min(count, len(examples))
    return tuple(examples[place * len(examples) // count] for place in range(count))


def prepared(name: str, rows: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """Configuration, method and encoded rows."""
    from medspan.models import load_base
    from medspan.train import make_config
    from medspan.train.methods import METHODS

    config = make_config({**COMMON, "method": name})
    method = METHODS[name](config, rows, load_base("default", dtype="bfloat16"))
    return config, method, method.encode(rows, 1024).examples


def ours(name: str, rows: tuple[Any, ...]) -> float:
    """Examples per second of medspan's loop: batches in a row, loss, backward, clip, step."""
    import torch

    from medspan.models import keep_freed_memory
    from medspan.train.data import batches
    from medspan.train.lora import MasterAdamW

    keep_freed_memory()
    config, method, data = prepared(name, rows)
    model = method.attach()
    loss_of = method.make_loss(model)
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = MasterAdamW(trained, config.learning_rate, 0.0)
    seen, start = 0, 0.0
    for step, batch in enumerate(batches(data, BATCH, seed=0, epoch=0)):
        if step == SKIPPED:
            seen, start = 0, time.perf_counter()
        loss = loss_of(*method.collate(batch, torch.device("cpu")))
        (loss / sum(example.target_tokens for example in batch)).backward()
        torch.nn.utils.clip_grad_norm_(optimizer.parameters, 1.0)
        optimizer.step()
        seen += len(batch)
    return seen / (time.perf_counter() - start)


def trl(rows: tuple[Any, ...], *, tuned: bool) -> float:
    """Examples per second of TRL's SFTTrainer on the prompts and answers of the method `generate`."""
    from datasets import Dataset
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, TrainerCallback
    from trl import SFTConfig, SFTTrainer

    from medspan.models import resolve

    _, method, data = prepared("generate", rows)
    table = [
        {
            "input_ids": list(example.ids),
            "completion_mask": [0] * example.target_start + [1] * (len(example.ids) - example.target_start),
        }
        for example in data
    ]
    clock: dict[str, Any] = {"steps": 0}

    class Clock(TrainerCallback):
        def on_step_end(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if state.global_step == SKIPPED:
                clock["start"] = time.perf_counter()
            clock["end"], clock["steps"] = time.perf_counter(), state.global_step

    lora = LoraConfig(r=32, lora_alpha=64, target_modules="all-linear", task_type="CAUSAL_LM")
    model = AutoModelForCausalLM.from_pretrained(resolve("default"))
    faster: dict[str, Any] = {}
    if tuned:
        model = get_peft_model(model, lora, autocast_adapter_dtype=False)
        faster = {"gradient_checkpointing": False, "train_sampling_strategy": "group_by_length"}
    with tempfile.TemporaryDirectory() as folder:
        SFTTrainer(
            model=model,
            args=SFTConfig(
                output_dir=folder,
                per_device_train_batch_size=BATCH,
                num_train_epochs=1,
                use_cpu=True,
                logging_strategy="no",
                save_strategy="no",
                report_to=[],
                completion_only_loss=True,
                disable_tqdm=True,
                **faster,
            ),
            train_dataset=Dataset.from_list(table),
            processing_class=method.tokenizer,
            peft_config=None if tuned else lora,
            callbacks=[Clock()],
        ).train()
    return (len(table) - SKIPPED * BATCH) / (clock["end"] - clock["start"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--rows", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = read(options.corpus, options.rows // BATCH * BATCH)
    rivals = {
        "generate": lambda: ours("generate", rows),
        "tag": lambda: ours("tag", rows),
        "trl_defaults": lambda: trl(rows, tuned=False),
        "trl_tuned": lambda: trl(rows, tuned=True),
    }
    rates: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(options.repeats):
        for name, run in rivals.items():
            rates[name].append(run())
    result: dict[str, Any] = {
        "benchmark": "train_throughput",
        "corpus": str(options.corpus or "synthetic notes"),
        "rows": len(rows),
        "repeats": options.repeats,
        **{
            f"{name}_examples_per_second": round(statistics.median(found), 2) for name, found in rates.items()
        },
        **{
            f"{name}_times_{peer}": round(
                statistics.median(a / b for a, b in zip(rates[name], rates[peer], strict=True)), 2
            )
            for name in ("generate", "tag")
            for peer in ("trl_defaults", "trl_tuned")
        },
        **machine(),
    }
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
