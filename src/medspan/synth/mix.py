"""What a corpus of notes is mixed from."""

from __future__ import annotations

from dataclasses import dataclass

from medspan.core import ConfigError
from medspan.synth.pattern import Register

STYLES: dict[str, Register] = {"letter": "prose", "visit": "prose", "ward": "terse", "list": "terse"}
"""Styles of notes by name, with the register of their sentences.

A letter is one paragraph, a visit has headings, a ward note is telegraphic, a list has a line for each item.
"""


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares from 0 to 1 and styles of the notes.

    `negatives`: of the sentences on relations that do not state one; `distant`: of those that can be told
    in two sentences with others between them and are; `abbreviated`: of the terms that have an
    abbreviation and are written with it; `misspelt`: of the terms that are; `variety`: of the sentences
    of each kind that are used at all, 0.2 or more (the fewer, the fewer notes teach them).
    """

    negatives: float = 0.4
    distant: float = 0.2
    abbreviated: float = 0.5
    misspelt: float = 0.03
    variety: float = 1.0
    styles: tuple[str, ...] = tuple(STYLES)

    def __post_init__(self) -> None:
        for name in ("negatives", "distant", "abbreviated", "misspelt", "variety"):
            check_share(name, getattr(self, name), least=0.2 if name == "variety" else 0.0)
        if self.negatives == 1:
            raise ConfigError(
                "negatives is 1", cause="no relation would be stated", remedy="give less than 1"
            )
        for style in self.styles or ("",):
            if style not in STYLES:
                raise ConfigError(f"{style!r} is no style of notes", remedy=f"use {', '.join(STYLES)}")


def check_share(name: str, share: float, *, least: float = 0.0) -> None:
    """ConfigError unless `share` is between `least` and 1."""
    if not least <= share <= 1:
        raise ConfigError(
            f"{name} is {share}",
            cause="a share is asked for, not a percentage",
            remedy=f"give {least:g} to 1",
        )
