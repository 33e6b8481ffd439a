"""The `compact` format in files: JSON lines of prompt and completion, the text first in the prompt."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from medspan.core import Document, Example, InputError
from medspan.format.compact import CompactCodec
from medspan.read.base import BadRow, Format, Row, Sample, register
from medspan.read.fields import as_object, required
from medspan.read.instruction_rows import (
    answer,
    chosen,
    extra_keys,
    extra_metadata,
    group_of,
    json_line,
    placed,
    row_id,
    schema_of,
)
from medspan.read.json_rows import json_rows
from medspan.read.losses import Losses

_KEYS = ("prompt", "completion")


@register
class CompactFormat(Format):
    """Metadata of its documents: `prompt` and `completion` as written."""

    name: ClassVar[str] = "compact"
    suffix: ClassVar[str] = ".jsonl"
    looks_like: ClassVar[str] = (
        "JSON lines with the keys 'prompt' and 'completion', the prompt a text and 'Extract: TYPE; TYPE'"
    )
    keeps: ClassVar[tuple[str, ...]] = ("row.",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        return json_rows(path, max_line_bytes)

    def example(self, row: Row) -> Example:
        data = as_object(row.value, row.place)
        prompt, completion = (required(data, key, str, row.place) for key in _KEYS)
        try:
            text, _ = CompactCodec().split_prompt(prompt)
        except InputError as error:
            raise placed(error, row.place) from None
        metadata = {"prompt": prompt, "completion": completion, **extra_metadata(data, _KEYS)}
        document = Document(row_id(row), text, group_of(data, row.place), metadata=metadata)
        reference = CompactCodec().parse(document, completion)
        return Example(document, reference, source=self.name, place=row.place)

    def sniff(self, sample: Sample) -> bool:
        return any(self._text(data.get("prompt")) is not None for data in sample.objects)

    def _text(self, prompt: object) -> str | None:
        if not isinstance(prompt, str):
            return None
        try:
            return CompactCodec().split_prompt(prompt)[0]
        except InputError:
            return None

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        # A file holds endpoints that are no entities as well; whether to train on them is not asked here.
        writer = CompactCodec(schema_of(examples), endpoints="document")
        for example in examples:
            annotation = chosen(example, lost)
            if annotation is None:
                continue
            document = example.document
            prompt = document.metadata.get("prompt")
            stored = document.metadata.get("completion")
            # Reading knows no schema, so what was read is compared without one.
            as_read = stored is not None and CompactCodec().parse(document, stored) == annotation
            if prompt is not None and stored is not None and as_read and self._text(prompt) == document.text:
                completion = stored
            else:
                prompt = writer.prompt(document)
                completion, row_lost = answer(writer, document, annotation, None)
                lost.add_all(row_lost, document, row_lost.shown)
            yield json_line({"prompt": prompt, "completion": completion, **extra_keys(document)})
