"""How often the 95% intervals of F1 hold the true F1, in simulated sets of documents.

    python benchmarks/interval_coverage.py [--documents 100 200 400] [--sets 2000] [--samples 1000]

Each kind of set draws for every document how many mentions it has, how probable each is to be found, and
how many spurious ones there are; the true F1 is that of 1.2 million documents of the kind. The wanted
share is 95%, within 2 points from 100 documents on. Of 2,000 sets the share has a standard error of half
a point.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

from medspan.evaluate.interval import f1_intervals

Counts = tuple[Any, Any, Any]
AT_ONCE = 100


def drawn(draw: np.random.Generator, kind: str, sets: int, documents: int) -> Counts:
    """(true positives, false positives, false negatives), each of shape (sets, documents)."""
    shape = (sets, documents)
    sizes, found, spurious = {
        "ADE-like": lambda: (1 + draw.poisson(1.2, shape), draw.beta(8, 1.2, shape), 0.3),
        "abstracts": lambda: (draw.poisson(10, shape), draw.beta(6, 2, shape), 2.0),
        "rare type": lambda: (draw.poisson(0.3, shape), np.full(shape, 0.5), 0.2),
        "F1 of 0.98": lambda: (draw.poisson(3, shape), draw.beta(60, 1, shape), 0.05),
        "skewed sizes": lambda: (
            np.minimum(draw.geometric(0.2, shape), 60),
            draw.beta(0.7, 0.4, shape),
            1.0,
        ),
        "run-on loops": lambda: (draw.poisson(5, shape), np.full(shape, 0.9), 0.3),
    }[kind]()
    right = draw.binomial(sizes, found)
    extra = draw.poisson(spurious, shape)
    if kind == "run-on loops":
        extra = extra + np.where(draw.random(shape) < 0.03, draw.poisson(30, shape), 0)
    return right, extra, sizes - right


KINDS = ("ADE-like", "abstracts", "rare type", "F1 of 0.98", "skewed sizes", "run-on loops")


def coverage(kind: str, documents: int, sets: int, samples: int) -> float:
    """The share of intervals that hold the true F1."""
    draw = np.random.default_rng([KINDS.index(kind), documents])
    right, extra, missed = (float(one.sum()) for one in drawn(draw, kind, 12_000, 100))
    true = 2 * right / (2 * right + extra + missed)
    held = told = 0
    for chunk in range(0, sets, AT_ONCE):
        counts = np.stack(drawn(draw, kind, AT_ONCE, documents), axis=-1).transpose(1, 0, 2)
        for interval in f1_intervals(counts, samples=samples, seed=chunk):
            if interval is not None:
                told += 1
                held += interval[0] <= true <= interval[1]
    return held / told


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, nargs="+", default=[100, 200, 400])
    parser.add_argument("--sets", type=int, default=2000)
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result = {}
    for documents in options.documents:
        result[documents] = {
            kind: round(coverage(kind, documents, options.sets, options.samples), 4) for kind in KINDS
        }
        told = ", ".join(f"{kind} {share:.1%}" for kind, share in result[documents].items())
        print(f"{documents} documents: {told}", flush=True)
    if options.json:
        options.json.write_text(json.dumps({"benchmark": "interval_coverage", "held": result}, indent=1))


if __name__ == "__main__":
    main()
