"""Which terms a note may use: the open and the held-out part of the lexicon, dealt like cards."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from medspan.synth.lexicon import LEXICON

HELD_OUT_LEXICON = 1 / 3
"""Share of each type's terms that open notes never use."""

FEWEST_UNSEEN = 6
"""Terms that a deck needs at least, so that one note can always be filled."""

MARGIN = 0.06
"""How far the share of unseen strings is aimed above what was asked for, so that it never falls below."""


@dataclass
class Deck:
    """Terms of one type, dealt in random order without repetition until all have been dealt.

    `terms` and `unseen` are dealt so that the share of unseen terms stays at `share` all along.
    """

    rng: random.Random
    terms: list[str]
    unseen: list[str] = field(default_factory=list)
    share: float = 0.0
    dealt: int = 0
    dealt_unseen: int = 0
    _left: dict[bool, list[str]] = field(default_factory=lambda: {False: [], True: []})

    def deal(self, avoid: Collection[str]) -> str:
        """The next term that is not in `avoid`; ValueError where the deck holds no other."""
        wanted = self.dealt_unseen < self.share * (self.dealt + 1) - 0.5
        for from_unseen in (wanted, not wanted):
            term = self._next(from_unseen, avoid)
            if term is not None:
                self.dealt += 1
                self.dealt_unseen += from_unseen
                return term
        raise ValueError("no further term to deal")

    def _next(self, from_unseen: bool, avoid: Collection[str]) -> str | None:
        pile = self._left[from_unseen]
        for _ in range(2):
            for at, term in enumerate(pile):
                if term not in avoid:
                    return pile.pop(at)
            fresh = [term for term in (self.unseen if from_unseen else self.terms) if term not in pile]
            self.rng.shuffle(fresh)
            pile.extend(fresh)
        return None


def partition(rng: random.Random) -> dict[str, tuple[list[str], list[str]]]:
    """For each entity type the open and the held-out terms, in random order."""
    parts: dict[str, tuple[list[str], list[str]]] = {}
    for type_ in sorted(LEXICON):
        terms = sorted(LEXICON[type_])
        rng.shuffle(terms)
        held = round(len(terms) * HELD_OUT_LEXICON)
        parts[type_] = (terms[held:], terms[:held])
    return parts


def open_decks(rng: random.Random, parts: Mapping[str, tuple[list[str], list[str]]]) -> dict[str, Deck]:
    """One deck of open terms for each type."""
    return {type_: Deck(rng, list(open_)) for type_, (open_, _) in sorted(parts.items())}


def held_out_decks(
    rng: random.Random,
    parts: Mapping[str, tuple[list[str], list[str]]],
    used: Mapping[str, Collection[str]],
    held_out: float,
) -> dict[str, Deck]:
    """One deck for each type whose distinct terms are unseen to a share of `held_out` or a little more.

    `used` are the terms that stand in open notes: an open term that none of them uses would be
    unseen too. The two parts of a deck are sized so that the share holds when all has been dealt.
    Where nothing is used yet, every term is unseen and may be dealt.
    """
    share = min(1.0, held_out + MARGIN) if held_out else 0.0
    decks: dict[str, Deck] = {}
    for type_, (open_, held) in sorted(parts.items()):
        seen = [term for term in open_ if term in used[type_]]
        if not seen:
            decks[type_] = Deck(rng, [], held + open_, 1.0)
        elif share == 0:
            decks[type_] = Deck(rng, seen)
        elif share == 1:
            decks[type_] = Deck(rng, [], held, 1.0)
        else:
            unseen = held[: max(FEWEST_UNSEEN, round(len(seen) * share / (1 - share)))]
            seen = seen[: round(len(unseen) * (1 - share) / share)]
            decks[type_] = Deck(rng, seen, unseen, share)
    return decks
