"""What a written format could not hold: counted by kind, and told one by one to whom it may concern."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

from medspan.core import Document

Listener = Callable[["Loss"], None]


@dataclass(frozen=True, slots=True)
class Loss:
    """`count` times something of one kind that a document's row cannot hold; `what` shows it where it can."""

    kind: str
    document: str
    what: str = ""
    count: int = 1

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


class Losses:
    """Counts by kind; `listen` hears each loss as it happens, so that none need be kept."""

    def __init__(self, listen: Listener | None = None):
        self.counts: Counter[str] = Counter()
        self._listen = listen

    def add(self, kind: str, document: Document, what: str = "", count: int = 1) -> None:
        """Count a loss; nothing where `count` is 0."""
        if count:
            self.counts[kind] += count
            if self._listen:
                self._listen(Loss(kind, document.id, what[:200], count))

    def add_all(
        self,
        counts: Mapping[str, int],
        document: Document,
        shown: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        """Count losses of one document by kind; `shown` has those of a kind in words, as far as known."""
        for kind, count in counts.items():
            known = shown.get(kind, ())
            for what in known:
                self.add(kind, document, what)
            self.add(kind, document, count=count - len(known))
