"""What share of a training's time its alarms take: seconds within them over seconds of the whole.

    python benchmarks/alarm_cost.py [--corpus ade/train.json] [--rows 320] [--method generate] [--repeats 3]

Trains the embedded base model on all rows but 32, which are the validation part, for one epoch with five
evaluations, and takes the time of each call. Without --corpus, synthetic notes. The median counts.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from limits import machine
from train_throughput import read

VALIDATION = 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--corpus", type=Path)
    parser.add_argument("--rows", type=int, default=320)
    parser.add_argument("--method", default="generate")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    rows = read(options.corpus, options.rows)
    runs = [trained(options.method, rows, seed) for seed in range(1, options.repeats + 1)]
    shares = [sum(run["alarms"].values()) / run["seconds"] for run in runs]
    result = {
        "benchmark": "alarm_cost",
        "corpus": str(options.corpus or "synthetic notes"),
        "method": options.method,
        "rows": len(rows),
        "share": round(statistics.median(shares), 4),
        "runs": runs,
        **machine(),
    }
    print(json.dumps(result))
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")


def trained(method: str, rows: tuple[Any, ...], seed: int) -> dict[str, Any]:
    """One training: seconds of its loop, of evaluations too, and those within alarms by when they ask."""
    from medspan.read import write
    from medspan.train import make_config, run, train
    from medspan.train.callbacks.alarms import Alarms

    taken = {"before": 0.0, "steps": 0.0}
    whole: list[float] = []

    def timed(name: str, call: Callable[..., None]) -> Callable[..., None]:
        def counted(*arguments: Any) -> None:
            start = time.perf_counter()
            call(*arguments)
            taken[name] += time.perf_counter() - start

        return counted

    def loop(*arguments: Any) -> None:
        start = time.perf_counter()
        plain_loop(*arguments)
        whole.append(time.perf_counter() - start)

    plain = Alarms.on_start, Alarms.on_step
    plain_loop = run._run
    Alarms.on_start, Alarms.on_step = timed("before", plain[0]), timed("steps", plain[1])  # type: ignore[method-assign]
    run._run = loop
    try:
        with tempfile.TemporaryDirectory() as folder:
            parts = {"train": rows[:-VALIDATION], "validation": rows[-VALIDATION:]}
            for name, part in parts.items():
                write(Path(folder) / f"{name}.jsonl", part, "medspan")
            data = {name: str(Path(folder) / f"{name}.jsonl") for name in parts}
            settings = {"method": method, "num_train_epochs": 1, "learning_rate": 1e-3, "seed": seed}
            config = make_config({"output_dir": str(Path(folder) / "run"), "data": data, **settings})
            train(config, report=lambda line: None, bar=False)
    finally:
        Alarms.on_start, Alarms.on_step = plain  # type: ignore[method-assign]
        run._run = plain_loop
    return {
        "seconds": round(whole[0], 1),
        "alarms": {name: round(seconds, 2) for name, seconds in taken.items()},
    }


if __name__ == "__main__":
    main()
