"""Strings of the test part that training does not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from medspan.core import Example, Mention, UnalignedMention
from medspan.text import fold

TRAIN, TEST = "train", "test"

String = tuple[str, str]
"""A type and a string, folded."""


@dataclass(frozen=True, slots=True)
class Unseen:
    """How many of the distinct strings of test (with their types, letter case aside) train does not have.

    `by_type` has (unseen, all) for each type. `wanted` is the share asked for, None where none was.
    """

    unseen: int
    strings: int
    by_type: Mapping[str, tuple[int, int]]
    wanted: float | None = None

    @property
    def share(self) -> float | None:
        """0 to 1; None where test has no string."""
        return self.unseen / self.strings if self.strings else None

    def to_json(self) -> dict[str, Any]:
        return {
            "wanted": self.wanted,
            "share": self.share,
            "unseen": self.unseen,
            "strings": self.strings,
            "by_type": {name: {"unseen": new, "strings": n} for name, (new, n) in self.by_type.items()},
        }


def strings_of(examples: Iterable[Example]) -> set[String]:
    """The distinct (type, folded string) of all listed mentions, as the source wrote them; none is blank."""
    found: set[String] = set()
    for example in examples:
        if example.reference is not None:
            items: tuple[Mention | UnalignedMention, ...] = (
                *example.reference.mentions,
                *example.reference.unaligned,
            )
            for item in items:
                written = item.source_text if isinstance(item, Mention) else None
                found.add((item.type, fold(item.text if written is None else written)))
    return {pair for pair in found if pair[1]}


def unseen_in(test: Iterable[Example], train: Iterable[Example], wanted: float | None = None) -> Unseen:
    """Count the strings of `test` that `train` does not have."""
    here = strings_of(test)
    new = here - strings_of(train)
    every, fresh = (Counter(type_ for type_, _ in some) for some in (here, new))
    by_type = {name: (fresh[name], every[name]) for name in sorted(every)}
    return Unseen(len(new), len(here), by_type, wanted)
