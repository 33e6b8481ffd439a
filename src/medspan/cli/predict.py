"""Run an extractor over many documents, slice by slice, and count what comes out."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from medspan.cli.console import counted, progress, say
from medspan.core import Example, UnalignedMention

if TYPE_CHECKING:
    from medspan.extract import DecodingOptions, Extractor

SLICE = 512
"""Documents whose results are held in memory at once."""


@dataclass
class Tally:
    """Counts over predictions; `unaligned` by reason, endpoints that are listed nowhere included."""

    documents: int = 0
    mentions: Counter[str] = field(default_factory=Counter)
    relations: Counter[str] = field(default_factory=Counter)
    unaligned: Counter[str] = field(default_factory=Counter)
    unparsed: int = 0
    truncated: int = 0
    seconds: float = 0.0

    def add(self, example: Example) -> None:
        from medspan.read import unlisted_endpoints

        self.documents += 1
        self.truncated += example.truncated
        annotation = example.predicted
        if annotation is None:
            return
        self.mentions.update(mention.type for mention in annotation.mentions)
        self.relations.update(relation.type for relation in annotation.relations)
        loose = (*annotation.unaligned, *unlisted_endpoints(annotation))
        self.unaligned.update(item.reason for item in loose if isinstance(item, UnalignedMention))
        self.unparsed += len(annotation.unparsed)

    def to_json(self) -> dict[str, Any]:
        return {
            "documents": self.documents,
            "mentions": dict(sorted(self.mentions.items())),
            "relations": dict(sorted(self.relations.items())),
            "unaligned": dict(sorted(self.unaligned.items())),
            "unparsed": self.unparsed,
            "truncated": self.truncated,
            "seconds": round(self.seconds, 2),
            "documents_per_second": round(self.documents / self.seconds, 2) if self.seconds else None,
        }

    def print(self) -> None:
        found = self.to_json()
        speed = found["documents_per_second"]
        pace = f" ({speed} a second)" if speed else ""
        say(f"documents: {self.documents} in {self.seconds:.1f} s{pace}")
        for key in ("mentions", "relations"):
            say(f"{key}: {counted(found[key])}")
        say(
            f"ungrounded: {counted(found['unaligned'])}; unparsed pieces: {self.unparsed}; "
            f"truncated: {self.truncated}"
        )


def predictions(
    extractor: Extractor,
    examples: Sequence[Example],
    tally: Tally,
    quiet: bool,
    scored: Callable[[Example], None] | None = None,
) -> Iterator[Example]:
    """Each example with its prediction, in order; `tally` counts them. Too long documents stop it at once.

    `scored` hears each one with its less probable items too, before they are left out.
    """
    extractor.check(examples)
    start = time.monotonic()
    with progress("extract", len(examples), quiet) as tell:
        for first in range(0, len(examples), SLICE):
            part = examples[first : first + SLICE]
            for every in extractor.scored(part, partial(_tell_from, tell, first)):
                if scored:
                    scored(every)
                example = extractor.decided(every)
                tally.add(example)
                yield example
    tally.seconds = time.monotonic() - start


def _tell_from(tell: Callable[[int], None], first: int, done: int) -> None:
    tell(first + done)


def load_extractor(
    folder: Path,
    options: DecodingOptions,
    *,
    device: str = "auto",
    base_model: str | None = None,
    min_confidence: float | None = None,
    int8: bool = False,
) -> Extractor:
    """The extractor of a run or adapter folder, with the libraries' own messages turned off."""
    from transformers.utils import logging

    from medspan.extract import load_extractor as load

    logging.set_verbosity_error()
    return load(
        folder, options, device=device, base_model=base_model, min_confidence=min_confidence, int8=int8
    )


def write_predictions(path: Path, examples: Iterator[Example]) -> None:
    """Write examples as they come in the `medspan` format; the file appears once it is complete."""
    from medspan.read import example_to_json, write_whole
    from medspan.read.instruction_rows import json_line

    write_whole(path, (json_line(example_to_json(example)) for example in examples))
