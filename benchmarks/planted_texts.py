"""Generated texts of the size of abstracts with planted duplicates: what `audit_scale.py` looks for.

Words follow Zipf's law, and every text holds some stock phrases, as abstracts do. In validation and test
every second text is a copy of one in train: equal, equal but for letter case, with some words exchanged, or
cut short. How similar a copy is, is computed from the real sets of its five-word runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from medspan.core import Annotation, Document, Example
from medspan.read.base import format_named
from medspan.read.losses import Losses
from medspan.text.similarity import jaccard, shingles

CHARACTERS = 1300
VOCABULARY = 200_000
PHRASES = 5_000
SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
COPIED_WITHIN_TRAIN = 100
"""One in so many texts of train is a copy of the one before it."""

EXCHANGED = (0.95, 0.9, 0.87, 0.83, 0.81, 0.77, 0.73, 0.65, 0.52)
CUT = (0.97, 0.92, 0.88, 0.86, 0.82, 0.76, 0.72, 0.6)
_BATCH = 1000


@dataclass(frozen=True)
class Copy:
    """A text of validation or test, the text of train that it was made from, and how similar they are."""

    id: str
    original: str
    similarity: float


class Generator:
    """Texts one after another, always the same ones for a seed."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.default_rng(seed)
        letters = np.array(list("etaoinsrhldcumfpgwybvk"))
        # Frequent words are short, as in English.
        lengths = np.clip(
            2 + np.log2(np.arange(1, VOCABULARY + 1)) / 2 + self._random.normal(0, 1.5, VOCABULARY), 1, 16
        )
        drawn = self._random.choice(letters, size=(VOCABULARY, 16))
        self._words = np.array(
            ["".join(row[: int(length)]) for row, length in zip(drawn, lengths, strict=True)], dtype=object
        )
        self._word_odds = np.cumsum(1 / np.arange(1, VOCABULARY + 1))
        self._phrase_odds = np.cumsum(1 / np.arange(1, PHRASES + 1))
        self._phrases = [self._drawn(int(size)) for size in self._random.integers(6, 12, PHRASES)]

    def _drawn(self, count: int) -> list[str]:
        at = np.searchsorted(self._word_odds, self._random.random(count) * self._word_odds[-1])
        words: list[str] = self._words[at].tolist()
        return words

    def texts(self, count: int) -> Iterator[list[str]]:
        """The words of each text, with points and commas, of about `CHARACTERS` letters in all."""
        for first in range(0, count, _BATCH):
            size = min(_BATCH, count - first)
            pool = iter(self._drawn(size * 320))
            picks = np.searchsorted(self._phrase_odds, self._random.random((size, 4)) * self._phrase_odds[-1])
            sentences = self._random.integers(12, 28, (size, 40))
            for row in range(size):
                yield self._text(pool, picks[row].tolist(), sentences[row].tolist())

    def _text(self, pool: Iterator[str], picks: list[int], sentences: list[int]) -> list[str]:
        words: list[str] = []
        length = 0
        for number, size in enumerate(sentences):
            sentence = list(self._phrases[picks[number]]) if number < len(picks) else []
            sentence += [next(pool) for _ in range(size - len(sentence))]
            sentence[0] = sentence[0].capitalize()
            sentence[size // 2] += ","
            sentence[-1] += "."
            words += sentence
            length += sum(map(len, sentence)) + len(sentence)
            if length >= CHARACTERS - 60:
                break
        return words


def exchanged(words: list[str], similarity: float, name: str) -> list[str]:
    """The text with new words, far from each other, so that it is about as similar as asked."""
    runs = len(words) - 4
    count = max(1, round(runs * (1 - similarity) / (5 * (1 + similarity))))
    copied = list(words)
    for number in range(count):
        copied[(2 * number + 1) * len(words) // (2 * count)] = f"{name}x{number}"
    return copied


def cut(words: list[str], similarity: float) -> list[str]:
    """The beginning of the text, about as similar to the whole as asked."""
    return words[: round((len(words) - 4) * similarity) + 4]


def copies(words: list[str], number: int) -> list[str]:
    """One kind of copy after another."""
    kinds = 2 + len(EXCHANGED) + len(CUT)
    kind = number % kinds - 2
    if kind < 0:
        return words if kind == -1 else [word.upper() for word in words]
    if kind < len(EXCHANGED):
        return exchanged(words, EXCHANGED[kind], f"new{number}")
    return cut(words, CUT[kind - len(EXCHANGED)])


def write(folder: Path, size: int, seed: int = 0) -> None:
    """Write train, validation and test, `size` texts in all, and what is planted (`planted.json`)."""
    generator = Generator(seed)
    render = format_named("medspan").render
    planted: list[Copy] = []
    originals: list[tuple[str, list[str]]] = []
    wanted = int(size * (SHARES["validation"] + SHARES["test"])) // 2
    number = 0
    for split, share in SHARES.items():
        count = int(size * share)
        every = max(1, count // max(1, wanted))
        before: list[str] = []
        with (folder / f"{split}.jsonl").open("w", encoding="utf-8") as file:
            for at, words in enumerate(generator.texts(count)):
                name = f"{split}-{at}"
                if split == "train":
                    words = before if at % COPIED_WITHIN_TRAIN == 1 else words
                    if at % every == 0 and len(originals) < wanted:
                        originals.append((name, words))
                    before = words
                elif at % 2:
                    original, words_there = originals[number]
                    words = copies(words_there, number)
                    number += 1
                    similarity = jaccard(shingles(" ".join(words)), shingles(" ".join(words_there)))
                    planted.append(Copy(name, original, similarity))
                example = Example(Document(name, " ".join(words)), Annotation())
                file.writelines(render([example], Losses(), ".jsonl"))
    (folder / "planted.json").write_text(json.dumps([vars(copy) for copy in planted]), encoding="utf-8")


def planted_copies(folder: Path) -> list[Copy]:
    """What `write` planted."""
    return [Copy(**copy) for copy in json.loads((folder / "planted.json").read_text(encoding="utf-8"))]
