"""Documents per second of extraction: medspan with and without the grammar beside transformers' generate.

The same adapter, the same prompts, greedy, bf16. Runs are interleaved; the median of the ratios counts.
A run folder is needed: `medspan demo` makes one in runs/demo/run.

    python benchmarks/extract_throughput.py [--run runs/demo/run] [--documents 32] [--repeats 3]
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limits import machine

PEER_BATCH = 16


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peer(model: Any, renderer: Any, examples: Any, limit: int) -> None:
    """What a user of transformers writes: left padding, greedy, batches of 16 by length."""
    import torch

    prompts = sorted((renderer.prompt_ids(example.document) for example in examples), key=len)
    stop = renderer.template.stop
    for first in range(0, len(prompts), PEER_BATCH):
        batch = prompts[first : first + PEER_BATCH]
        width = max(len(prompt) for prompt in batch)
        ids = torch.tensor([[stop] * (width - len(prompt)) + prompt for prompt in batch])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in batch])
        with torch.inference_mode():
            model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=limit,
                eos_token_id=stop,
                pad_token_id=stop,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--run", type=Path, default=Path("runs/demo/run"))
    parser.add_argument("--documents", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if not options.run.is_dir():
        print(
            print(f"{options.run} does not exist: run `medspan demo --out runs/demo`, or name another --run")
        )
        sys.exit(0)

    from medspan.extract import DecodingOptions, GenerateExtractor, load_extractor
    from medspan.synth import generate

    notes = generate(options.documents, seed=7)
    grounded = load_extractor(options.run, DecodingOptions())
    model, renderer = grounded.model, grounded.renderer
    free = GenerateExtractor(model, renderer, DecodingOptions(grammar=False, max_new_tokens=256), "free")
    times = []
    for _ in range(options.repeats):
        times.append(
            (
                seconds(lambda: list(grounded.extract(notes))),
                seconds(lambda: list(free.extract(notes))),
                seconds(lambda: peer(model, renderer, notes, 256)),
            )
        )
    result = {
        "benchmark": "extract_throughput",
        "documents": len(notes),
        "grammar_documents_per_second": round(len(notes) / statistics.median(t[0] for t in times), 2),
        "free_documents_per_second": round(len(notes) / statistics.median(t[1] for t in times), 2),
        "generate_documents_per_second": round(len(notes) / statistics.median(t[2] for t in times), 2),
        "median_ratio_grammar_to_generate": round(statistics.median(t[2] / t[0] for t in times), 2),
        "repeats": options.repeats,
        **machine(),
    }
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
