"""What a text says about pairs of its entities, as numbers that a linear model can weigh."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from medspan.audit.legal_pairs import Entity, Pair
from medspan.text import fold

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 1024
"""Columns that features are hashed into, with a hashed sign (Weinberger et al. 2009)."""
NEAREST = 2
"""Occurrences of a pair, the nearest first, whose words are looked at."""
FARTHEST = 40
"""Words between two mentions from which on only their distance counts."""
AROUND = 3
"""Words on either side of the nearest two mentions."""
MOST_MENTIONS = 5
"""Mentions of an entity whose own neighbours are looked at."""
SHORT = 6
"""So few words between two mentions are a feature as they stand."""

_TOKEN = re.compile(r"[^\W\d_]+|\d+(?:[.,]\d+)*|[^\w\s]|\n")
_ENDS = frozenset(".!?\n")
_ODD = np.uint64(0x9E3779B97F4A7C15)
_OTHER_ODD = np.uint64(0xBF58476D1CE4E5B9)
_NOWHERE = 10**6


class Reading:
    """A document's words with every mention standing as its type, so that names tell nothing."""

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        self.words: list[str] = []
        self.is_mention: list[bool] = []
        sentences: list[int] = []
        sentence = at = 0
        labels = {place: entity.type for entity in reversed(entities) for place in entity.places}
        positions: dict[tuple[int, int], int] = {}
        # Of mentions that overlap, the first and longest stands for all.
        for start, end in sorted(labels, key=lambda place: (place[0], -place[1])):
            if start >= at:
                sentence = self._plain(text[at:start], sentences, sentence)
                self.words.append(f"<{labels[start, end]}>")
                self.is_mention.append(True)
                sentences.append(sentence)
                at = end
            positions[start, end] = len(self.words) - 1
        self._plain(text[at:], sentences, sentence)
        self.sentences = np.array(sentences, dtype=np.int64)
        self.single = np.array([_hash(word) for word in self.words], dtype=np.uint64)
        self.double = _joined(self.single[:-1], self.single[1:])
        self.triple = _joined(self.double[:-1], self.single[2:])
        self.places = [sorted({positions[place] for place in entity.places}) for entity in entities]

    def _plain(self, piece: str, sentences: list[int], sentence: int) -> int:
        for found in _TOKEN.findall(piece):
            self.words.append("0" if found[0].isdigit() else found.lower())
            self.is_mention.append(False)
            sentences.append(sentence)
            sentence += found in _ENDS
        return sentence


class PairSheet:
    """Features of pairs of one document, one sparse row for each pair added, in hashed columns.

    The words (one to three in a row) between the nearest two mentions and beside them, words beside
    every mention, order, distance, sentences, mentions in between, how many other entities stand nearer,
    and the strings of both ends. How often an entity is mentioned is left out on purpose: it is a prior.
    """

    def __init__(self, text: str, entities: Sequence[Entity]) -> None:
        self.rows = 0
        self._entities = entities
        self._read = Reading(text, entities)
        self._types = np.array([_hash(entity.type) for entity in entities], dtype=np.uint64)
        self._nearness: dict[int, NDArray[np.int64]] = {}
        self._facts: list[tuple[int, int, float]] = []
        self._runs: list[tuple[int, int, float, NDArray[np.uint64]]] = []

    def add(self, pair: Pair) -> None:
        """One more row."""
        head, tail = pair
        heads, tails = self._read.places[head], self._read.places[tail]
        names = [fold(self._entities[end].name) for end in pair]
        self._fact(f"head {names[0]}", 0.5)
        self._fact(f"tail {names[1]}", 0.5)
        self._fact(f"pair {names[0]} | {names[1]}", 0.5)
        if heads and tails:
            self._occurrences(heads, tails)
            self._own_words("head", heads)
            self._own_words("tail", tails)
            self._standing(pair)
        else:
            self._fact("without a place", 1.0)
        self.rows += 1

    def columns(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Row, column and weight of every feature."""
        facts = np.array([fact[1] for fact in self._facts], dtype=np.uint64)
        rows = np.array([fact[0] for fact in self._facts], dtype=np.int64)
        weights = np.array([fact[2] for fact in self._facts])
        if self._runs:
            sizes = [len(run[3]) for run in self._runs]
            salts = np.repeat(np.array([run[1] for run in self._runs], dtype=np.uint64), sizes)
            runs = _joined(salts, np.concatenate([run[3] for run in self._runs]))
            facts = np.concatenate([facts, runs])
            rows = np.concatenate([rows, np.repeat([run[0] for run in self._runs], sizes)])
            weights = np.concatenate([weights, np.repeat([run[2] for run in self._runs], sizes)])
        sign = np.where((facts >> np.uint64(40)) & np.uint64(1), 1.0, -1.0)
        return rows, (facts % np.uint64(WIDTH)).astype(np.int64), weights * sign

    def _fact(self, name: str, weight: float) -> None:
        self._facts.append((self.rows, _hash(name), weight))

    def _run(self, role: str, ids: NDArray[np.uint64], weight: float) -> None:
        if len(ids):
            self._runs.append((self.rows, _hash(role), weight, ids))

    def _occurrences(self, heads: list[int], tails: list[int]) -> None:
        read = self._read
        one, other = np.array(heads), np.array(tails)
        sentences = np.abs(read.sentences[one][:, None] - read.sentences[other][None, :])
        self._fact(f"sentences shared {min(int((sentences == 0).sum()), 4)}", 1.0)
        self._fact(f"sentences between {min(int(sentences.min()), 5)}", 1.0)
        distances = np.abs(one[:, None] - other[None, :])
        for rank, at in enumerate(np.argsort(distances, axis=None, kind="stable")[:NEAREST]):
            head, tail = heads[int(at) // len(tails)], tails[int(at) % len(tails)]
            self._occurrence(head, tail, rank)

    def _occurrence(self, head: int, tail: int, rank: int) -> None:
        read = self._read
        weight = 1.0 if rank == 0 else 0.5
        first, last = min(head, tail), max(head, tail)
        together = read.sentences[first] == read.sentences[last]
        where = f"{'>' if head < tail else '<'}{'together' if together else 'apart'}"
        self._fact(f"distance {together} {_step(last - first)}", weight)
        self._fact(f"order {where}", weight / 2)
        between = [at for at in range(first + 1, last) if read.is_mention[at]]
        self._fact(f"mentions between {together} {min(len(between), 5)}", 0.7 * weight)
        if rank == 0:
            for word in sorted({read.words[at] for at in between}):
                self._fact(f"between {together} {word}", 0.5)
        if last - first > FARTHEST:
            return
        if together:
            for run in (
                read.single[first + 1 : last],
                read.double[first:last],
                read.triple[first : last - 1],
            ):
                self._run(f"between {where}", run, 1.2 * weight / math.sqrt(len(run) + 1))
            if last - first - 1 <= SHORT:
                self._fact(f"whole {where} {' '.join(read.words[first + 1 : last])}", weight)
        before = max(0, first - AROUND)
        self._run(f"before {where}", read.single[before:first], 0.4 * weight)
        self._run(f"before {where}", read.double[before:first], 0.4 * weight)
        self._run(f"after {where}", read.single[last + 1 : last + 1 + AROUND], 0.4 * weight)
        self._run(f"after {where}", read.double[last : last + AROUND], 0.4 * weight)

    def _own_words(self, role: str, places: list[int]) -> None:
        read = self._read
        weight = 0.6 / math.sqrt(min(len(places), MOST_MENTIONS))
        for at in places[:MOST_MENTIONS]:
            self._run(f"{role} after", read.single[max(0, at - 2) : at], weight)
            self._run(f"{role} before", read.single[at + 1 : at + 3], weight)
            self._run(f"{role} beside", read.double[max(0, at - 1) : at + 1], weight)

    def _standing(self, pair: Pair) -> None:
        read = self._read
        first = [min(int(read.sentences[read.places[end][0]]), 4) for end in pair]
        self._fact(f"head in sentence {first[0]}", 0.5)
        self._fact(f"tail in sentence {first[1]}", 0.5)
        self._fact(f"both in sentence {min(first[0], 2)} {min(first[1], 2)}", 0.5)
        self._fact(f"to the end {_step(len(read.words) - max(read.places[end][-1] for end in pair))}", 0.3)
        nearer = [self._nearer(*pair), self._nearer(*reversed(pair))]
        self._fact(f"tails nearer {min(nearer[0], 4)}", 1.0)
        self._fact(f"heads nearer {min(nearer[1], 4)}", 1.0)
        self._fact(f"nearer {min(nearer[0], 2)} {min(nearer[1], 2)}", 1.0)

    def _nearer(self, here: int, there: int) -> int:
        """How many entities of the type of `there` stand nearer to `here` than it does."""
        distances = self._nearness.get(here)
        if distances is None:
            own = np.array(self._read.places[here])
            distances = np.array(
                [
                    np.abs(own[:, None] - np.array(places)[None, :]).min() if places else _NOWHERE
                    for places in self._read.places
                ]
            )
            self._nearness[here] = distances
        nearer = (distances < distances[there]) & (self._types == self._types[there])
        nearer[here] = False
        return int(nearer.sum())


@lru_cache(maxsize=1 << 17)
def _hash(name: str) -> int:
    return int.from_bytes(hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest())


def _joined(one: NDArray[np.uint64], other: NDArray[np.uint64]) -> NDArray[np.uint64]:
    mixed = (one * _OTHER_ODD + other) * _ODD
    return mixed ^ (mixed >> np.uint64(31))


def _step(distance: int) -> int:
    return int(1.5 * math.log2(distance + 1))
