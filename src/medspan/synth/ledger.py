"""What each note says and where, so that hard negatives and distances can be counted."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import astuple, dataclass

from medspan.core import Example
from medspan.synth.pattern import KINDS

SAID = "said"
"""The key of a document's metadata that holds its ledger, as JSON."""


@dataclass(frozen=True, slots=True)
class Saying:
    """What one sentence of a note says of one pair of terms, at `[start, end)` of its text.

    `relation` is stated of `head` and `tail` (strings of the text) where `kind` is `statement`; else it is
    named without being stated of this patient, and the reference does not have it. `between` counts the
    other sentences that stand between the two parts of what is said.
    """

    kind: str
    relation: str
    head: str
    tail: str
    start: int
    end: int
    between: int


def written_ledger(sayings: Iterable[Saying]) -> str:
    """The ledger as it stands in the metadata."""
    return json.dumps([astuple(saying) for saying in sayings], ensure_ascii=False, separators=(",", ":"))


def sayings(example: Example) -> tuple[Saying, ...]:
    """What a note says; nothing where the format that it was read from keeps no metadata."""
    return tuple(Saying(*said) for said in json.loads(example.document.metadata.get(SAID, "[]")))


def kinds_said(examples: Iterable[Example]) -> dict[str, int]:
    """How often each kind of saying occurs; kinds that do not, with 0."""
    counts = Counter(saying.kind for example in examples for saying in sayings(example))
    return {kind: counts[kind] for kind in KINDS}
