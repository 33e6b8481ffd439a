"""Rows whose texts are nearly the same: found once for all checks, over the distinct texts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from medspan.text.near_texts import NearTexts
from medspan.text.similarity import NEAR_DUPLICATE_THRESHOLD, SHINGLE_WORDS

if TYPE_CHECKING:
    from medspan.audit.data import Row


@dataclass(frozen=True, slots=True)
class Near:
    """A row whose text is nearly another one's, and the Jaccard similarity of the two."""

    row: Row
    similarity: float


class NearRows:
    """The near-duplicates among rows; rows of one `text_key` count as one text."""

    def __init__(self, rows: Iterable[Row]) -> None:
        texts: dict[bytes, str] = {}
        for row in rows:
            texts.setdefault(row.text_key, row.text)
        self._numbers = {key: number for number, key in enumerate(texts)}
        self._near = NearTexts(tuple(texts.values()), NEAR_DUPLICATE_THRESHOLD, size=SHINGLE_WORDS)

    def nearest(self, rows: Iterable[Row], among: Iterable[Row]) -> dict[bytes, Near]:
        """By `text_key` of `rows`, the first row `among` these that has the nearest of other texts.

        A text without a near-duplicate there is not in the answer. All rows must be among those that
        were given at first.
        """
        keys = {self._numbers[row.text_key]: row.text_key for row in rows}
        first: dict[int, Row] = {}
        for row in among:
            first.setdefault(self._numbers[row.text_key], row)
        found = self._near.nearest(keys, first)
        return {keys[text]: Near(first[other], similarity) for text, (other, similarity) in found.items()}
