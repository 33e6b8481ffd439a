"""Train without a loss on the stop token: train_without_stop.py CONFIG [KEY=VALUE]... [--resume]

So it goes in loops that take the stop token for padding as well (`tokenizer.pad_token = tokenizer.eos_token`)
and leave padding out of the loss: no answer's end is ever learnt, and the loss curve does not show it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from medspan.train import load_config, train
from medspan.train.methods.generate import Answer, Generate


def without_stop(plain: Any) -> Any:
    """The collator of the method `generate`, with the stop token of each answer left out of the loss."""

    def collate(method: Generate, batch: Sequence[Answer], device: Any) -> tuple[Any, ...]:
        ids, target = plain(method, batch, device)
        for row, example in enumerate(batch):
            target[row, len(example.ids) - 1] = False
        return ids, target

    return collate


def main(arguments: list[str]) -> None:
    settings = [one for one in arguments[1:] if one != "--resume"]
    config = load_config(Path(arguments[0]), settings)
    Generate.collate = without_stop(Generate.collate)  # type: ignore[method-assign]
    train(config, resume="--resume" in arguments, bar=False)


if __name__ == "__main__":
    main(sys.argv[1:])
