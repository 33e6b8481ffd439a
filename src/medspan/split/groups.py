"""What must not be separated: rows of one document, of one text, or of nearly one text."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from medspan.core import Example
from medspan.text import fold
from medspan.text.near_texts import NearTexts, Reached
from medspan.text.similarity import NEAR_DUPLICATE_THRESHOLD, SHINGLE_WORDS

GROUP, ID, TEXT, NEAR = "group", "id", "text", "near-duplicate"
REASONS = (GROUP, ID, TEXT, NEAR)
"""Why rows belong together, the plainest reason first."""

Label = tuple[str, Hashable]
"""A reason and what it is about: rows with the same label belong together."""


@dataclass(frozen=True, slots=True)
class Group:
    """Rows (as indices) that go to one part together; `key` depends on their texts and the seed only."""

    key: str
    members: tuple[int, ...]


class _Forest:
    """Union-find with path halving; the smaller root stays, so the outcome does not depend on order."""

    def __init__(self, size: int) -> None:
        self._parent = list(range(size))

    def root(self, of: int) -> int:
        while self._parent[of] != of:
            self._parent[of] = self._parent[self._parent[of]]
            of = self._parent[of]
        return of

    def join(self, one: int, other: int) -> bool:
        """Whether the two were apart until now."""
        first, second = sorted((self.root(one), self.root(other)))
        self._parent[second] = first
        return first != second


def text_key(text: str, seed: int) -> str:
    """A hash of the folded text and the seed: the place of a text in a reproducible shuffle."""
    return hashlib.sha256(f"{seed}\n{fold(text)}".encode("utf-8", "surrogatepass")).hexdigest()


class Links:
    """Which rows belong together directly, by what reason.

    `group`: the same `document.group`; `id`: the same document id twice in one file; `text`: the same
    text, letter case and white space aside; `near-duplicate`: 5-word shingles with a Jaccard
    similarity of `threshold` or more.
    """

    def __init__(self, rows: Sequence[Example], threshold: float = NEAR_DUPLICATE_THRESHOLD) -> None:
        texts: dict[str, int] = {}
        self._rows = rows
        self._labels: list[tuple[Label, ...]] = []
        self._texts: list[int] = []
        for row in rows:
            found: list[Label] = []
            if row.document.group is not None:
                found.append((GROUP, row.document.group))
            if row.place is not None:
                found.append((ID, (row.place.file, row.id)))
            text = texts.setdefault(fold(row.document.text), len(texts))
            self._texts.append(text)
            self._labels.append((*found, (TEXT, text)))
        self._near = NearTexts(tuple(texts), threshold, size=SHINGLE_WORDS)

    def labels(self, row: int) -> tuple[Label, ...]:
        """The labels of a row."""
        return self._labels[row]

    def text(self, row: int) -> int:
        """The number of a row's text; rows of one text have the same."""
        return self._texts[row]

    def reached(self) -> Reached:
        """Told the numbers of texts, says which texts are nearly one of them."""
        return Reached(self._near)

    def groups(self, among: Iterable[int], seed: int = 0) -> tuple[list[Group], Counter[str]]:
        """The groups, sorted by key, and how many joins each reason made that no earlier one had made."""
        chosen = list(among)
        forest = _Forest(len(self._rows))
        joins: Counter[str] = Counter(dict.fromkeys(REASONS, 0))
        first: dict[Label, int] = {}
        for reason in (GROUP, ID, TEXT):
            for at in chosen:
                for label in self._labels[at]:
                    if label[0] == reason:
                        joins[reason] += forest.join(first.setdefault(label, at), at)
        for alike in self._near.groups(self._texts[at] for at in chosen):
            rows = [first[TEXT, text] for text in alike]
            joins[NEAR] += sum(forest.join(rows[0], row) for row in rows[1:])
        members: defaultdict[int, list[int]] = defaultdict(list)
        for at in chosen:
            members[forest.root(at)].append(at)
        keys = {at: text_key(self._rows[at].document.text, seed) for at in chosen}
        groups = [Group(min(keys[at] for at in together), tuple(together)) for together in members.values()]
        return sorted(groups, key=lambda group: group.key), joins
