"""Extraction by generation: the answer is written under the grammar and read back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from medspan.core import Example
from medspan.extract.engines.local import LocalEngine
from medspan.extract.extractor import Extractor
from medspan.extract.options import DecodingOptions
from medspan.format import Renderer


class GenerateExtractor(Extractor):
    """A generating model with its format and decoding options."""

    def __init__(self, model: Any, renderer: Renderer, options: DecodingOptions, made_by: str):
        self.renderer = renderer
        self.options = options
        self.made_by = made_by
        self.model = model
        self._engine = LocalEngine(model, renderer, options)

    def extract(
        self, examples: Sequence[Example], progress: Callable[[int], None] | None = None
    ) -> Iterator[Example]:
        done: dict[int, Example] = {}
        for index, generated in self._engine.generate([example.document for example in examples]):
            done[index] = self._read(examples[index], generated.text, generated.truncated)
            if progress:
                progress(len(done))
        for index in range(len(examples)):
            yield done[index]

    def batches(self, examples: Sequence[Example]) -> list[list[int]]:
        return self._engine.batches([example.document for example in examples])

    def check(self, examples: Sequence[Example]) -> None:
        self._engine.check_lengths([example.document for example in examples])

    def _read(self, example: Example, raw: str, truncated: bool) -> Example:
        predicted = self.renderer.codec.parse(example.document, raw)
        return example.with_prediction(replace(predicted, made_by=self.made_by), raw, truncated)
