"""The `sections` format in files: instruction, input and output, as one JSON list or as JSON lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from medspan.core import Document, Example, InputError
from medspan.format.compact import CompactCodec
from medspan.format.sections import INSTRUCTION, SectionsCodec
from medspan.format.tasks import TasksCodec
from medspan.read.base import BadRow, Format, Row, Sample, register
from medspan.read.fields import as_object, required
from medspan.read.instruction_rows import (
    answer,
    chosen,
    extra_keys,
    extra_metadata,
    group_of,
    json_line,
    row_id,
    schema_of,
)
from medspan.read.json_rows import json_rows
from medspan.read.losses import Losses

_KEYS = ("instruction", "input", "output")


@register
class SectionsFormat(Format):
    """Metadata of its documents: `instruction` and `output` as written.

    Written to a name that ends in `.jsonl` it is lines, otherwise one list.
    """

    name: ClassVar[str] = "sections"
    suffix: ClassVar[str] = ".json"
    looks_like: ClassVar[str] = "a JSON list or JSON lines with the keys 'instruction', 'input' and 'output'"
    keeps: ClassVar[tuple[str, ...]] = ("row.",)

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        return json_rows(path, max_line_bytes)

    def example(self, row: Row) -> Example:
        data = as_object(row.value, row.place)
        instruction, text, output = (required(data, key, str, row.place) for key in _KEYS)
        metadata = {"instruction": instruction, "output": output, **extra_metadata(data, _KEYS)}
        document = Document(row_id(row), text, group_of(data, row.place), metadata=metadata)
        reference = SectionsCodec().parse(document, output)
        return Example(document, reference, source=self.name, place=row.place)

    def sniff(self, sample: Sample) -> bool:
        rows = [data for data in sample.objects if all(isinstance(data.get(key), str) for key in _KEYS)]
        return any(not _asks_otherwise(data["instruction"], data["input"]) for data in rows)

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        # A file holds endpoints that are no entities as well; whether to train on them is not asked here.
        writer = SectionsCodec(schema_of(examples), endpoints="document")
        as_lines = suffix == ".jsonl"
        first = True
        for example in examples:
            annotation = chosen(example, lost)
            if annotation is None:
                continue
            document = example.document
            stored = document.metadata.get("output")
            # Reading knows no schema, so what was read is compared without one.
            if stored is not None and SectionsCodec().parse(document, stored) == annotation:
                output = stored
            else:
                output, row_lost = answer(writer, document, annotation, None)
                lost.add_all(row_lost, document, row_lost.shown)
            instruction = document.metadata.get("instruction", INSTRUCTION)
            data = {
                "instruction": instruction,
                "input": document.text,
                "output": output,
                **extra_keys(document),
            }
            if as_lines:
                yield json_line(data)
            else:
                body = json.dumps(data, ensure_ascii=False, indent=2).replace("\n", "\n  ")
                yield f"{'[' if first else ','}\n  {body}"
            first = False
        if not as_lines:
            yield "[]\n" if first else "\n]\n"


def _asks_otherwise(instruction: str, text: str) -> bool:
    """Whether a row under the same keys holds the question of another instruction format."""
    if instruction.startswith("Extract: ") or text.startswith("Extract: "):
        return True
    for codec in (TasksCodec(), CompactCodec()):
        for asked in (instruction, text, f"{instruction}\n\n{text}"):
            try:
                codec.split_prompt(asked)
            except InputError:
                continue
            return True
    return False
