"""All scores of a large set: 100,000 documents with 10 mentions and 4 relations each.

    python benchmarks/evaluate_scale.py [--documents 10000 100000] [--samples 1000] [--no-peer] [--json FILE]

Documents of 1,300 characters are generated with a reference and a prediction: of the mentions 80% are
right, 5% have other boundaries, 5% another type, 10% are missed and as many spurious; relations join
them. A process of its own makes them in memory and runs `medspan.evaluate.evaluate` (all matches, seen
and unseen strings, health) with the bootstrap, then the error taxonomy; its peak memory is the
system's figure and includes the documents. The peer is nervaluate on the same spans: its four modes
without intervals, which is what it covers. Generating is not counted.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import random
import resource
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

TYPES = ("Chemical", "Disease", "Gene", "Procedure")
RELATIONS = ("treats", "causes")
MENTIONS, LINKS, WORDS = 10, 4, 190


def documents(count: int, seed: int = 5) -> list[Any]:
    """Examples with a reference and a prediction."""
    from medspan.core import Annotation, Document, Example, Mention, Relation

    draw = random.Random(seed)
    vocabulary = ["".join(draw.choices("abcdefghijklmnop", k=draw.randint(4, 8))) for _ in range(5000)]
    made = []
    for number in range(count):
        words = draw.choices(vocabulary, k=WORDS)
        starts = [0]
        for word in words:
            starts.append(starts[-1] + len(word) + 1)
        text = " ".join(words)

        def at(first: int, size: int, type: str, text: str = text, starts: list[int] = starts) -> Mention:
            return Mention.at(text, starts[first], starts[first + size] - 1, type)

        chosen = sorted(draw.sample(range(0, WORDS - 4, 4), MENTIONS + 2))
        reference, predicted = [], []
        for first in chosen[:MENTIONS]:
            size, type = draw.choice((1, 1, 2, 3)), draw.choice(TYPES)
            mention = at(first, size, type)
            reference.append(mention)
            luck = draw.random()
            if luck < 0.8:
                predicted.append(mention)
            elif luck < 0.85:
                predicted.append(at(first, size + 1, type))
            elif luck < 0.9:
                predicted.append(at(first, size, draw.choice(TYPES)))
        if draw.random() < 0.5:
            predicted += [at(first, 1, draw.choice(TYPES)) for first in chosen[MENTIONS:]]
        made.append(
            Example(
                Document(str(number), text),
                Annotation(tuple(reference), (), _links(draw, reference, Relation)),
                Annotation(tuple(predicted), (), _links(draw, predicted, Relation)),
            )
        )
    return made


def _links(draw: random.Random, mentions: list[Any], make: Any) -> tuple[Any, ...]:
    if len(mentions) < 2:
        return ()
    ends = list(pairwise(mentions))[:LINKS]
    return tuple(make(*pair, RELATIONS[sum(map(ord, pair[0].type)) % 2]) for pair in ends)


def ours(count: int, samples: int, results: Any) -> None:
    """Measure medspan on `count` documents, in a process of its own."""
    from medspan.evaluate import evaluate
    from medspan.evaluate.counts import count_documents
    from medspan.evaluate.errors import taxonomy

    examples = documents(count)
    training = examples[: max(1, count // 20)]
    before = _peak()
    seconds = {}
    clock = time.perf_counter()
    found = evaluate(examples, bootstrap_samples=samples, training=training)
    seconds["scores and intervals"] = time.perf_counter() - clock
    peak = _peak()
    clock = time.perf_counter()
    count_documents(examples)
    seconds["of these the counts"] = time.perf_counter() - clock
    clock = time.perf_counter()
    taxonomy(examples)
    seconds["error taxonomy"] = time.perf_counter() - clock
    micro = found.match["strict"]["entities"].micro
    results.put(
        {
            "documents": count,
            "seconds": {name: round(value, 2) for name, value in seconds.items()},
            "documents_gib": round(before, 2),
            "peak_gib": round(peak, 2),
            "peak_with_taxonomy_gib": round(_peak(), 2),
            "strict_f1": micro.f1,
            "interval": micro.f1_interval,
        }
    )


def peer(count: int, results: Any) -> None:
    """Measure nervaluate on the same spans."""
    import nervaluate

    examples = documents(count)
    true, given = (
        [
            [{"label": one.type, "start": one.start, "end": one.end - 1} for one in side.mentions]
            for side in sides
        ]
        for sides in ([one.reference for one in examples], [one.predicted for one in examples])
    )
    clock = time.perf_counter()
    found = nervaluate.Evaluator(true, given, tags=list(TYPES), loader="dict").evaluate()
    seconds = time.perf_counter() - clock
    strict = found["overall"]["strict"]
    results.put(
        {"documents": count, "seconds": round(seconds, 2), "peak_gib": _peak(), "strict_f1": strict.f1}
    )


def _peak() -> float:
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2)


def _alone(target: Any, *arguments: Any) -> dict[str, Any]:
    results: Any = multiprocessing.get_context("spawn").Queue()
    process = multiprocessing.get_context("spawn").Process(target=target, args=(*arguments, results))
    process.start()
    found: dict[str, Any] = results.get()
    process.join()
    return found


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--samples", type=int, default=1000)
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {"benchmark": "evaluate_scale", "medspan": [], "nervaluate": []}
    for count in options.documents:
        found = _alone(ours, count, options.samples)
        result["medspan"].append(found)
        print(f"medspan, {count:,} documents: {found}", flush=True)
        if not options.no_peer:
            theirs = _alone(peer, count)
            result["nervaluate"].append(theirs)
            print(f"nervaluate, {count:,} documents: {theirs}", flush=True)
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
