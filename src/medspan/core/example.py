"""One document with what is known and what was predicted about it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from medspan.core.document import Annotation, Document
from medspan.core.errors import Place


@dataclass(frozen=True, slots=True)
class Example:
    """A document with a reference annotation, a predicted one, or both.

    `source` is the format it was read from; `place` the file and row. `raw` is the model's output
    as generated. Construction checks that every mention's text stands at its segments.
    """

    document: Document
    reference: Annotation | None = None
    predicted: Annotation | None = None
    split: str | None = None
    source: str = ""
    place: Place | None = None
    raw: str | None = None
    truncated: bool = False

    def __post_init__(self) -> None:
        for annotation in (self.reference, self.predicted):
            if annotation is not None:
                annotation.check(self.document)

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def task(self) -> str | None:
        return self.document.task

    def with_prediction(self, predicted: Annotation, raw: str | None, truncated: bool) -> Example:
        """The same example with a prediction in place of any earlier one."""
        return replace(self, predicted=predicted, raw=raw, truncated=truncated)
