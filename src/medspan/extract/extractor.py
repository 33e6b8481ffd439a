"""What extractors of every method have in common: documents in, grounded annotations out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence

from medspan.core import Document, Example


class Extractor(ABC):
    """Extracts with a model that is in memory; `load_extractor` reads one from a run or adapter folder.

    `least`, by kind of item (`mention`, `relation`), is the probability from which on items are kept;
    None where the method knows no probabilities.
    """

    least: Mapping[str, float] | None = None

    @abstractmethod
    def extract(
        self, examples: Sequence[Example], progress: Callable[[int], None] | None = None
    ) -> Iterator[Example]:
        """Each example with its prediction, in the order given; `progress` hears how many are done."""

    def scored(
        self, examples: Sequence[Example], progress: Callable[[int], None] | None = None
    ) -> Iterator[Example]:
        """As `extract`, with less probable items too where there are probabilities."""
        return self.extract(examples, progress)

    def decided(self, example: Example) -> Example:
        """Of an example that `scored` gave, what `extract` would have given."""
        return example

    def batches(self, examples: Sequence[Example]) -> list[list[int]]:
        """Indices of the examples that are computed together; rounding in one depends on the others."""
        return [[index] for index in range(len(examples))]

    @abstractmethod
    def check(self, examples: Sequence[Example]) -> None:
        """InputError where a document cannot be read, before anything is extracted."""

    def extract_text(self, text: str, *, task: str | None = None) -> Example:
        """The annotation of one text."""
        document = Document("text", text, task=task)
        return next(self.extract([Example(document, source="text")]))
