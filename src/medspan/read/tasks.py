"""The `tasks` format in files: JSON lines of prompt and completion, one of three questions in each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from medspan.core import Annotation, Document, Example, InputError, Mention, UnalignedMention
from medspan.format.items import Lost
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
    placed,
    row_id,
)
from medspan.read.json_rows import json_rows
from medspan.read.losses import Losses

_KEYS = ("prompt", "completion")


@register
class TasksFormat(Format):
    """Metadata of its documents: `completion` as written, `prompt` where it is not the usual wording."""

    name: ClassVar[str] = "tasks"
    suffix: ClassVar[str] = ".jsonl"
    looks_like: ClassVar[str] = (
        "JSON lines with the keys 'prompt' and 'completion', the prompt being one of three questions"
    )
    keeps: ClassVar[tuple[str, ...]] = ("row.",)

    def __init__(self) -> None:
        self._codec = TasksCodec()

    def rows(self, path: Path, max_line_bytes: int) -> Iterator[Row | BadRow]:
        return json_rows(path, max_line_bytes)

    def example(self, row: Row) -> Example:
        data = as_object(row.value, row.place)
        prompt, completion = (required(data, key, str, row.place) for key in _KEYS)
        try:
            task, article = self._codec.split_prompt(prompt)
        except InputError as error:
            raise placed(error, row.place) from None
        metadata = {"completion": completion, **extra_metadata(data, _KEYS)}
        document = Document(row_id(row), article, group_of(data, row.place), task, metadata)
        if self._codec.prompt(document) != prompt:
            document = replace(document, metadata={"prompt": prompt, **metadata})
        return Example(document, self._codec.parse(document, completion), source=self.name, place=row.place)

    def sniff(self, sample: Sample) -> bool:
        return any(self._is_question(data.get("prompt")) for data in sample.objects)

    def _is_question(self, prompt: object) -> bool:
        if not isinstance(prompt, str):
            return False
        try:
            self._codec.split_prompt(prompt)
        except InputError:
            return False
        return True

    def render(self, examples: Iterable[Example], lost: Losses, suffix: str) -> Iterator[str]:
        """One row an example; three where the example's document has no task of its own."""
        for example in examples:
            annotation = chosen(example, lost)
            if annotation is None:
                continue
            if example.task is not None:
                line, row_lost = self._row(example.document, annotation)
                lost.add_all(row_lost, example.document, row_lost.shown)
                yield line
            else:
                yield from self._three_rows(example.document, annotation, lost)

    def _three_rows(self, document: Document, annotation: Annotation, lost: Losses) -> Iterator[str]:
        asked: set[str] = set()
        for task, labels in self._codec.schema.tasks:
            asked.update(labels)
            relations = tuple(item for item in annotation.relations if item.type in labels)
            # The influences question needs the mentions all the same: concepts are written as their strings.
            mine = replace(
                annotation,
                mentions=tuple(item for item in annotation.mentions if relations or item.type in labels),
                unaligned=tuple(item for item in annotation.unaligned if item.type in labels),
                relations=relations,
                unparsed=(),
            )
            line, row_lost = self._row(replace(document, task=task), mine)
            yield line
            kinds = [kind for kind in row_lost if not (relations and kind.startswith("mention"))]
            lost.add_all({kind: row_lost[kind] for kind in kinds}, document, row_lost.shown)
        items: tuple[Mention | UnalignedMention, ...] = (*annotation.mentions, *annotation.unaligned)
        for item in items:
            if item.type not in asked:
                lost.add("mention: type-not-asked", document, f"{item.type} {item.text}")
        for relation in annotation.relations:
            if relation.type not in asked:
                lost.add("relation: type-not-asked", document, relation.type)
        for piece in annotation.unparsed:
            lost.add("unparsed piece", document, piece)

    def _row(self, document: Document, annotation: Annotation) -> tuple[str, Lost]:
        """The row, and by kind what it cannot hold."""
        completion, lost = answer(self._codec, document, annotation, document.metadata.get("completion"))
        prompt = document.metadata.get("prompt")
        if prompt is None or not self._asks(prompt, document):
            prompt = self._codec.prompt(document)
        return json_line({"prompt": prompt, "completion": completion, **extra_keys(document)}), lost

    def _asks(self, prompt: str, document: Document) -> bool:
        return self._is_question(prompt) and self._codec.split_prompt(prompt) == (
            document.task,
            document.text,
        )
