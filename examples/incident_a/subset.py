"""A small part of a leaky split, of which half the test rows leak: subset.py TRAIN.jsonl TEST.jsonl OUT

In the split, nearly every test row has its article in train, so that there are no clean rows to compare with.
Here the test part is all test rows with a short article. Of every second of these articles, drawn with a
seed, no row stays in train; of the others all do. Further short articles fill train up.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path

SHORT = 600
"""Characters of an article below which it is short."""
ROWS = 110
"""Training rows, at most a few more."""
SEED = 0


def article(row: dict[str, str]) -> str:
    """A prompt without its instruction and its closing cue."""
    return row["prompt"].split("\n\n", 1)[1].rsplit("\n\nList of extracted", 1)[0]


def read(path: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def short(rows: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    return [row for row in rows if len(article(row)) < SHORT]


def chosen(
    train: list[dict[str, str]], test: list[dict[str, str]]
) -> tuple[list[dict[str, str]], list[dict[str, str]], set[str]]:
    """Training rows, test rows, and the articles whose test rows leak."""
    order = random.Random(SEED)
    test = short(test)
    articles = sorted({article(row) for row in test} & {article(row) for row in train})
    leaking = set(order.sample(articles, len(articles) // 2))
    others = sorted({article(row) for row in short(train)} - {article(row) for row in test})
    kept = set(leaking)
    for one in order.sample(others, len(others)):
        if sum(article(row) in kept for row in train) >= ROWS:
            break
        kept.add(one)
    return [row for row in train if article(row) in kept], test, leaking


def main(train: Path, test: Path, out: Path) -> None:
    rows, scored, leaking = chosen(read(train), read(test))
    out.mkdir(parents=True, exist_ok=True)
    for name, lines in (("train.jsonl", rows), ("test.jsonl", scored)):
        (out / name).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    leaks = sum(article(row) in leaking for row in scored)
    print(
        f"  {len(rows)} training rows, {len(scored)} test rows, {leaks} of them with their article in train: "
        f"{out}"
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))
