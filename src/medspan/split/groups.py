"""What must not be separated: examples of one group, of one text, or of nearly one text."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from medspan.core import Example
from medspan.text import fold
from medspan.text.similarity import NEAR_DUPLICATE_THRESHOLD, near_duplicates


@dataclass(frozen=True, slots=True)
class Group:
    """Examples (as indices) that go to one part together; `key` depends on their texts and the seed only."""

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


def leak_groups(
    examples: Sequence[Example], *, seed: int = 0, threshold: float = NEAR_DUPLICATE_THRESHOLD
) -> tuple[list[Group], Counter[str]]:
    """The groups, sorted by key, and how many joins each reason made that no earlier reason had made.

    Reasons in order: `group` (the same `document.group`), `text` (the same folded text),
    `near-duplicate` (5-word shingles with a Jaccard similarity of `threshold` or more).
    """
    forest = _Forest(len(examples))
    joins: Counter[str] = Counter({"group": 0, "text": 0, "near-duplicate": 0})
    first_of_group: dict[str, int] = {}
    first_of_text: dict[str, int] = {}
    for at, example in enumerate(examples):
        if example.document.group is not None:
            joins["group"] += forest.join(first_of_group.setdefault(example.document.group, at), at)
    for at, example in enumerate(examples):
        joins["text"] += forest.join(first_of_text.setdefault(fold(example.document.text), at), at)
    distinct = list(first_of_text)
    for one, other in near_duplicates(distinct, threshold):
        joins["near-duplicate"] += forest.join(first_of_text[distinct[one]], first_of_text[distinct[other]])
    members: defaultdict[int, list[int]] = defaultdict(list)
    for at in range(len(examples)):
        members[forest.root(at)].append(at)
    keys = [text_key(example.document.text, seed) for example in examples]
    groups = [Group(min(keys[at] for at in together), tuple(together)) for together in members.values()]
    return sorted(groups, key=lambda group: group.key), joins
