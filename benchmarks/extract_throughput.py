"""Documents per second of both methods beside transformers' generate, in one run on the same documents.

The peer decodes greedily with the weights of the generating run, LoRA merged, at the batch size that is
the best for it of 8, 16, 32 and 64. Runs are interleaved; the median of the ratios counts. Beside each
figure stands its share of the limit: the multiplications that the tokens take in the layers, by the rate
of plain bf16 matrix products of this machine (eight-bit products, `tag_int8`, may pass it).

    python benchmarks/extract_throughput.py --corpus ade/val.json \
        --generate runs/ade --tag runs/ade-tag [--documents 96] [--repeats 3]

Without --corpus, synthetic notes; the runs default to those of `medspan demo`, and of
`medspan demo --method tag --out runs/demo-tag`. What is not there is left out.
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

BATCHES = (8, 16, 32, 64)
TOKENS = 256
"""Most new tokens of the peer."""


def seconds(work: Callable[[], Any]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def peer(model: Any, renderer: Any, examples: Any, batch_size: int) -> int:
    """What a user of transformers writes: greedy, batches by length. Gives tokens read and written."""
    import torch

    prompts = sorted((renderer.prompt_ids(example.document) for example in examples), key=len)
    stop = renderer.template.stop
    tokens = 0
    for first in range(0, len(prompts), batch_size):
        batch = prompts[first : first + batch_size]
        width = max(len(prompt) for prompt in batch)
        ids = torch.tensor([[stop] * (width - len(prompt)) + prompt for prompt in batch])
        mask = torch.tensor([[0] * (width - len(prompt)) + [1] * len(prompt) for prompt in batch])
        with torch.inference_mode():
            made = model.generate(
                input_ids=ids,
                attention_mask=mask,
                do_sample=False,
                max_new_tokens=TOKENS,
                eos_token_id=stop,
                pad_token_id=stop,
            )
        tokens += int(mask.sum()) + int((made[:, width:] != stop).sum()) + len(batch)
    return tokens


def weights(model: Any) -> int:
    """Multiplications that one token takes in the linear layers below the output layer."""
    import torch

    body = model.get_decoder() if hasattr(model, "get_decoder") else model
    return sum(layer.weight.numel() for layer in body.modules() if isinstance(layer, torch.nn.Linear))


def read(corpus: Path | None, count: int) -> tuple[Any, ...]:
    """The documents: evenly spaced over the corpus, or synthetic notes."""
    if corpus is None:
        from medspan.synth import generate

        return tuple(generate(count, seed=7, variety=0.25))
    from medspan.read import load

    examples = load(corpus).examples
    count = min(count, len(examples))
    return tuple(examples[place * len(examples) // count] for place in range(count))


def contestants(options: argparse.Namespace, examples: Any) -> dict[str, tuple[Callable[[], Any], int]]:
    """Of each one what it does with all documents, and how many multiplications that is at least."""
    from medspan.extract import DecodingOptions, load_extractor
    from medspan.format.spans import tokenize
    from medspan.models.eight_bit import has_byte_products

    found: dict[str, tuple[Callable[[], Any], int]] = {}
    if options.tag.is_dir():
        tagging = load_extractor(options.tag)
        tokens = sum(len(tokenize(tagging.tokenizer, one.document.text)) for one in examples)
        cost = tokens * weights(tagging.tagger.reader.model)
        found["tag"] = (lambda: list(tagging.extract(examples)), cost)
        if has_byte_products():
            eight = load_extractor(options.tag, int8=True)
            found["tag_int8"] = (lambda: list(eight.extract(examples)), cost)
    if options.generate.is_dir():
        grounded = load_extractor(options.generate, DecodingOptions(batch_size=options.batch_size))
        model, renderer = grounded.model, grounded.renderer
        sample = examples[:: max(1, len(examples) // 64)]
        sizes = [size for size in BATCHES if size < len(sample)] or [BATCHES[0]]
        if len(sizes) < len(BATCHES):
            sizes.append(len(sample))
        best = min(sizes, key=lambda size: seconds(lambda: peer(model, renderer, sample, size)))
        print(f"the peer's best batch size: {best}", file=sys.stderr)
        tokens = peer(model, renderer, examples, best)
        found["generate"] = (lambda: list(grounded.extract(examples)), tokens * weights(model))
        found["transformers"] = (lambda: peer(model, renderer, examples, best), tokens * weights(model))
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--generate", type=Path, default=Path("runs/demo/run"))
    parser.add_argument("--tag", type=Path, default=Path("runs/demo-tag/run"))
    parser.add_argument("--documents", type=int, default=64)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    examples = read(options.corpus, options.documents)
    rivals = contestants(options, examples)
    if not rivals:
        print(f"neither {options.generate} nor {options.tag} is there: medspan demo makes the first,")
        print("medspan demo --method tag --out runs/demo-tag the second; or name others")
        sys.exit(0)
    times: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(options.repeats):
        for name, (work, _) in rivals.items():
            times[name].append(seconds(work))
            print(f"{name}: {times[name][-1]:.1f} s", file=sys.stderr)
    limit = machine()
    result: dict[str, Any] = {
        "benchmark": "extract_throughput",
        "corpus": str(options.corpus or "synthetic notes"),
        "documents": len(examples),
        "repeats": options.repeats,
        **limit,
    }
    for name, (_, cost) in rivals.items():
        median = statistics.median(times[name])
        result[name] = {
            "documents_per_second": round(len(examples) / median, 2),
            "share_of_matrix_rate": round(2 * cost / median / (1e9 * float(str(limit["bf16_gflops"]))), 3),
        }
        if "transformers" in rivals and name != "transformers":
            pairs = zip(times["transformers"], times[name], strict=True)
            result[name]["times_transformers"] = round(statistics.median(a / b for a, b in pairs), 2)
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
